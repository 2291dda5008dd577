"""The form of the shared table `session_metadata`. Never alter it, drop it, or put a trigger on it.

Other programs make it, too. What they made of it is recognized here and nowhere else. If it has the columns that
programs share, it can be read. If an edit could fail or go wrong, it is only read, through a copy in memory.
"""

import sqlite3

from sdgen_admin.db.soundness import lacks_something_of_others
from sdgen_admin.db.values import quoted
from sdgen_admin.errors import ForeignLayoutError

METADATA_COLUMNS = (
    "session_id", "session_path", "is_test", "is_complete", "is_favorite", "user_rating", "user_note", "tags",
    "auto_metadata", "created_at", "updated_at",
)  # fmt: skip

CREATE_METADATA = """(
    session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
    is_test INTEGER DEFAULT 0, is_complete INTEGER DEFAULT 1, is_favorite INTEGER DEFAULT 0,
    user_rating TEXT, user_note TEXT, tags TEXT, auto_metadata TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
)"""

_COPY = f"({', '.join(METADATA_COLUMNS)}, PRIMARY KEY (session_id))"
"""Without types and rules, so that it takes every row as it is."""

_WRITTEN = tuple(name for name in METADATA_COLUMNS if name != "auto_metadata")
_COMPARISONS = " OR ".join(f"{name} = ''" for name in METADATA_COLUMNS)
_USES = (
    f"SELECT 1 FROM main.session_metadata WHERE {_COMPARISONS}",
    "INSERT INTO main.session_metadata (session_id, session_path, created_at, updated_at) VALUES ('', '', '', '')",
    f"UPDATE main.session_metadata SET {', '.join(f'{name} = {name}' for name in _WRITTEN)} WHERE session_id = ''",
    "DELETE FROM main.session_metadata WHERE session_id = ''",
)
"""What an edit and its undo need."""


def metadata_columns(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the columns that can be written, other programs' own included; of a copy in memory, that one's."""
    rows = connection.execute("PRAGMA table_xinfo(session_metadata)")
    return tuple(_known(name) for _, name, _, _, _, _, hidden in rows if not hidden)


def require_readable(connection: sqlite3.Connection) -> None:
    """Raise ForeignLayoutError if the table, which is there, lacks a column that programs share."""
    try:
        # table_info leaves out generated columns.
        present = {_known(row[1]) for row in connection.execute("PRAGMA main.table_xinfo(session_metadata)")}
        if present.issuperset(METADATA_COLUMNS):  # a view may name what is not there
            connection.execute(f"SELECT {', '.join(METADATA_COLUMNS)} FROM main.session_metadata LIMIT 0")
    except sqlite3.OperationalError as error:
        if not lacks_something_of_others(error):
            raise
        raise _foreign(f"The table session_metadata cannot be read: {error}.") from error
    if lacking := [column for column in METADATA_COLUMNS if column not in present]:
        raise _foreign(f"The table session_metadata lacks {', '.join(lacking)}.", lacking)


def require_changeable(connection: sqlite3.Connection) -> None:
    """Raise ForeignLayoutError if no row of the table can be changed. To be asked in the transaction of the edit."""
    if _kind(connection) is not None:
        require_readable(connection)
    why = getattr(connection, "metadata_problem", None) or why_unchangeable(connection)
    if why is not None:
        raise _foreign(f"Metadata can be read but not changed: {why}.")


def why_unchangeable(connection: sqlite3.Connection) -> str | None:
    """Return why no row of the table can be changed, None if rows can, or if there is no table yet. Writes nothing."""
    kind = _kind(connection)
    if kind is None:
        return None
    if kind != "table":
        return f"session_metadata is a {kind}"
    columns = connection.execute("PRAGMA main.table_xinfo(session_metadata)")
    demanded = [name for _, name, _, not_null, default, _, hidden in columns if not_null and not default and not hidden]
    if unknown := [name for name in demanded if _known(name) not in METADATA_COLUMNS]:
        return f"session_metadata demands a column that this version does not know, {unknown[0]}"
    for statement in _USES:
        try:
            connection.execute(f"EXPLAIN {statement}").close()  # compiles it, triggers and indexes included
        except sqlite3.OperationalError as error:
            if not lacks_something_of_others(error):
                raise
            return f"session_metadata cannot be written: {error}"
    return _why_ids_do_not_do(connection)


def has_key(connection: sqlite3.Connection) -> bool:
    """Whether no two rows of the table can have the same id."""
    return "BINARY" in _rules_of_keys(connection)


def read_through_copy(connection: sqlite3.Connection) -> None:
    """Let the connection see a copy of the table in memory: one row a session, the one that was changed last."""
    columns = ", ".join(METADATA_COLUMNS)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS session_metadata {_COPY}")
    if _kind(connection) is None:
        return
    connection.execute(
        f"""INSERT OR IGNORE INTO temp.session_metadata ({columns}) SELECT {columns} FROM main.session_metadata
            WHERE session_id IS NOT NULL ORDER BY sdgen_moment(CAST(updated_at AS BLOB)) DESC"""
    )


def _kind(connection: sqlite3.Connection) -> str | None:
    """Return whether the table is a table, a virtual table or a view; None if there is none."""
    found = connection.execute(
        """SELECT CASE WHEN type = 'table' AND rootpage = 0 THEN 'virtual table' ELSE type END FROM main.sqlite_master
           WHERE name = 'session_metadata' COLLATE NOCASE AND type IN ('table', 'view')"""
    ).fetchone()
    return None if found is None else str(found[0])


def _why_ids_do_not_do(connection: sqlite3.Connection) -> str | None:
    """Return why an id does not name exactly one row, None if it does."""
    rules = _rules_of_keys(connection)
    if "BINARY" in rules:
        return None
    if rules:
        return f"session_metadata compares ids by a rule of its own, {rules[0]}"
    repeated = connection.execute(
        """SELECT session_id FROM main.session_metadata WHERE session_id IS NOT NULL
           GROUP BY session_id HAVING count(*) > 1 LIMIT 1"""
    ).fetchone()
    return None if repeated is None else f"session_metadata has no key, and several rows for {repeated[0]}"


def _rules_of_keys(connection: sqlite3.Connection) -> list[str]:
    """Return the collation of each unique index that is on the id alone."""
    rules = []
    indexes = connection.execute("PRAGMA main.index_list(session_metadata)").fetchall()
    for _, index, is_unique, _, is_partial in indexes:
        parts = connection.execute(f"PRAGMA main.index_xinfo({quoted(index)})").fetchall()
        keys = [(_known(name or ""), rule) for _, _, name, _, rule, is_key in parts if is_key]
        if is_unique and not is_partial and len(keys) == 1 and keys[0][0] == "session_id":
            rules.append(keys[0][1].upper())
    return rules


def _known(name: str) -> str:
    """Return a column's name as programs share it, if it is one of theirs in another case."""
    return name.lower() if name.lower() in METADATA_COLUMNS else name


def _foreign(message: str, lacking: list[str] | None = None) -> ForeignLayoutError:
    return ForeignLayoutError(message, table="session_metadata", lacking=lacking or [])
