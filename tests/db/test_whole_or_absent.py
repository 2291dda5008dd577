"""What is written is whole or absent: after half a commit, without room, and where a transaction fails."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.db.transaction import transaction
from sdgen_admin.errors import DiskFullError, ReadOnlyDatabaseError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.db.uses import LIKE, READS, WRITES, expect
from tests.full_disk import files_no_larger_than
from tests.neighbour import digest, make_database, plain, rows
from tests.privileges import as_ordinary_user, read_only

NOTE = "a long note " * 50_000


def leave_a_journal(path: Path, tmp_path: Path) -> None:
    """Put in place of a database what a process leaves behind that is killed in the middle of a commit."""
    with plain(path) as other:
        other.execute("PRAGMA cache_size = 1")
        other.execute(
            "INSERT INTO session_metadata VALUES ('half', 'p', 0, 1, 0, NULL, ?, NULL, NULL, 'c', 'd')", (NOTE,)
        )
        for name in (path.name, f"{path.name}-journal"):
            shutil.copy(path.parent / name, tmp_path / name)
        other.rollback()
    for name in (path.name, f"{path.name}-journal"):
        shutil.copy(tmp_path / name, path.parent / name)


def test_half_a_commit_is_taken_back(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    library.compute()
    before = digest(path)
    leave_a_journal(path, tmp_path)
    assert digest(path) != before
    assert library.find().total_count == 1
    assert digest(path) == before


def test_half_a_commit_is_never_shown(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    library.compute()
    leave_a_journal(path, tmp_path)
    with read_only(path):  # so that nobody can take it back
        as_ordinary_user(lambda: expect(ReadOnlyDatabaseError, READS["cached"], library))


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_no_room_left_for_metadata(library: SessionLibrary, path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    library.compute()
    before, long_note = digest(path), SessionMetadataUpdate(user_note=NOTE)
    with files_no_larger_than(path.stat().st_size + 5000):
        expect(DiskFullError, lambda library: library.update_metadata(SESSION, long_note), library)
    assert digest(path) == before
    assert library.get(SESSION).metadata is None


def test_no_room_left_for_stats(library: SessionLibrary, path: Path, images_dir: Path) -> None:
    library.update_metadata(SESSION, LIKE)
    library.compute()
    for number in range(60):
        make_session(images_dir, f"20251109_12{number:02}00-more-{'x' * 150}", images=0)
    before = digest(path)
    with files_no_larger_than(path.stat().st_size):
        expect(DiskFullError, WRITES["compute"], library)
    assert digest(path) == before
    assert library.compute().failed == 0
    assert library.find(SessionFilter(liked=True)).total_count == 1


def test_a_transaction_is_whole_or_absent(path: Path) -> None:
    database = Database(path)
    insert = "INSERT INTO session_metadata VALUES ('a', 'b', 0, 1, 0, NULL, NULL, NULL, NULL, 'c', 'd')"
    with database.open(for_writing=True) as connection:
        with pytest.raises(sqlite3.OperationalError), transaction(connection):
            connection.execute(insert).connection.execute("no SQL")
        with transaction(connection, keep=False):
            connection.execute(insert)
        assert not connection.in_transaction
    assert rows(path, "session_metadata") == []


def test_a_transaction_that_ended_by_itself_is_not_rolled_back_again(path: Path) -> None:
    with Database(path).open(for_writing=True) as connection:
        with pytest.raises(sqlite3.OperationalError, match="near"), transaction(connection):
            connection.execute("ROLLBACK").execute("no SQL")
        assert not connection.in_transaction
