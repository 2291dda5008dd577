"""Taking back a group of the history: first what stands against it, then all of it."""

import sqlite3
from enum import Enum, auto
from functools import cache
from typing import NamedTuple

from sdgen_admin.db.history import (
    BOOKKEEPING,
    Group,
    metadata_columns,
    record_changes,
    record_deletion,
    record_nothing,
    record_return,
)
from sdgen_admin.db.shared.metadata import make_row
from sdgen_admin.db.values import literal, quoted

_KEYS = ("session_id", "session_path", "created_at")
_ENTRY = (
    "(SELECT {value} FROM sdgen_admin_history"
    " WHERE group_id = :of AND sdgen_admin_history.session_id = :session_id AND field = {field})"
)


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
    for session_id, field, was_null, is_null, differs in connection.execute(
        """SELECT session_id, field, old_value IS NULL, new_value IS NULL, old_value IS NOT new_value
           FROM sdgen_admin_history WHERE group_id = ? ORDER BY session_id, field""",
        (number,),
    ):
        part = parts.setdefault(session_id, Part(session_id, Kind.CHANGED, []))
        if field == "session_id":
            kind = Kind.MADE if was_null else Kind.DELETED if is_null else Kind.NOTHING
            parts[session_id] = part._replace(kind=kind)
        elif differs and field in columns:
            part.changed.append(field)
    return list(parts.values())


def conflicts_of(connection: sqlite3.Connection, number: int, part: Part, *, is_there: bool) -> list[Conflict]:
    """Return what somebody else has changed since in what a group did to a session, whose row is there or not."""
    if part.kind is Kind.DELETED and is_there:
        return [Conflict(part.session_id, "", "something was said about it since")]
    if part.kind is Kind.CHANGED and not is_there:
        return [Conflict(part.session_id, "", "its metadata was deleted since")]
    if part.kind in (Kind.DELETED, Kind.NOTHING) or not is_there:
        return []
    words = [field for field in part.changed if field not in BOOKKEEPING]
    if not words or _is_as_left(connection, number, part.session_id, *words):
        return []
    return [
        Conflict(part.session_id, field, "was changed since")
        for field in words
        if not _is_as_left(connection, number, part.session_id, field)
    ]


def take_back(
    connection: sqlite3.Connection, number: int, part: Part, group: Group, session_path: str, *, is_there: bool
) -> None:
    """Bring one session to where it was before a group, and record that.

    Args:
        connection: The database, inside a write transaction.
        number: The group that is taken back.
        part: What it did to the session.
        group: The group as which this is recorded.
        session_path: The session folder, for a row that has to be made again.
        is_there: Whether the session has a row.
    """
    match part.kind:
        case Kind.MADE if is_there and _is_untouched(connection, number, part.session_id, group):
            record_deletion(connection, group, part.session_id)
            connection.execute("DELETE FROM session_metadata WHERE session_id = ?", (part.session_id,))
        case Kind.MADE if is_there:
            _restore(connection, number, part, group)
        case Kind.DELETED if not is_there:
            _put_back(connection, number, part, group)
        case Kind.CHANGED | Kind.DELETED:
            if not is_there:
                make_row(connection, part.session_id, session_path, group)
            _restore(connection, number, part, group)
        case _:
            record_nothing(connection, group, part.session_id)


def _is_as_left(connection: sqlite3.Connection, number: int, session_id: str, *fields: str) -> bool:
    """Whether columns hold what a group left in them."""
    (all_same,) = connection.execute(_same_statement(fields), {"of": number, "session_id": session_id}).fetchone()
    return bool(all_same)


@cache
def _same_statement(fields: tuple[str, ...]) -> str:
    same = [f"{quoted(field)} IS {_ENTRY.format(value='new_value', field=literal(field))}" for field in fields]
    return f"SELECT {' AND '.join(same)} FROM session_metadata WHERE session_id = :session_id"


def _is_untouched(connection: sqlite3.Connection, number: int, session_id: str, group: Group) -> bool:
    """Whether a row that a group made is in every column as that left it."""
    return _is_as_left(connection, number, session_id, *(name for name in group.columns if name != "session_id"))


def _restore(connection: sqlite3.Connection, number: int, part: Part, group: Group) -> None:
    """Give the columns that a group changed their old values.

    So does `updated_at`, which orders what was changed last, unless somebody has changed the row since.
    """
    values = {"of": number, "session_id": part.session_id}
    group_values = {"number": group.number, "changed_at": group.changed_at, "undoes": group.undoes}
    is_ours = _is_as_left(connection, number, part.session_id, "updated_at")
    for field in part.changed:
        if field in _KEYS or (field == "updated_at" and not is_ours):
            continue
        old = _ENTRY.format(value="old_value", field=literal(field))
        connection.execute(
            f"""INSERT INTO sdgen_admin_history
                    (group_id, changed_at, undoes, session_id, field, old_value, new_value)
                SELECT :number, :changed_at, :undoes, session_id, {literal(field)}, {quoted(field)}, {old}
                FROM session_metadata WHERE session_id = :session_id
                ON CONFLICT (group_id, session_id, field) DO UPDATE SET new_value = excluded.new_value""",
            values | group_values,
        )
        connection.execute(
            f"UPDATE session_metadata SET {quoted(field)} = {old} WHERE session_id = :session_id", values
        )
    if not is_ours:
        record_changes(connection, group, part.session_id, {"updated_at": group.changed_at})
        connection.execute(
            "UPDATE session_metadata SET updated_at = ? WHERE session_id = ?", (group.changed_at, part.session_id)
        )


def _put_back(connection: sqlite3.Connection, number: int, part: Part, group: Group) -> None:
    """Insert the row that a group deleted, column for column."""
    names = group.columns
    olds = [_ENTRY.format(value="old_value", field=literal(name)) for name in names]
    connection.execute(
        f"INSERT INTO session_metadata ({', '.join(map(quoted, names))}) VALUES ({', '.join(olds)})",
        {"of": number, "session_id": part.session_id},
    )
    record_return(connection, group, part.session_id)
