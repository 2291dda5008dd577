"""What was changed, and taking it back."""

from collections.abc import Callable

from sdgen_admin.db.connection import Database
from sdgen_admin.db.history import has_group, iterate_history, last_group, start_group, undone_groups
from sdgen_admin.db.metadata import get_metadata
from sdgen_admin.db.transaction import transaction
from sdgen_admin.db.undo import Conflict, Part, conflicts_of, parts_of, take_back
from sdgen_admin.errors import UndoRefusedError
from sdgen_admin.models.history import HistoryEntry, UndoReport
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata

_SEE = "See what was changed with: sdgen-admin history"
_NAMED = 3


def read_history(database: Database, session_id: str | None, limit: int | None) -> tuple[HistoryEntry, ...]:
    """Return the last changes of one session or of all, newest group first; see `SessionLibrary.history`."""
    database.require()
    with database.open() as connection:
        return tuple(iterate_history(connection, session_id, limit))


def undo(
    database: Database, path_of: Callable[[str], str], number: int | None, *, force: bool, dry_run: bool
) -> UndoReport:
    """Take back a group of changes; see `SessionLibrary.undo`.

    Args:
        database: The database.
        path_of: Returns the folder of a session, for a row that has to be made again.
        number: The group; None: the last one that is no undo and not undone.
        force: Whether to override what somebody else has changed since.
        dry_run: Whether only to tell what would change.
    """
    database.require()
    with database.open(for_writing=not dry_run) as connection, transaction(connection, keep=not dry_run):
        number = last_group(connection) if number is None else number
        if number is None:
            raise UndoRefusedError("There is nothing to undo.", _SEE)
        if not 0 < number <= LARGEST or not has_group(connection, number):
            raise UndoRefusedError(f"There is no group {number} in the history.", _SEE)
        if by := undone_groups(connection).get(number):
            raise UndoRefusedError(f"Group {number} is undone already.", f"To do it again: sdgen-admin undo {by}")
        parts = [(part, get_metadata(connection, part.session_id)) for part in parts_of(connection, number)]
        if not force:
            against = [conflicts_of(connection, number, part, is_there=before is not None) for part, before in parts]
            _refuse(number, [conflict for conflicts in against for conflict in conflicts])
        group = start_group(connection, undoes=number)
        changes = []
        for part, before in parts:
            path = path_of(part.session_id)
            take_back(connection, number, part, group, path, is_there=before is not None)
            changes.append(_change(part, before, get_metadata(connection, part.session_id), path))
    return UndoReport(undone=number, group=group.number, changes=tuple(changes))


def _change(part: Part, before: SessionMetadata | None, after: SessionMetadata | None, path: str) -> MetadataChange:
    nothing = SessionMetadata(session_id=part.session_id, session_path=path)
    return MetadataChange(session_id=part.session_id, before=before, after=after or nothing)


def _refuse(number: int, conflicts: list[Conflict]) -> None:
    """Raise UndoRefusedError where something stands against the undo."""
    if not conflicts:
        return
    named = [" ".join(filter(None, conflict)) for conflict in conflicts[:_NAMED]]
    if len(conflicts) > _NAMED:
        named.append(f"and {len(conflicts) - _NAMED} more")
    raise UndoRefusedError(
        f"Group {number} is not undone: {'; '.join(named)}.",
        f"To put the old values back all the same: sdgen-admin undo {number} --force",
    )
