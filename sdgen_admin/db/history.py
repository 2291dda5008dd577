"""This tool's own table `sdgen_admin_history`: every edit of metadata, one group for a command or call.

An entry is one column of one session before and after. Values go from table to table inside SQLite, so that
whatever another program stored, even bytes that are not text, can be put back exactly. What is recorded is what the
row says afterwards: another program's trigger may have changed or prevented what was asked.

If a group made a session's row, it has an entry for every column that had a value, changed or not, and one for
`session_id` without an old value. If it deleted the row, the same, without a new value.
"""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sdgen_admin.db.schema import HISTORY_COLUMNS
from sdgen_admin.db.shared.metadata_table import metadata_columns, require_changeable
from sdgen_admin.db.values import FLAGS, given, lenient, literal, meaning, means_the_same, quoted

if TYPE_CHECKING:
    from sdgen_admin.models.history import HistoryEntry

BOOKKEEPING = ("session_path", "created_at", "updated_at")
"""Columns that are not the person's words."""

_INSERT = f"INSERT INTO sdgen_admin_history ({', '.join(HISTORY_COLUMNS)})"


class Group(NamedTuple):
    """What one command or call changes."""

    number: int
    changed_at: str
    undoes: int | None
    """The group that this one takes back."""
    columns: tuple[str, ...]
    """The columns that the table of metadata has, other programs' own included."""


@contextmanager
def recorded(connection: sqlite3.Connection, undoes: int | None = None) -> Generator[Group]:
    """Record as one group what the body does to the rows that it remembers before it changes them.

    To be used inside the write transaction that it stands for.

    Args:
        connection: The database.
        undoes: The group that the body takes back.

    Raises:
        ForeignLayoutError: The table of metadata has a form in which no row can be changed.
    """
    require_changeable(connection)
    (last,) = connection.execute("SELECT max(group_id) FROM sdgen_admin_history").fetchone()
    group = Group((last or 0) + 1, datetime.now().isoformat(), undoes, metadata_columns(connection))
    columns = ", ".join(map(quoted, group.columns))
    connection.execute(
        f"CREATE TEMP TABLE sdgen_admin_before (sdgen_admin_id PRIMARY KEY, sdgen_admin_made, {columns})"
    )
    yield group
    _record(connection, group)
    connection.execute("DROP TABLE temp.sdgen_admin_before")


def remember(connection: sqlite3.Connection, group: Group, session_id: str, *, made: bool = False) -> None:
    """Note what a session's row holds before it is changed.

    Args:
        connection: The database, in the body of `recorded`.
        group: What that gives.
        session_id: The session, with or without a row.
        made: Whether the group has made the row just now: then it holds what it does before anything is said.
    """
    columns = ", ".join(map(quoted, group.columns))
    connection.execute(
        f"""INSERT INTO temp.sdgen_admin_before (sdgen_admin_id, sdgen_admin_made, {columns})
            SELECT ?1, ?2, {columns} FROM (SELECT 1 AS sdgen_admin_one)
            LEFT JOIN session_metadata ON session_id = ?1""",
        (session_id, made),
    )


def _record(connection: sqlite3.Connection, group: Group) -> None:
    for name in group.columns:
        before, now = f"b.{quoted(name)}", f"m.{quoted(name)}"
        old = f"CASE WHEN NOT b.sdgen_admin_made THEN {before} END" if name == "session_id" else before
        connection.execute(
            f"""{_INSERT} SELECT :number, :changed_at, :undoes, b.sdgen_admin_id, {literal(name)}, {old}, {now}
                FROM temp.sdgen_admin_before b LEFT JOIN session_metadata m ON m.session_id = b.sdgen_admin_id
                WHERE {before} IS NOT {now} OR (b.sdgen_admin_made AND {before} IS NOT NULL)""",
            group._asdict(),
        )
    if group.undoes is not None:  # it stands although there was nothing left for it to do
        connection.execute(
            f"""{_INSERT} SELECT :number, :changed_at, :undoes, sdgen_admin_id, 'session_id', sdgen_admin_id,
                    sdgen_admin_id FROM temp.sdgen_admin_before b
                WHERE NOT EXISTS (SELECT 1 FROM sdgen_admin_history h
                    WHERE h.group_id = :number AND h.session_id = b.sdgen_admin_id)""",
            group._asdict(),
        )


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
    which = _seen(of_collection) if session_id is None else f"{_seen(of_collection)} AND h.session_id = :session_id"
    rows = connection.execute(
        f"""SELECT group_id, changed_at, undoes, session_id, field, old_value, new_value FROM sdgen_admin_history h
            WHERE {which} AND old_value IS NOT new_value AND field NOT IN ({", ".join(map(literal, BOOKKEEPING))})
            AND NOT (field = 'session_id' AND old_value IS NULL)
            ORDER BY group_id DESC, session_id, field <> 'session_id', field""",
        {"session_id": session_id},
    )
    groups: set[int] = set()
    for number, changed_at, undoes, session, field, old, new in rows:
        if means_the_same(field, old, new):
            continue
        groups.add(number)
        if limit is not None and len(groups) > limit:
            return
        values = {"group": number, "changed_at": changed_at, "undoes": undoes, "undone_by": undone.get(number)}
        values |= {"session_id": session, "field": field}
        yield lenient(HistoryEntry, given(values | {"old": _shown(field, old), "new": _shown(field, new)}))


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


def _shown(field: str, value: Any) -> Any:
    """Return a column's value as the models have it; a flag always has one."""
    return None if value is None and field not in FLAGS else meaning(field, value)
