"""The mirror: `session_stats` in another program's layout, filled from this tool's tables and never read as truth."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from sdgen_admin.db.faults import is_locked
from sdgen_admin.db.shared import own, webui_v1
from sdgen_admin.db.shared.interface import Layout
from sdgen_admin.db.soundness import lacks_something_of_others
from sdgen_admin.db.transaction import transaction
from sdgen_admin.db.values import local_text, quoted

LAYOUTS = (own.LAYOUT, webui_v1.LAYOUT)
"""The layouts there are, in the order in which they are tried: the first has all columns of the second.

To add one: its file beside this one, its line here.
"""


_AT_ONCE = 5000
"""Rows repaired in one transaction: about a tenth of a second, in which others wait."""


class Recognition(NamedTuple):
    """Which layout `session_stats` has."""

    layout: Layout | None
    """None if there is no mirror to keep."""
    why: str | None
    """Why there is none, in one sentence."""
    is_absent: bool = False
    """Whether the table does not exist."""


class _Column(NamedTuple):
    name: str
    is_not_null: bool
    default: str | None
    key_place: int


def recognize(connection: sqlite3.Connection) -> Recognition:
    """Return which layout the table has. To be asked inside the transaction that relies on it."""
    row = connection.execute(
        """SELECT type, rootpage FROM main.sqlite_master
           WHERE name = 'session_stats' COLLATE NOCASE AND type IN ('table', 'view')"""
    ).fetchone()
    if row is None:
        return Recognition(None, "There is no table session_stats.", is_absent=True)
    kind, page = row
    if kind == "view" or not page:
        return Recognition(None, f"session_stats is a {'view' if kind == 'view' else 'virtual table'}, not a table.")
    # table_info leaves out generated columns.
    columns = [
        _Column(name.lower(), bool(not_null), default, key)
        for _, name, _, not_null, default, key, _ in connection.execute("PRAGMA main.table_xinfo(session_stats)")
    ]
    layout = next((layout for layout in LAYOUTS if _has_columns(columns, layout)), None)
    if layout is None:
        return Recognition(None, "session_stats has a layout that this version does not know.")
    known = {*layout.columns, *layout.generated}
    strict = [c.name for c in columns if c.name not in known and c.is_not_null and c.default is None]
    if strict:
        return Recognition(None, f"session_stats demands a column that this version does not know: {strict[0]}.")
    if [column.name for column in columns if column.key_place] != [layout.key]:
        return Recognition(None, f"session_stats does not have {layout.key} as its key.")
    return Recognition(layout, None)


def _has_columns(columns: list[_Column], layout: Layout) -> bool:
    return {*layout.columns, *layout.generated} <= {column.name for column in columns}


def create(connection: sqlite3.Connection) -> None:
    """Create the mirror in this tool's layout. To be called inside a write transaction."""
    connection.execute(f"CREATE TABLE IF NOT EXISTS session_stats {own.CREATE_STATS}")
    for name, definition in own.INDEXES.items():
        kind, _, rest = definition.partition("INDEX {}")
        connection.execute(f"CREATE {kind}INDEX IF NOT EXISTS {name}{rest}")


def repair(connection: sqlite3.Connection, first_roots: Sequence[int], only: Sequence[str] | None = None) -> None:
    """Make every mirror row right that others have deleted, emptied or rewritten, or that is new. Touches no disk.

    Looks before it asks for the write lock, and holds that for some thousand rows at a time.

    Args:
        connection: The database, with its facts committed.
        first_roots: The configured roots: of sessions with the same id, the first root's is mirrored, one whose folder
            is there before one whose folder is gone. Without any, rows of such sessions stay as they are.
        only: The sessions whose facts have just been stored; None: all.

    Raises:
        sqlite3.Error: It could not be done; the mirror is as it was.
    """
    (rows,) = connection.execute("SELECT count(*) FROM sdgen_admin_sessions").fetchone()
    turns = 1 if only is not None else rows // _AT_ONCE + 1
    for _ in range(turns):  # not until all are right: a neighbour's trigger may make them wrong again
        layout = recognize(connection).layout
        if layout is None or (only is None and not has_wrong_rows(connection, layout, first_roots)):
            return
        with transaction(connection):
            layout = recognize(connection).layout
            if layout is not None:
                connection.execute(_repair_statement(connection, layout, first_roots, only), only or ())


def try_to_repair(
    connection: sqlite3.Connection, first_roots: Sequence[int], only: Sequence[str] | None = None
) -> None:
    """Repair the mirror, or leave it as it is: the facts stand, and `problem_of` says why the mirror does not."""
    with suppress(sqlite3.Error):
        repair(connection, first_roots, only)


