"""Collections and databases for the tests of trust, and what must hold of every database at every moment."""

import os
import shutil
import sqlite3
from pathlib import Path

from sdgen_admin.db.schema import INDEXES, TABLES
from tests.builders import an_hour_ago, make_session
from tests.neighbour import plain

_PREFIX = "sdgen_admin_"
_REFERENCES = (
    ("sdgen_admin_sessions", "root_id", "sdgen_admin_roots"),
    ("sdgen_admin_sessions", "prompt_id", "sdgen_admin_prompts"),
    ("sdgen_admin_sessions", "variations_id", "sdgen_admin_variations"),
    ("sdgen_admin_prompts", "id", "sdgen_admin_folded"),
    ("sdgen_admin_folded", "id", "sdgen_admin_prompts"),
)
"""Table, column, and the table that must have a row with its value as id."""


def make_bare(root: Path, count: int) -> list[str]:
    """Make session folders without anything in them, fast; return their ids."""
    names = [f"20251107_{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-bare" for number in range(count)]
    when = an_hour_ago().timestamp()
    for name in names:
        folder = root / name
        folder.mkdir(parents=True)
        os.utime(folder, (when, when))
    return names


def make_sessions(root: Path, count: int) -> list[str]:
    """Make ordinary sessions; return their ids."""
    return [make_session(root, f"20251108_1200{number:02}-s", images=2).name for number in range(count)]


def restore(template: Path, path: Path) -> None:
    """Put a database back as it was, with nothing beside it."""
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    shutil.copyfile(template, path)


def beside(path: Path) -> list[Path]:
    """Return the copies that lie beside a database; apart from SQLite's own files there must be nothing else."""
    others = [
        file for file in path.parent.iterdir() if file.name not in (path.name, "sessions.db-wal", "sessions.db-shm")
    ]
    assert all(file.name.startswith("sessions.db.backup-") for file in others)
    return sorted(others)


def assert_sound(path: Path, *, others_edit: bool = False) -> None:
    """Hold a database to what is promised of it at every moment, whoever was killed while it wrote.

    Args:
        path: The database.
        others_edit: Whether other programs have edited metadata, which leaves no trace in the history.
    """
    with plain(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master") if name.startswith(_PREFIX)}
        if not there:
            return
        (version,) = connection.execute("SELECT max(version) FROM sdgen_admin_version").fetchone()
        if version == 1:  # before the conversion: nothing of the present form is there
            assert "sdgen_admin_roots" not in there
        else:
            assert there >= {*TABLES, *INDEXES}
            _assert_no_half_session(connection)
        if not others_edit:
            _assert_edits_are_recorded(connection)


def _assert_no_half_session(connection: sqlite3.Connection) -> None:
    for table, column, other in _REFERENCES:
        dangling = connection.execute(
            f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {other})"
        ).fetchall()
        assert dangling == [], (table, column)
    half = connection.execute(
        """SELECT session_id FROM sdgen_admin_sessions
           WHERE (stats_computed_at IS NULL) <> (images_actual IS NULL)
           OR (stats_computed_at IS NULL) <> (source IS NULL)
           OR (source = 'manifest') <> (prompt_id IS NOT NULL AND variations_id IS NOT NULL)"""
    ).fetchall()
    assert half == []


def _assert_edits_are_recorded(connection: sqlite3.Connection) -> None:
    """Hold metadata to the history: the last change of a field is what it says now."""
    for field in ("tags", "user_note", "is_favorite", "updated_at"):
        unrecorded = connection.execute(
            f"""SELECT m.session_id, m.{field}, h.new_value FROM session_metadata m
                JOIN sdgen_admin_history h ON h.session_id = m.session_id AND h.field = '{field}'
                WHERE h.group_id = (SELECT max(group_id) FROM sdgen_admin_history l
                    WHERE l.session_id = m.session_id AND l.field = '{field}') AND m.{field} IS NOT h.new_value"""
        ).fetchall()
        assert unrecorded == []
