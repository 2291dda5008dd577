"""What was changed, and what undoing it did."""

from typing import Any

from sdgen_admin.models.base import LocalDateTime, Model
from sdgen_admin.models.metadata import MetadataChange


class HistoryEntry(Model):
    """One field of one session's metadata before and after a change."""

    group: int
    """The number of the command or call that made the change; `undo` takes it."""
    changed_at: LocalDateTime | None = None
    """When."""
    undoes: int | None = None
    """The group that this one undid; null if it is an edit of its own."""
    undone_by: int | None = None
    """The group that undid this one; null while it holds."""
    session_id: str
    """The session."""
    field: str
    """The field of `SessionMetadata`; `session_id` if all metadata of the session was deleted."""
    old: Any = None
    """The value before."""
    new: Any = None
    """The value after."""


class UndoReport(Model):
    """What was undone."""

    undone: int
    """The group that was undone."""
    group: int
    """The group as which the undo itself is in the history."""
    changes: tuple[MetadataChange, ...]
    """Every session's metadata before and after; empty metadata if there is none any more."""