def problem_of(connection: sqlite3.Connection, first_roots: Sequence[int]) -> str | None:
    """Return why a repair would fail, None if it would not, or if another program is writing. Changes nothing."""
    found = recognize(connection)
    if found.layout is None:
        return found.why
    try:
        with transaction(connection, keep=False):
            connection.execute(_repair_statement(connection, found.layout, first_roots, None))
    except sqlite3.Error as error:
        return None if is_locked(error) else f"session_stats cannot be written: {error}."
    return None


def has_wrong_rows(connection: sqlite3.Connection, layout: Layout, first_roots: Sequence[int]) -> bool:
    """Whether there is anything to repair."""
    ctes, source = _wrong_rows(connection, layout, first_roots)
    return connection.execute(f"{ctes} SELECT 1 {source} LIMIT 1").fetchone() is not None


def counts(connection: sqlite3.Connection, layout: Layout) -> tuple[int, int]:
    """Return how many rows of the mirror are this tool's and right, and how many are others' own.

    Both are 0 if comparing them needs a neighbour's function or collation; `problem_of` says so.
    """
    try:
        (rows,) = connection.execute("SELECT count(*) FROM session_stats").fetchone()
        (ours,) = connection.execute(
            "SELECT count(*) FROM session_stats t JOIN sdgen_admin_sessions s"
            f" ON s.session_id = t.{quoted(layout.key)}"
            f" AND {local_text('s.stats_computed_at')} = t.stats_computed_at"
        ).fetchone()
    except sqlite3.OperationalError as error:
        if not lacks_something_of_others(error):
            raise
        return 0, 0
    return ours, rows - ours


def delete(connection: sqlite3.Connection, session_ids: Sequence[str]) -> None:
    """Delete the mirror rows of sessions that have no facts any more. To be called in the transaction of the facts."""
    layout = recognize(connection).layout
    if layout is None:
        return
    key = quoted(layout.key)
    connection.executemany(
        f"""DELETE FROM session_stats WHERE {key} = :name AND NOT EXISTS (SELECT 1 FROM sdgen_admin_sessions s
            WHERE s.session_id = :name AND s.stats_computed_at IS NOT NULL)""",
        [{"name": name} for name in session_ids],
    )


def _repair_statement(
    connection: sqlite3.Connection, layout: Layout, first_roots: Sequence[int], only: Sequence[str] | None
) -> str:
    ctes, source = _wrong_rows(connection, layout, first_roots)
    among = f"LIMIT {_AT_ONCE}" if only is None else f"AND s.session_id IN ({', '.join('?' * len(only))})"
    names = [quoted(name) for name in layout.columns]
    updates = ", ".join(f"{name} = excluded.{name}" for name in names if name != quoted(layout.key))
    # Never REPLACE: columns that we don't know keep their values.
    return (
        f"{ctes} INSERT INTO session_stats ({', '.join(names)}) SELECT {', '.join(layout.columns.values())} {source}"
        f" {among} ON CONFLICT ({quoted(layout.key)}) DO UPDATE SET {updates}"
    )


def _wrong_rows(connection: sqlite3.Connection, layout: Layout, first_roots: Sequence[int]) -> tuple[str, str]:
    """Return the CTEs, and FROM and WHERE, of the facts whose mirror row is wrong: exactly one row an id."""
    wrong = f"t.stats_computed_at IS NOT {local_text('s.stats_computed_at')}"
    if layout.path_column:
        wrong = f"({wrong} OR t.{quoted(layout.path_column)} IS NOT r.prefix || s.session_id)"
    ctes, chosen = "", ""
    (roots,) = connection.execute("SELECT count(*) FROM sdgen_admin_roots").fetchone()
    if roots > 1:
        ranks = "".join(f" WHEN {root_id} THEN {place}" for place, root_id in enumerate(first_roots))
        rank = f"CASE o.root_id{ranks} ELSE {len(first_roots)} END"
        ctes = (
            "WITH doubles AS MATERIALIZED (SELECT session_id FROM sdgen_admin_sessions GROUP BY session_id"
            " HAVING count(*) > 1)"
        )
        of_the_first = (
            "s.id = (SELECT o.id FROM sdgen_admin_sessions o"
            " WHERE o.session_id = s.session_id AND o.stats_computed_at IS NOT NULL"
            f" ORDER BY {rank} = {len(first_roots)}, o.missing, {rank}, o.id LIMIT 1)"
        )
        chosen = (
            f" AND (s.session_id NOT IN (SELECT session_id FROM doubles) OR {of_the_first if first_roots else 'FALSE'})"
        )
    source = (
        "FROM sdgen_admin_sessions s JOIN sdgen_admin_roots r ON r.id = s.root_id"
        f" LEFT JOIN session_stats t ON t.{quoted(layout.key)} = s.session_id"
        " LEFT JOIN sdgen_admin_prompts p ON p.id = s.prompt_id"
        " LEFT JOIN sdgen_admin_variations v ON v.id = s.variations_id"
        f" WHERE s.stats_computed_at IS NOT NULL AND {wrong}{chosen}"
    )
    return ctes, source
