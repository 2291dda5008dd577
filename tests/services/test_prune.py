"""Pruning: the stats of sessions whose folder is gone, never what was typed, and not where a drive is unmounted."""

import shutil
from pathlib import Path

import pytest

from sdgen_admin.errors import ImagesRootError, PruneRefusedError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.neighbour import digest, rows, write_metadata
from tests.privileges import as_ordinary_user

IDS = [f"202511{day:02}_120000-a" for day in range(1, 11)]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """Ten sessions with stats; about the odd ones something was said."""
    for session_id in IDS:
        make_session(images_dir, session_id, images=1)
    library = SessionLibrary(images_dir)
    library.compute()
    library.update_metadata(IDS[::2], SessionMetadataUpdate(user_note="typed"))
    return library


def remove(library: SessionLibrary, count: int) -> None:
    for session_id in IDS[:count]:
        shutil.rmtree(Path(library.images_dir, session_id))


def stored(library: SessionLibrary, table: str) -> list[str]:
    return [row["session_id"] for row in rows(Path(library.database.path), table)]


@pytest.mark.parametrize("listed_before", [False, True])
@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_fifth_may_go(library: SessionLibrary, gone: int, listed_before: bool) -> None:
    remove(library, gone)
    if listed_before:
        library.find()
    assert library.prune() == gone
    assert stored(library, "session_stats") == IDS[gone:]
    assert stored(library, "session_metadata") == IDS[::2]
    assert library.find().total_count == 10 - gone


@pytest.mark.parametrize("gone", [3, 9, 10])
def test_more_is_refused_unless_forced(library: SessionLibrary, gone: int) -> None:
    remove(library, gone)
    before = digest(Path(library.database.path))
    with pytest.raises(PruneRefusedError, match=f"{gone} of 10") as caught:
        library.prune()
    assert "--force" in caught.value.hint
    assert digest(Path(library.database.path)) == before
    assert library.prune(force=True) == gone
    assert stored(library, "session_stats") == IDS[gone:]
    assert stored(library, "session_metadata") == IDS[::2]


def test_an_empty_root_is_refused_whatever_the_share(images_dir: Path) -> None:
    make_session(images_dir, IDS[0])
    library = SessionLibrary(images_dir)
    library.compute()
    remove(library, 1)
    (images_dir / "thumbnails").mkdir()
    with pytest.raises(PruneRefusedError):
        library.prune()
    assert stored(library, "session_stats") == IDS[:1]


def test_a_root_that_is_not_there_is_an_error_even_if_forced(library: SessionLibrary, images_dir: Path) -> None:
    images_dir.rename(images_dir.parent / "unmounted")
    with pytest.raises(ImagesRootError):
        library.prune(force=True)
    assert stored(library, "session_stats") == IDS


def test_metadata_of_gone_sessions_does_not_count_once_their_stats_are_pruned(library: SessionLibrary) -> None:
    remove(library, 6)
    assert library.prune(force=True) == 6
    assert library.prune() == 0  # four tenths of what the database knows is gone, but nothing would go
    shutil.rmtree(Path(library.images_dir, IDS[9]))
    assert library.prune(force=True) == 1
    assert stored(library, "session_metadata") == IDS[::2]


def test_an_empty_root_with_nothing_to_prune_is_fine(images_dir: Path) -> None:
    library = SessionLibrary(images_dir)
    write_metadata(Path(library.database.path), IDS[0], user_note="typed")
    assert library.prune() == 0
    assert stored(library, "session_metadata") == IDS[:1]


def test_a_pruned_session_that_comes_back(library: SessionLibrary, images_dir: Path) -> None:
    (images_dir / IDS[0]).rename(images_dir / "elsewhere")
    assert library.prune() == 1
    (gone,) = library.find(SessionFilter(missing=True)).sessions
    assert gone.stats is None
    assert gone.metadata is not None
    (images_dir / "elsewhere").rename(images_dir / IDS[0])
    back = library.get(IDS[0])
    assert back.stats is not None
    assert back.metadata == gone.metadata


def test_what_was_noted_of_an_unreadable_folder_goes_with_it(library: SessionLibrary, images_dir: Path) -> None:
    folder = make_session(images_dir, "20251201_120000-closed")
    folder.chmod(0)
    try:
        assert as_ordinary_user(library.compute).failed == 1
    finally:
        folder.chmod(0o755)
    shutil.rmtree(folder)
    assert library.find(SessionFilter(missing=True)).total_count == 1
    assert library.prune() == 0
    assert library.find(SessionFilter(missing=True)).total_count == 0
