"""Whether a database is sound, as far as can be told by a program that lacks other programs' functions."""

import sqlite3
from typing import Literal

from sdgen_admin.db.faults import code_of
from sdgen_admin.db.values import quoted

Check = Literal["integrity_check", "quick_check"]
"""SQLite's own two checks. Only the first compares indexes with their tables."""


def first_damage(connection: sqlite3.Connection, check: Check) -> str | None:
    """Return the first damage that a check finds, None if there is none.

    SQLite checks nothing at all if an index or a rule of any table needs a function or a collation that it does not
    have. Then each table is checked by itself, and what only its own program can evaluate is passed over.

    Raises:
        sqlite3.Error: The database cannot be read.
    """
    try:
        return _finding(connection, f"PRAGMA main.{check}(1)")
    except sqlite3.OperationalError as error:
        if not lacks_something_of_others(error):
            raise
    names = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND rootpage > 0").fetchall()
    findings = (_damage_of(connection, check, name) for (name,) in names)
    return next((finding for finding in findings if finding is not None), None)


def lacks_something_of_others(error: sqlite3.Error) -> bool:
    """Whether a statement failed since this program does not have somebody's function, collation or module."""
    return code_of(error) & 0xFF == sqlite3.SQLITE_ERROR


def _damage_of(connection: sqlite3.Connection, check: Check, table: str) -> str | None:
    for pragma in dict.fromkeys((check, "quick_check")):
        try:
            return _finding(connection, f"PRAGMA main.{pragma}({quoted(table)})")
        except sqlite3.OperationalError as error:
            if not lacks_something_of_others(error):
                raise
    return None


def _finding(connection: sqlite3.Connection, pragma: str) -> str | None:
    (finding,) = connection.execute(pragma).fetchone()
    return None if finding == "ok" else str(finding)
