"""A database that cannot be used: each fault has its own error, and the file is left as it was."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.db.transaction import transaction
from sdgen_admin.errors import (
    CorruptDatabaseError,
    DatabaseError,
    DatabaseLockedError,
    DatabaseNotFoundError,
    DiskFullError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
)
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.neighbour import digest, make_database, plain, rows, write_metadata
from tests.privileges import allow_writing, as_ordinary_user, forbid_writing

NOTE = "a long note " * 50_000
LIKE = SessionMetadataUpdate(is_favorite=True)

WRITES: dict[str, Callable[[SessionLibrary], object]] = {
    "compute": lambda library: library.compute(force=True),
    "update": lambda library: library.update_metadata(SESSION, LIKE),
    "prune": lambda library: library.prune(),
}
READS: dict[str, Callable[[SessionLibrary], object]] = {
    "find": lambda library: library.find(),
    "cached": lambda library: library.find(fresh=False),
    "get": lambda library: library.get(SESSION),
    "resolve": lambda library: library.resolve(["latest"]),
    "tags": lambda library: library.tag_counts(),
    "dry run": lambda library: library.update_metadata(SESSION, LIKE, dry_run=True),
}
USES = READS | WRITES


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    make_session(images_dir)
    return SessionLibrary(images_dir, lock_timeout=0.05)


@pytest.fixture
def path(library: SessionLibrary) -> Path:
    return Path(library.database.path)


def expect(error: type[DatabaseError], use: Callable[[SessionLibrary], object], library: SessionLibrary) -> str:
    with pytest.raises(error) as caught:
        use(library)
    assert type(caught.value) is error
    assert caught.value.exit_status == 3
    assert library.database.path in str(caught.value)
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("content", [b"These are notes, not a database.\n" * 50, b"\x89PNG\r\n\x1a\n" + b"\0" * 5000])
def test_no_database(
    library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object], content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    expect(NotADatabaseError, use, library)
    assert path.read_bytes() == content


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_damaged_header(library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object]) -> None:
    library.compute()
    with path.open("r+b") as file:
        file.write(b"broken")
    before = digest(path)
    expect(NotADatabaseError, use, library)
    assert digest(path) == before


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_damaged_pages(library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object]) -> None:
    library.compute()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    before = digest(path)
    assert "damaged" in expect(CorruptDatabaseError, use, library)
    assert digest(path) == before


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_locked_for_longer_than_the_wait(
    library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object]
) -> None:
    library.compute()
    before = digest(path)
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        expect(DatabaseLockedError, use, library)
        other.execute("ROLLBACK")
    assert digest(path) == before


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("use", [READS["find"], READS["cached"], READS["get"], READS["resolve"], READS["tags"]])
def test_another_writer_does_not_stop_reading_what_is_fresh(
    library: SessionLibrary, path: Path, mode: str, use: Callable[[SessionLibrary], object]
) -> None:
    make_database(path, journal_mode=mode)
    library.compute()
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        assert use(library) is not None
        other.execute("ROLLBACK")


def test_reading_locks_nobody_out(library: SessionLibrary, path: Path) -> None:
    library.compute()
    assert library.find().total_count == 1
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert other.execute("SELECT count(*) FROM session_stats").fetchone() == (1,)


def test_a_folder_in_place_of_the_file(library: SessionLibrary, path: Path) -> None:
    path.mkdir(parents=True)
    expect(DatabaseError, USES["find"], library)
    assert list(path.iterdir()) == []


def test_a_file_in_place_of_the_folder(library: SessionLibrary, path: Path) -> None:
    path.parent.write_text("no folder")
    expect(DatabaseError, USES["compute"], library)
    assert path.parent.read_text() == "no folder"


@pytest.mark.parametrize("use", ["cached", "tags"])
def test_reading_as_it_is_needs_a_database(library: SessionLibrary, path: Path, use: str) -> None:
    expect(DatabaseNotFoundError, USES[use], library)
    with pytest.raises(DatabaseNotFoundError):
        library.get(SESSION, fresh=False)
    assert not path.exists()


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "#1.db", "été.db"])
def test_any_file_name_will_do(images_dir: Path, tmp_path: Path, name: str) -> None:
    library = SessionLibrary(images_dir, tmp_path / name)
    assert library.compute().computed == 0
    assert (tmp_path / name).read_bytes().startswith(b"SQLite format 3")


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    forbid_writing(path)
    try:
        yield
    finally:
        allow_writing(path)


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("use", WRITES.values(), ids=WRITES)
def test_read_only_is_refused_to_writers(
    library: SessionLibrary, path: Path, mode: str, use: Callable[[SessionLibrary], object]
) -> None:
    make_database(path, journal_mode=mode)
    before = digest(path)
    with read_only(path):
        as_ordinary_user(lambda: expect(ReadOnlyDatabaseError, use, library))
    assert digest(path) == before


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("use", READS.values(), ids=READS)
def test_read_only_can_be_read(
    library: SessionLibrary, path: Path, mode: str, use: Callable[[SessionLibrary], object]
) -> None:
    make_database(path, journal_mode=mode)
    before = digest(path)
    with read_only(path):
        assert as_ordinary_user(lambda: use(library)) is not None
    assert digest(path) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_read_only_database_is_shown_as_its_folders_are_now(
    library: SessionLibrary, path: Path, images_dir: Path, mode: str
) -> None:
    make_database(path, journal_mode=mode)
    library.update_metadata(SESSION, LIKE)
    make_session(images_dir, "20251108_120000-new")
    with read_only(path):
        page = as_ordinary_user(library.find)
        assert [record.session_id for record in page.sessions] == ["20251108_120000-new", SESSION]
        assert as_ordinary_user(lambda: library.find(SessionFilter(liked=True))).total_count == 1
    assert rows(path, "session_stats") == []


def test_no_database_in_a_read_only_folder(library: SessionLibrary, path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o555)
    try:
        assert as_ordinary_user(library.find).total_count == 1
        as_ordinary_user(lambda: expect(ReadOnlyDatabaseError, WRITES["compute"], library))
        assert list(path.parent.iterdir()) == []
    finally:
        path.parent.chmod(0o755)


def test_a_folder_that_cannot_be_made(images_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    library = SessionLibrary(images_dir, tmp_path / "closed" / "further" / "sessions.db")
    (tmp_path / "closed").chmod(0o555)
    try:
        as_ordinary_user(lambda: expect(ReadOnlyDatabaseError, WRITES["compute"], library))
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert list((tmp_path / "closed").iterdir()) == []


def test_a_read_only_database_that_is_locked(library: SessionLibrary, path: Path) -> None:
    library.compute()
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with read_only(path):
            as_ordinary_user(lambda: expect(DatabaseLockedError, READS["find"], library))


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


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let writing beyond a size fail, as a full disk or a used-up quota does."""
    if sys.platform == "win32":
        pytest.skip("there is no such limit here")
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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


