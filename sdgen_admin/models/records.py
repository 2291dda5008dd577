"""What a listing is made of: one session with all that is known of it, and a page of them."""

from sdgen_admin.models.base import LocalDateTime, Model
from sdgen_admin.models.enums import RunStatus
from sdgen_admin.models.metadata import SessionMetadata
from sdgen_admin.models.stats import SessionStats


class SessionRecord(Model):
    """One session: stats, metadata, and what this tool adds to both."""

    session_id: str
    """The session folder's name."""
    session_path: str
    """The session folder, absolute."""
    created_at: LocalDateTime | None = None
    """From the folder's name."""
    status: RunStatus | None = None
    """The manifest's run status."""
    problem: str | None = None
    """Why the session has no full stats, in one sentence."""
    stale: bool = False
    """The stats are from an earlier reading, and the present manifest or folder cannot be read."""
    missing: bool = False
    """The session folder is gone."""
    scheduler: str | None = None
    """The scheduler."""
    theme: str | None = None
    """The theme that the run was started with."""
    style: str | None = None
    """The style that the run was started with."""
    seed_list: tuple[int, ...] | None = None
    """The explicit seeds of a seed sweep."""
    stats: SessionStats | None = None
    """What was computed."""
    metadata: SessionMetadata | None = None
    """What the person said; null where nothing."""


class SessionPage(Model):
    """One page of a listing."""

    sessions: tuple[SessionRecord, ...]
    """The sessions of this page, in the order that was asked for."""
    total_count: int
    """How many sessions match, before paging."""
    limit: int | None
    """The page's size; null for everything."""
    offset: int
    """How many sessions come before this page."""
