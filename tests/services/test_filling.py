"""A new database is filled first, and its indexes are made over all rows at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import ProgressListener
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.neighbour import plain

IDS = [f"2025110{number}_120000-a" for number in range(1, 5)]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    for session_id in IDS:
        make_session(images_dir, session_id, images=1)
    return SessionLibrary(images_dir)


def indexes(path: str) -> set[str]:
    with plain(Path(path)) as connection:
        return {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql <> ''")
        }


@pytest.fixture
def every_index(tmp_path: Path) -> set[str]:
    path = tmp_path / "other" / "sessions.db"
    with Database(path).open(for_writing=True):
        return indexes(str(path))


FILLING: list[Callable[[SessionLibrary, ProgressListener], object]] = [
    lambda library, progress: library.compute(jobs=1, progress=progress),
    lambda library, progress: library.find(progress=progress),
]


@pytest.mark.parametrize("fill", FILLING, ids=["compute", "find"])
def test_a_new_database_has_its_indexes_once_it_is_full(
    library: SessionLibrary, every_index: set[str], fill: Callable[..., object]
) -> None:
    seen: list[set[str]] = []

    fill(library, lambda done, total: seen.append(indexes(library.database.path)))

    assert seen == [set()] * len(IDS)
    assert indexes(library.database.path) == every_index


def test_whoever_opens_it_meanwhile_makes_them(library: SessionLibrary, every_index: set[str]) -> None:
    def look(done: int, total: int) -> None:
        if done == 2:
            SessionLibrary(library.images_dir).update_metadata(IDS[0], SessionMetadataUpdate(user_note="typed"))

    report = library.compute(jobs=1, progress=look)

    assert report.computed == len(IDS)
    assert library.get(IDS[0]).metadata is not None
    assert indexes(library.database.path) == every_index


def test_what_was_left_half_full_gets_them_from_the_next(library: SessionLibrary, every_index: set[str]) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.compute(jobs=1, progress=stop)
    assert indexes(library.database.path) == set()

    page = library.find(SessionFilter(sort="images"), fresh=False)

    assert page.total_count == 2
    assert indexes(library.database.path) == every_index
