"""What was read, into the database."""

from pathlib import Path

from sdgen_admin.db.connection import Database
from sdgen_admin.disk.folder import read_session
from sdgen_admin.services.compute import Outcome
from sdgen_admin.services.store import store_readings
from tests.builders import SESSION, make_session
from tests.neighbour import digest, rows


def test_nothing_read_is_nothing_written(tmp_path: Path) -> None:
    database = Database(tmp_path / "sessions.db")
    with database.open(for_writing=True) as connection:
        before = digest(Path(database.path))
        store_readings(connection, str(tmp_path), [], Outcome())
        assert digest(Path(database.path)) == before


def test_a_session_that_vanished_and_was_never_known_leaves_no_trace(images_dir: Path, tmp_path: Path) -> None:
    folder = make_session(images_dir)
    readings = [read_session(str(folder), SESSION), read_session(str(images_dir / "gone"), "gone")]
    database, outcome = Database(tmp_path / "sessions.db"), Outcome()
    with database.open(for_writing=True) as connection:
        store_readings(connection, str(images_dir), readings, outcome)
    assert (outcome.computed, outcome.report().failed, outcome.problems) == (1, 0, {})
    for table in ("session_stats", "sdgen_admin_sessions"):
        assert [row["session_id"] for row in rows(Path(database.path), table)] == [SESSION]
