"""What was changed, and undoing it."""

from sdgen_admin.db import history, undo as table
from sdgen_admin.db.shared.metadata import get_metadata
from sdgen_admin.db.undo import Conflict, Part
from sdgen_admin.errors import UndoRefusedError
from sdgen_admin.models.history import HistoryEntry, UndoReport
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata
from sdgen_admin.models.session_id import path_in
from sdgen_admin.services.locate import Locator
from sdgen_admin.services.opened import OpenCollection

_NAMED = 3


def read_history(opened: OpenCollection, session_id: str | None, limit: int | None) -> tuple[HistoryEntry, ...]:
    """Return the last changes of one session or of all, newest group first; see `SessionLibrary.history`."""
    return tuple(history.iterate_history(opened.connection, opened.of_collection, session_id, limit))


def undo(opened: OpenCollection, number: int | None, *, force: bool, dry_run: bool) -> UndoReport:
    """Undo a group of changes; see `SessionLibrary.undo`.

    Args:
        opened: The collection.
        number: The group; None: the last one that is neither an undo nor undone.
        force: Whether to override what somebody else has changed since.
        dry_run: Whether only to tell what would change.
    """
    report = opened.write(lambda: _take_back(opened, _group_to_undo(opened, number), force=force), keep=not dry_run)
    if not dry_run:
        opened.finish()
    return report


def _take_back(opened: OpenCollection, number: int, *, force: bool) -> UndoReport:
    connection = opened.connection
    parts = [(part, get_metadata(connection, part.session_id)) for part in table.parts_of(connection, number)]
    if not force:
        _refuse(number, [conflict for part, _ in parts for conflict in table.conflicts_of(connection, part)])
    changes = []
    with history.recorded(connection, undoes=number) as group:
        for part, before in parts:
            path = _path_of(opened, part.session_id)
            table.take_back(connection, number, part, group, path)
            changes.append(_change(part, before, get_metadata(connection, part.session_id), path))
    return UndoReport(undone=number, group=group.number, changes=tuple(changes))


def _group_to_undo(opened: OpenCollection, number: int | None) -> int:
    """Return the number of the group to undo. Raises UndoRefusedError if there is none, or it cannot be undone."""
    connection = opened.connection
    number = history.last_group(connection, opened.of_collection) if number is None else number
    if number is None:
        raise UndoRefusedError("There is nothing to undo.", code="nothing-to-undo")
    if not 0 < number <= LARGEST or not history.has_group(connection, number):
        raise UndoRefusedError(f"There is no group {number} in the history.", code="no-such-group", group=number)
    if elsewhere := history.sessions_elsewhere(connection, number, opened.of_collection):
        raise UndoRefusedError(
            f"Group {number} changed sessions that are not in this collection: {', '.join(elsewhere[:_NAMED])}.",
            code="group-elsewhere",
            group=number,
            sessions=elsewhere,
        )
    if by := history.undone_groups(connection).get(number):
        raise UndoRefusedError(f"Group {number} is already undone.", code="already-undone", group=number, by=by)
    return number


def _path_of(opened: OpenCollection, session_id: str) -> str:
    """Return a session's folder, for a row that has to be made again."""
    key = Locator(opened, is_fresh=False).find(session_id)
    return path_in((key.root if key else opened.roots[0]).path, session_id)


def _change(part: Part, before: SessionMetadata | None, after: SessionMetadata | None, path: str) -> MetadataChange:
    nothing = SessionMetadata(session_id=part.session_id, session_path=path)
    return MetadataChange(session_id=part.session_id, before=before, after=after or nothing).at(path)


def _refuse(number: int, conflicts: list[Conflict]) -> None:
    """Raise UndoRefusedError if something stands against the undo."""
    if not conflicts:
        return
    named = [" ".join(filter(None, conflict)) for conflict in conflicts[:_NAMED]]
    if len(conflicts) > _NAMED:
        named.append(f"and {len(conflicts) - _NAMED} more")
    raise UndoRefusedError(f"Group {number} cannot be undone: {'; '.join(named)}.", code="changed-since", group=number)