def test_a_sound_database_passes_its_check(library: SessionLibrary, path: Path) -> None:
    with pytest.raises(DatabaseNotFoundError):
        library.database.check()
    library.compute()
    before = digest(path)
    library.database.check()
    assert digest(path) == before


@pytest.mark.parametrize("page", range(1, 8))
def test_a_check_finds_any_damaged_page(library: SessionLibrary, path: Path, page: int) -> None:
    library.compute()
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\0" * 4096)
    before = digest(path)
    expect(CorruptDatabaseError, lambda library: library.database.check(), library)
    assert digest(path) == before


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


def test_any_other_error_is_a_database_error_too(path: Path) -> None:
    with pytest.raises(DatabaseError, match="no such table"), Database(path).open() as connection:
        connection.execute("SELECT * FROM nowhere")


def test_text_that_is_no_utf_8_is_read(path: Path) -> None:
    make_database(path)
    write_metadata(path, SESSION)
    with plain(path) as connection:
        connection.execute("UPDATE session_metadata SET user_note = CAST(x'61ff62' AS TEXT)")
    with Database(path).open() as connection:
        assert connection.execute("SELECT user_note FROM session_metadata").fetchone() == ("a\ufffdb",)


def test_a_drive_that_is_not_there_is_no_endless_search(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(os.path, "exists", lambda _: False)  # as for `Z:\\`, of which nothing is there
    assert Database(path).is_writable() == os.access("/", os.W_OK)


def test_errors_without_a_code_are_explained(path: Path) -> None:
    with pytest.raises(DatabaseError, match="only execute one statement"), Database(path).open() as connection:
        connection.execute("SELECT 1; SELECT 2")
