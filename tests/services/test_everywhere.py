"""A library is one object for many threads, and travels to other processes as its settings."""

import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import Listener
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from sdgen_admin.services.stats import SessionStatsService
from tests.builders import SESSION, make_session
from tests.privileges import as_ordinary_user

THREADS = 8


@pytest.fixture
def library(images_dir: Path, tmp_path: Path) -> SessionLibrary:
    make_session(images_dir)
    make_session(tmp_path / "more", "20251201_120000-more")
    return SessionLibrary([images_dir, tmp_path / "more"], tmp_path / "a.db", root="more", lock_timeout=7)


def ids(library: SessionLibrary) -> list[str]:
    return [record.session_id for record in library.find().sessions]


def test_a_library_is_pickled_as_its_settings(library: SessionLibrary) -> None:
    for _ in range(2):  # before and after it was used
        copy = pickle.loads(pickle.dumps(library))
        assert (copy.roots, copy.shown, copy.db_path) == (library.roots, library.shown, library.db_path)
        assert ids(copy) == ids(library) == ["20251201_120000-more"]


def test_after_uses_in_memory(images_dir: Path) -> None:
    make_session(images_dir)
    images_dir.parent.chmod(0o555)
    library = SessionLibrary(images_dir)
    try:
        as_ordinary_user(library.find)
    finally:
        images_dir.parent.chmod(0o755)
    assert ids(pickle.loads(pickle.dumps(library))) == [SESSION]


def test_a_listener_stays_behind(images_dir: Path) -> None:
    class Unpicklable(Listener):
        def created(self, path: str) -> None:
            created.append(path)

    created: list[str] = []
    make_session(images_dir)
    copy = pickle.loads(pickle.dumps(SessionLibrary(images_dir, listener=Unpicklable())))
    assert (ids(copy), created) == ([SESSION], [])


def test_services_are_pickled_too(library: SessionLibrary, images_dir: Path) -> None:
    stats, metadata = SessionStatsService(library.db_path, images_dir), SessionMetadataService(library.db_path)
    stats.get_or_compute_stats(SESSION)
    stats, metadata = pickle.loads(pickle.dumps((stats, metadata)))
    assert stats.get_stats(SESSION) is not None
    metadata.add_tags(SESSION, images_dir / SESSION, ["a"])
    assert SessionLibrary(images_dir, library.db_path).tags() == {"a": 1}


def test_in_processes_of_a_pool(library: SessionLibrary) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        assert list(pool.map(ids, [library, library])) == [["20251201_120000-more"]] * 2


def test_from_many_threads_at_once(images_dir: Path) -> None:
    names = [f"20251107_1200{number:02}-s" for number in range(THREADS)]
    for name in names:
        make_session(images_dir, name)
    library = SessionLibrary(images_dir)

    def work(name: str) -> None:
        uses: list[Callable[[], object]] = [library.find, lambda: library.get(name), library.history, library.tags]
        for tag in ("a", "b", "c"):
            library.update_metadata(name, SessionMetadataUpdate(add_tags=(tag,)))
            for use in uses:
                assert use() is not None
            library.compute(name, force=True)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, names))
    assert library.tags() == dict.fromkeys("abc", THREADS)
    assert len(library.history()) == 3 * THREADS
