"""This tool's own table `sdgen_admin_history`: every edit of metadata, one group for a command or call.

An entry is one column of one session before and after. Values go from table to table inside SQLite, so that
whatever another program stored, even bytes that are not text, can be put back exactly.

If a group made a session's row, it has an entry for every column that had a value, changed or not, and one for
`session_id` without an old value. If it deleted the row, the same, without a new value.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sdgen_admin.db.functions import parse_tags
from sdgen_admin.db.schema import HISTORY_COLUMNS
from sdgen_admin.db.values import as_text, given, is_true, lenient, literal, quoted

if TYPE_CHECKING:
    from sdgen_admin.models.history import HistoryEntry

BOOKKEEPING = ("session_path", "created_at", "updated_at")
"""Columns that are not the person's words."""

_FLAGS = ("is_test", "is_complete", "is_favorite")
_INSERT = f"INSERT INTO sdgen_admin_history ({', '.join(HISTORY_COLUMNS)})"


class Group(NamedTuple):
    """What one command or call changes."""

    number: int
    changed_at: str
    undoes: int | None
    """The group that this one takes back."""
    columns: tuple[str, ...]
    """The columns that the table of metadata has meanwhile, other programs' own included."""


def start_group(connection: sqlite3.Connection, undoes: int | None = None) -> Group:
    """Return a new group. To be called inside the write transaction that it stands for."""
    (last,) = connection.execute("SELECT max(group_id) FROM sdgen_admin_history").fetchone()
    return Group((last or 0) + 1, datetime.now().isoformat(), undoes, metadata_columns(connection))


def record_changes(connection: sqlite3.Connection, group: Group, session_id: str, changes: Mapping[str, Any]) -> None:
    """Record that columns of a session's row are about to get new values."""
    for name, value in changes.items():
        connection.execute(
            f"""{_INSERT} SELECT ?, ?, ?, session_id, {literal(name)}, {quoted(name)}, ?
                FROM session_metadata WHERE session_id = ?
                ON CONFLICT (group_id, session_id, field) DO UPDATE SET new_value = excluded.new_value""",
            (*group[:3], value, session_id),
        )


def record_creation(connection: sqlite3.Connection, group: Group, session_id: str) -> None:
    """Record a row that has just been made, with what its columns hold before anything is said."""
    _record_row(connection, group, session_id, "{column}, {column}", "NULL, session_id")


def record_return(connection: sqlite3.Connection, group: Group, session_id: str) -> None:
    """Record a row that has just been put back."""
    _record_row(connection, group, session_id, "NULL, {column}", "NULL, session_id")


def record_deletion(connection: sqlite3.Connection, group: Group, session_id: str) -> None:
    """Record a row that is about to be deleted."""
    _record_row(connection, group, session_id, "{column}, NULL", "session_id, NULL")


def record_nothing(connection: sqlite3.Connection, group: Group, session_id: str) -> None:
    """Record that a group stands although there was nothing left for it to do."""
    connection.execute(f"{_INSERT} VALUES (?, ?, ?, ?, 'session_id', ?, ?)", (*group[:3], *(session_id,) * 3))


def _record_row(connection: sqlite3.Connection, group: Group, session_id: str, values: str, of_id: str) -> None:
    parameters = {**group._asdict(), "session_id": session_id}
    connection.execute(_row_statement(group.columns, values, of_id), parameters)


@cache  # for a thousand sessions, putting it together takes as long as SQLite does with it
def _row_statement(columns: tuple[str, ...], values: str, of_id: str) -> str:
    """Return the statement that records every column of a row."""
    arms = [
        f"SELECT :number, :changed_at, :undoes, session_id, {literal(name)},"
        f" {of_id if name == 'session_id' else values.format(column=quoted(name))}"
        f" FROM session_metadata WHERE session_id = :session_id AND {quoted(name)} IS NOT NULL"
        for name in columns
    ]
    return f"{_INSERT} {' UNION ALL '.join(arms)}"


