"""Collections and databases for the tests of trust, and what must hold of every database at every moment."""

import os
import shutil
from pathlib import Path

from tests.builders import an_hour_ago, make_session
from tests.neighbour import plain


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
    """Return the copies that lie beside a database; there must be nothing else but SQLite's own files."""
    others = [
        file for file in path.parent.iterdir() if file.name not in (path.name, "sessions.db-wal", "sessions.db-shm")
    ]
    assert all(file.name.startswith("sessions.db.backup-") for file in others)
    return sorted(others)


def assert_sound(path: Path) -> None:
    """Hold a database that only this tool wrote to what is promised of it."""
    with plain(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "sdgen_admin_history" not in tables:  # none of the tables of a version is there without the others
            assert not any(name.startswith("sdgen_admin_") for name in tables)
            return
        half = connection.execute(
            """SELECT s.session_id FROM session_stats s LEFT JOIN sdgen_admin_sessions o USING (session_id)
               WHERE o.stats_computed_at IS NOT s.stats_computed_at"""
        ).fetchall()
        assert half == []
        for field in ("tags", "user_note", "is_favorite", "updated_at"):
            unrecorded = connection.execute(
                f"""SELECT m.session_id, m.{field}, h.new_value FROM session_metadata m
                    JOIN sdgen_admin_history h ON h.session_id = m.session_id AND h.field = '{field}'
                    WHERE h.group_id = (SELECT max(group_id) FROM sdgen_admin_history l
                        WHERE l.session_id = m.session_id AND l.field = '{field}') AND m.{field} IS NOT h.new_value"""
            ).fetchall()
            assert unrecorded == []
