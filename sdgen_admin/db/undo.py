"""Taking back a group of the history: first what stands against it, then all of it."""

import sqlite3
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

from sdgen_admin.db.history import BOOKKEEPING, Group, remember
from sdgen_admin.db.shared.metadata import delete_row, ignored, make_row, refusals
from sdgen_admin.db.shared.metadata_table import metadata_columns
from sdgen_admin.db.values import exact, literal, means_the_same, quoted

_KEYS = ("session_id", "session_path", "created_at")
_OLD = (
    "(SELECT old_value FROM sdgen_admin_history"
    " WHERE group_id = :of AND sdgen_admin_history.session_id = :session_id AND field = {field})"
)
"""The value that a column had. It goes back inside SQLite, exactly as it was."""

Row = dict[str, Any]
"""The values of a row by column, as `exact` gives them."""


class Kind(Enum):
    """What a group did to a session's row."""

    CHANGED = auto()
    MADE = auto()
    DELETED = auto()
    NOTHING = auto()


class Part(NamedTuple):
    """What a group did to one session."""

    session_id: str
    kind: Kind
    changed: list[str]
    """The columns that it changed, and that are still there."""
    old: Row
    """What the row held before, of all columns that the history has."""
    new: Row
    """What it left in them."""


class Conflict(NamedTuple):
    """A value that somebody has changed since."""

    session_id: str
    field: str
    """Empty for the whole row."""
    why: str


def parts_of(connection: sqlite3.Connection, number: int) -> list[Part]:
    """Return what a group did, session by session."""
    columns = set(metadata_columns(connection))
    parts: dict[str, Part] = {}
    for session_id, field, old, new, differs in connection.execute(
        f"""SELECT session_id, field, {exact("old_value")}, {exact("new_value")}, old_value IS NOT new_value
           FROM sdgen_admin_history WHERE group_id = ? ORDER BY session_id, field""",
        (number,),
    ):
        part = parts.setdefault(session_id, Part(session_id, Kind.CHANGED, [], {}, {}))
        part.old[field], part.new[field] = old, new
        if field == "session_id":
            kind = Kind.MADE if old is None else Kind.DELETED if new is None else Kind.NOTHING
            parts[session_id] = part._replace(kind=kind)
        elif differs and field in columns:
            part.changed.append(field)
    return list(parts.values())


def conflicts_of(connection: sqlite3.Connection, part: Part) -> list[Conflict]:
    """Return what somebody else has changed since, in meaning, in what a group did to a session."""
    now = _row(connection, part.session_id, part.changed)
    if part.kind is Kind.DELETED and now is not None:
        return [Conflict(part.session_id, "", "something was said about it since")]
    if part.kind is Kind.CHANGED and now is None:
        return [Conflict(part.session_id, "", "its metadata was deleted since")]
    if part.kind in (Kind.DELETED, Kind.NOTHING) or now is None:
        return []
    changed = _differing(_words(part.changed), part.new, now)
    return [Conflict(part.session_id, field, "was changed since") for field in changed]


def take_back(connection: sqlite3.Connection, number: int, part: Part, group: Group, session_path: str) -> None:
    """Bring one session to where it was before a group. To be called in the body of `recorded`.

    Args:
        connection: The database.
        number: The group that is taken back.
        part: What it did to the session.
        group: The group as which this is recorded.
        session_path: The session folder, for a row that has to be made again.

    Raises:
        EditRefusedError: Another program's trigger or rule prevents it.
    """
    now = _row(connection, part.session_id, group.columns)
    if now is None and part.kind in (Kind.CHANGED, Kind.DELETED):
        if part.kind is Kind.DELETED:
            remember(connection, group, part.session_id)
            _put_back(connection, number, part, group)
            return
        make_row(connection, part.session_id, session_path, group)
        remember(connection, group, part.session_id, made=True)
        now = _row(connection, part.session_id, group.columns)
    else:
        remember(connection, group, part.session_id)
    if now is None or part.kind is Kind.NOTHING:
        return
    if part.kind is Kind.MADE and not _differing(_words(group.columns), part.new, now):
        delete_row(connection, part.session_id)
    else:
        _restore(connection, number, part, group, now)


def _words(columns: Iterable[str]) -> list[str]:
    return [name for name in columns if name not in ("session_id", *BOOKKEEPING)]


def _differing(columns: Iterable[str], one: Row, other: Row) -> list[str]:
    """Return the columns in which two rows differ in meaning."""
    return [name for name in columns if not means_the_same(name, one.get(name), other.get(name))]


def _row(connection: sqlite3.Connection, session_id: str, columns: Sequence[str]) -> Row | None:
    """Return columns of a session's row, None if there is none."""
    values = ", ".join(["NULL", *(exact(quoted(name)) for name in columns)])
    row = connection.execute(f"SELECT {values} FROM session_metadata WHERE session_id = ?", (session_id,)).fetchone()
    return None if row is None else dict(zip(columns, row[1:], strict=True))


def _restore(connection: sqlite3.Connection, number: int, part: Part, group: Group, now: Row) -> None:
    """Give the columns that a group changed their old values.

    So does `updated_at`, which orders what was changed last, unless somebody has changed the row since.
    """
    is_ours = "updated_at" in part.new and not _differing(("updated_at",), part.new, now)
    columns = [name for name in part.changed if name not in _KEYS and (name != "updated_at" or is_ours)]
    if not columns:  # somebody has dropped them
        return
    settings = [f"{quoted(name)} = {_OLD.format(field=literal(name))}" for name in columns]
    if not is_ours:
        settings.append("updated_at = :changed_at")
    statement = f"UPDATE session_metadata SET {', '.join(settings)} WHERE session_id = :session_id"
    values = {"of": number, "session_id": part.session_id, "changed_at": group.changed_at}
    with refusals(part.session_id):
        connection.execute(statement, values)
    wanted = _differing(_words(columns), part.old, now)
    after = _row(connection, part.session_id, group.columns)
    if after is None or (wanted and not _differing(wanted, now, after)):
        raise ignored(part.session_id)


def _put_back(connection: sqlite3.Connection, number: int, part: Part, group: Group) -> None:
    """Insert the row that a group deleted, column for column."""
    olds = [_OLD.format(field=literal(name)) for name in group.columns]
    with refusals(part.session_id):
        connection.execute(
            f"INSERT INTO session_metadata ({', '.join(map(quoted, group.columns))}) VALUES ({', '.join(olds)})",
            {"of": number, "session_id": part.session_id},
        )
    if _row(connection, part.session_id, group.columns) is None:
        raise ignored(part.session_id)
