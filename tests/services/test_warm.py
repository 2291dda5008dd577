"""Warming: one at a time for a database, however the one before ended."""

import errno
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.errors import ImagesRootError
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.warm import warm_lock
from tests.builders import make_session
from tests.privileges import as_ordinary_user

PATIENCE = 60.0


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "metadata" / "sessions.db")


def warm(database: Database) -> bool:
    with warm_lock(database) as is_free:
        return is_free


def lock_file(database: Database) -> Path:
    return Path(f"{database.path}.sdgen-admin.lock")


def hold(path: str, holding: Any, enough: Any) -> None:
    with warm_lock(Database(path)) as is_free:
        assert is_free
        holding.set()
        enough.wait(PATIENCE)


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_process_leaves_at_once(database: Database, killed: bool) -> None:
    context = multiprocessing.get_context("spawn")
    holding, enough = context.Event(), context.Event()
    process = context.Process(target=hold, args=(database.path, holding, enough))
    process.start()
    assert holding.wait(PATIENCE)
    assert not warm(database)
    assert warm(Database(database.path + ".other"))
    if killed:
        process.kill()
    else:
        enough.set()
    process.join(PATIENCE)
    assert (process.exitcode == 0) != killed
    assert warm(database)


def test_a_link_to_a_database_is_that_database(database: Database, tmp_path: Path) -> None:
    link = tmp_path / "links" / "link.db"
    link.parent.mkdir()
    link.symlink_to(database.path)
    with warm_lock(database):
        assert not warm(Database(link))
    assert warm(Database(link))


def test_it_is_free_again_after_an_error(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), warm_lock(database):
        raise ZeroDivisionError
    assert warm(database)


def test_only_the_lock_is_made(database: Database) -> None:
    assert warm(database)
    assert not database.exists()


@pytest.mark.parametrize("depth", ["sessions.db", "further/sessions.db"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, depth: str) -> None:
    """It takes no lock to find out that nothing can be stored."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        assert as_ordinary_user(lambda: warm(Database(folder / depth)))
    finally:
        folder.chmod(0o755)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o444])
def test_a_lock_file_of_another_user(database: Database, mode: int) -> None:
    assert warm(database)
    lock_file(database).chmod(mode)
    assert as_ordinary_user(lambda: warm(database))


def test_what_is_not_a_file_is_left_alone(database: Database, tmp_path: Path) -> None:
    assert warm(database)
    lock_file(database).unlink()
    lock_file(database).mkdir()
    assert warm(database)
    lock_file(database).rmdir()
    lock_file(database).symlink_to(tmp_path / "made by following")
    assert warm(database)
    assert os.name == "nt" or not (tmp_path / "made by following").exists()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EIO])
@pytest.mark.skipif(os.name == "nt", reason="locks are made differently here")
def test_a_file_system_without_locks(database: Database, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def flock(file: int, operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", flock)
    with warm_lock(database) as first, warm_lock(database) as second:
        assert (first, second) == (True, True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_that_was_forked_meanwhile_keeps_no_lock(database: Database) -> None:
    to_child, from_parent = os.pipe()
    with warm_lock(database) as is_free:
        assert is_free
        child = os.fork()
        if not child:
            os.close(from_parent)
            os.read(to_child, 1)
            os._exit(0)
    assert warm(database)
    os.close(from_parent)
    os.close(to_child)
    assert os.waitpid(child, 0)[1] == 0


def test_a_library_is_warmed_by_one_at_a_time(images_dir: Path) -> None:
    make_session(images_dir)
    with SessionLibrary(images_dir).warm_lock() as first, SessionLibrary(images_dir).warm_lock() as second:
        assert (first, second) == (True, False)
    with SessionLibrary(images_dir).warm_lock() as third:
        assert third


def test_beside_a_root_that_is_not_there_no_lock_is_made(tmp_path: Path) -> None:
    library = SessionLibrary(tmp_path / "typo" / "images")
    with pytest.raises(ImagesRootError), library.warm_lock():
        pass
    assert list(tmp_path.iterdir()) == []
