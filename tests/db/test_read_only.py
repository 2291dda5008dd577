"""A database or a folder that is read-only: refused to writers, and read all the same."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sdgen_admin.errors import DatabaseLockedError, ReadOnlyDatabaseError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.db.uses import LIKE, READS, WRITES, expect
from tests.neighbour import digest, make_database, plain, rows
from tests.privileges import as_ordinary_user, read_only


@pytest.fixture(params=["wal", "delete"])
def sealed(path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """The database is read-only, and nothing beside it or in it has changed afterwards."""
    make_database(path, journal_mode=request.param)
    before = digest(path)
    with read_only(path):
        yield
    assert digest(path) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("use", WRITES.values(), ids=WRITES)
def test_read_only_is_refused_to_writers(library: SessionLibrary, use: Callable[[SessionLibrary], object]) -> None:
    as_ordinary_user(lambda: expect(ReadOnlyDatabaseError, use, library))


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("use", READS.values(), ids=READS)
def test_read_only_can_be_read(library: SessionLibrary, use: Callable[[SessionLibrary], object]) -> None:
    assert as_ordinary_user(lambda: use(library)) is not None


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
    make_session(images_dir)
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


def test_changes_that_a_crash_left_beside_a_read_only_database(
    library: SessionLibrary, path: Path, images_dir: Path, tmp_path: Path
) -> None:
    make_database(path, journal_mode="wal")
    (tmp_path / "snapshot").mkdir()
    with plain(path) as other:
        other.execute("SELECT count(*) FROM session_metadata").fetchone()  # from now on, what is new stays in the log
        library.update_metadata(SESSION, LIKE)
        for name in ("sessions.db", "sessions.db-wal"):
            shutil.copy(path.with_name(name), tmp_path / "snapshot" / name)
    copy = tmp_path / "snapshot" / "sessions.db"
    before = digest(copy)
    with read_only(copy):
        as_ordinary_user(lambda: expect(ReadOnlyDatabaseError, READS["find"], SessionLibrary(images_dir, copy)))
    assert digest(copy) == before
    assert SessionLibrary(images_dir, copy).find(SessionFilter(liked=True)).total_count == 1


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_link_to_a_database_is_as_writable_as_that(
    library: SessionLibrary, path: Path, images_dir: Path, tmp_path: Path, mode: str
) -> None:
    make_database(path, journal_mode=mode)
    library.update_metadata(SESSION, LIKE)
    link = tmp_path / "links" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    linked = SessionLibrary(images_dir, link)
    link.parent.chmod(0o555)
    try:
        as_ordinary_user(lambda: linked.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("a",))))
    finally:
        link.parent.chmod(0o755)
    assert library.tags() == {"a": 1}
    with read_only(path):
        assert as_ordinary_user(linked.find).total_count == 1
        as_ordinary_user(lambda: expect(ReadOnlyDatabaseError, WRITES["compute"], linked))
