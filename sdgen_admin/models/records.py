"""What a listing is made of: one session with all that is known of it, and a page of them."""

from sdgen_admin.models.base import LocalDateTime, Model
from sdgen_admin.models.enums import Confidence, RunStatus, SessionStatus, Source
from sdgen_admin.models.metadata import SessionMetadata
from sdgen_admin.models.stats import COMPLETE_FROM, SessionStats


class SessionRecord(Model):
    """One session: stats, metadata, and what this tool adds to both."""

    session_id: str
    """The session folder's name."""
    session_path: str
    """The session folder, absolute."""
    root: str = ""
    """The name of the images root that holds the folder."""
    created_at: LocalDateTime | None = None
    """From the folder's name."""
    status: SessionStatus = SessionStatus.UNKNOWN
    """What the run is doing: running, stalled, completed, aborted, or unknown if nothing says so."""
    run_status: RunStatus | None = None
    """The manifest's own word for it."""
    source: Source | None = None
    """Where the facts came from; null until they are computed."""
    confidence: Confidence | None = None
    """How far the facts can be trusted."""
    problem: str | None = None
    """Why the session has no full stats, in one sentence."""
    outdated: bool = False
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
    images_recorded: int | None = None
    """How many images the manifest records."""
    seed_min: int | None = None
    """The smallest seed of a recorded image."""
    seed_max: int | None = None
    """The largest seed of a recorded image."""
    seed_run: str | None = None
    """How the recorded seeds run: `fixed`, `progressive` or `random`."""
    pools: dict[str, int] | None = None
    """Placeholder name to the number of values that could have been used."""
    duration: float | None = None
    """Seconds from the first image to the last.

    Null if their times cannot be right: the first is more than a day older than the session, or the last more than 30
    days younger than the first.
    """
    stats: SessionStats | None = None
    """What was computed; null if that was never possible."""
    metadata: SessionMetadata | None = None
    """What the person said; null until somebody says something."""

    @property
    def complete(self) -> bool | None:
        """Whether the session has 95 % of its planned images; null if nothing says how many were planned."""
        completion = None if self.stats is None else self.stats.completion_percentage
        return None if completion is None else completion >= COMPLETE_FROM

    @property
    def images_per_minute(self) -> float | None:
        """The pace from first to last image; null without a duration, and if no time passed between them."""
        if self.stats is None or not self.duration:
            return None
        return (self.stats.images_actual - 1) / self.duration * 60


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