def metadata_columns(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the columns that the table of metadata has, other programs' own included."""
    return tuple(name for (name,) in connection.execute("SELECT name FROM pragma_table_info('session_metadata')"))


def iterate_history(
    connection: sqlite3.Connection, of_collection: str, session_id: str | None, limit: int | None
) -> "Iterator[HistoryEntry]":
    """Yield what was changed, newest group first.

    Args:
        connection: The database.
        of_collection: The condition on `s`, a row of `sdgen_admin_sessions`, that a session belongs to the collection.
        session_id: Only changes of this session; None: of all.
        limit: At most this many groups; None: all.
    """
    from sdgen_admin.models.history import HistoryEntry  # noqa: PLC0415 -- seldom asked for

    undone = undone_groups(connection)
    seen = _seen(of_collection)
    which = seen if session_id is None else f"{seen} AND h.session_id = :session_id"
    rows = connection.execute(
        f"""SELECT group_id, changed_at, undoes, session_id, field, old_value, new_value FROM sdgen_admin_history h
            WHERE {which} AND group_id IN (SELECT DISTINCT group_id FROM sdgen_admin_history h WHERE {which}
                ORDER BY group_id DESC LIMIT :limit)
            AND old_value IS NOT new_value AND field NOT IN ({", ".join(map(literal, BOOKKEEPING))})
            AND NOT (field = 'session_id' AND old_value IS NULL)
            ORDER BY group_id DESC, session_id, field <> 'session_id', field""",
        {"session_id": session_id, "limit": -1 if limit is None else limit},
    )
    for number, changed_at, undoes, session, field, *stored in rows:
        old, new = (_read(field, value) for value in stored)
        if old != new and (old, new) != ((), None):  # no tags, and then no row for them
            values = {"group": number, "changed_at": changed_at, "undoes": undoes, "undone_by": undone.get(number)}
            values |= {"session_id": session, "field": field, "old": old, "new": new}
            yield lenient(HistoryEntry, given(values))


def _seen(of_collection: str) -> str:
    """Return the condition on `h`, a row of the history, that its session belongs to the collection."""
    return (
        "EXISTS (SELECT 1 FROM sdgen_admin_sessions s WHERE s.session_id = h.session_id AND s.twin = 0"
        f" AND {of_collection})"
    )


def undone_groups(connection: sqlite3.Connection) -> dict[int, int]:
    """Return the groups that are taken back at present, each with the group that did it."""
    undone: dict[int, int] = {}
    for number, undoes in connection.execute(
        "SELECT DISTINCT group_id, undoes FROM sdgen_admin_history WHERE undoes IS NOT NULL ORDER BY group_id DESC"
    ):
        if number not in undone:  # an undo that was undone itself holds no longer
            undone.setdefault(undoes, number)
    return undone


def last_group(connection: sqlite3.Connection, of_collection: str) -> int | None:
    """Return the last group of a collection that is neither an undo nor undone, None if there is none."""
    undone = undone_groups(connection)
    numbers = connection.execute(
        f"""SELECT DISTINCT group_id FROM sdgen_admin_history h WHERE undoes IS NULL AND {_seen(of_collection)}
            ORDER BY group_id DESC"""
    )
    return next((number for (number,) in numbers if number not in undone), None)


def has_group(connection: sqlite3.Connection, number: int) -> bool:
    """Whether there is a group with this number."""
    return connection.execute("SELECT 1 FROM sdgen_admin_history WHERE group_id = ?", (number,)).fetchone() is not None


def sessions_elsewhere(connection: sqlite3.Connection, number: int, of_collection: str) -> list[str]:
    """Return the sessions of a group that do not belong to the collection."""
    rows = connection.execute(
        f"SELECT DISTINCT session_id FROM sdgen_admin_history h WHERE group_id = ? AND NOT {_seen(of_collection)}",
        (number,),
    )
    return [session_id for (session_id,) in rows]


def _read(field: str, value: Any) -> Any:
    """Return a column's value as the models have it; a flag always has one."""
    if field in _FLAGS:
        return field == "is_complete" if value is None else is_true(value)
    if value is None:
        return None
    return parse_tags(value) if field == "tags" else as_text(value)
