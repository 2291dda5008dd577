"""Pruning: the stats of sessions whose folder is gone, never what was typed, and not if a drive may be unmounted."""

import shutil
from pathlib import Path

import pytest

from sdgen_admin.errors import PruneRefusedError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.neighbour import digest, plain, rows, write_metadata, write_stats
from tests.privileges import as_ordinary_user

IDS = [f"202511{day:02}_120000-a" for day in range(1, 11)]
NAS = [f"202512{day:02}_120000-a" for day in range(1, 11)]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """Ten sessions with stats; something was said about every other one."""
    for session_id in IDS:
        make_session(images_dir, session_id, images=1)
    library = SessionLibrary(images_dir)
    library.compute()
    library.update_metadata(IDS[::2], SessionMetadataUpdate(user_note="typed"))
    return library


def remove(root: Path, *session_ids: str) -> None:
    for session_id in session_ids:
        shutil.rmtree(root / session_id)


def with_stats(path: Path) -> list[str]:
    """Return the sessions that have stats, which are also those that are mirrored."""
    found = [row["session_id"] for row in rows(path, "sdgen_admin_sessions") if row["stats_computed_at"] is not None]
    assert [row["session_name"] for row in rows(path, "session_stats")] == found
    return found


def with_metadata(path: Path) -> list[str]:
    return [row["session_id"] for row in rows(path, "session_metadata") if row["user_note"] == "typed"]


@pytest.mark.parametrize("listed_before", [False, True])
@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_fifth_may_go(library: SessionLibrary, images_dir: Path, path: Path, gone: int, listed_before: bool) -> None:
    remove(images_dir, *IDS[:gone])
    if listed_before:
        library.find()
    assert library.prune() == gone
    assert with_stats(path) == IDS[gone:]
    assert with_metadata(path) == IDS[::2]
    assert library.find(fresh=False).total_count == 10 - gone
    assert library.find().total_count == 10 - gone


@pytest.mark.parametrize("gone", [3, 9])
def test_more_is_refused_unless_forced(library: SessionLibrary, images_dir: Path, path: Path, gone: int) -> None:
    remove(images_dir, *IDS[:gone])
    before = digest(path)
    with pytest.raises(PruneRefusedError) as caught:
        library.prune()
    assert caught.value.message == (
        f"{gone} of 10 sessions have no folder in {images_dir} any more: nothing was pruned."
    )
    assert (caught.value.code, caught.value.details) == ("prune-refused", {"gone": gone, "total": 10})
    assert digest(path) == before
    assert library.prune(force=True) == gone
    assert with_stats(path) == IDS[gone:]
    assert with_metadata(path) == IDS[::2]


@pytest.mark.parametrize("kind", ["absent", "empty", "without sessions", "unreadable"])
@pytest.mark.parametrize("force", [False, True])
def test_an_offline_root_is_left_alone(
    library: SessionLibrary, images_dir: Path, path: Path, kind: str, force: bool
) -> None:
    images_dir.rename(images_dir.parent / "unmounted")
    if kind != "absent":
        images_dir.mkdir()
    if kind == "without sessions":
        (images_dir / "thumbnails").mkdir()
    if kind == "unreadable":
        images_dir.chmod(0o311)
    before = digest(path)
    try:
        assert as_ordinary_user(lambda: library.prune(force=force)) == 0
    finally:
        if kind == "unreadable":
            images_dir.chmod(0o755)
    assert digest(path) == before
    assert with_stats(path) == IDS


def test_metadata_of_gone_sessions_does_not_count_once_their_stats_are_pruned(
    library: SessionLibrary, images_dir: Path, path: Path
) -> None:
    remove(images_dir, *IDS[:6])
    assert library.prune(force=True) == 6
    assert library.prune() == 0  # four tenths of what the database knows is gone, but nothing would go
    remove(images_dir, IDS[9])
    assert library.prune(force=True) == 1
    assert with_metadata(path) == IDS[::2]


def test_without_stats_there_is_nothing_to_prune(images_dir: Path, path: Path) -> None:
    library = SessionLibrary(images_dir)
    write_metadata(path, IDS[0], user_note="typed", session_path=str(images_dir / IDS[0]))
    write_stats(path, IDS[1], sd_model="theirs")
    make_session(images_dir, IDS[2])
    library.compute()
    assert library.prune() == 0
    assert with_metadata(path) == IDS[:1]
    assert [row["session_name"] for row in rows(path, "session_stats")] == IDS[1:3]


def test_a_pruned_session_that_comes_back(library: SessionLibrary, images_dir: Path) -> None:
    (images_dir / IDS[0]).rename(images_dir / "elsewhere")
    assert library.prune() == 1
    (gone,) = library.find(missing=True).sessions
    assert gone.stats is None
    assert gone.metadata is not None
    (images_dir / "elsewhere").rename(images_dir / IDS[0])
    back = library.get(IDS[0])
    assert back.stats is not None
    assert not back.missing
    assert back.metadata == gone.metadata


def test_a_pruned_session_of_which_nothing_was_said_is_forgotten(library: SessionLibrary, images_dir: Path) -> None:
    remove(images_dir, IDS[1])
    assert library.find(missing=True).total_count == 1
    assert library.prune() == 1
    assert library.find(missing=True).total_count == 0


def test_what_was_noted_of_an_unreadable_folder_goes_with_it(library: SessionLibrary, images_dir: Path) -> None:
    folder = make_session(images_dir, "20251201_120000-closed")
    folder.chmod(0)
    try:
        assert as_ordinary_user(library.compute).failed == 1
    finally:
        folder.chmod(0o755)
    shutil.rmtree(folder)
    assert library.find(missing=True).total_count == 1
    assert library.prune() == 0
    assert library.find(missing=True).total_count == 0


@pytest.fixture
def nas(library: SessionLibrary, tmp_path: Path) -> Path:
    """A second root with ten sessions of its own in the same database, but not in `library`'s collection."""
    root = tmp_path / "nas"
    for session_id in NAS:
        make_session(root, session_id, images=1)
    SessionLibrary(root, library.db_path).compute()
    return root


def test_a_root_that_is_not_configured_is_not_pruned(
    library: SessionLibrary, images_dir: Path, nas: Path, path: Path
) -> None:
    remove(nas, *NAS)
    remove(images_dir, IDS[0])
    assert library.prune(force=True) == 1
    assert with_stats(path) == [*IDS[1:], *NAS]


@pytest.mark.parametrize("kind", ["absent", "empty"])
def test_an_offline_root_does_not_keep_the_other_from_being_pruned(
    library: SessionLibrary, images_dir: Path, nas: Path, path: Path, kind: str
) -> None:
    both = SessionLibrary([images_dir, nas], library.db_path)
    both.compute()
    nas.rename(nas.parent / "unmounted")
    if kind == "empty":
        nas.mkdir()
    remove(images_dir, *IDS[:2])
    assert both.prune() == 2
    assert both.prune(force=True) == 0
    assert with_stats(path) == [*IDS[2:], *NAS]
    assert with_metadata(path) == IDS[::2]


def test_the_share_is_counted_for_each_root(library: SessionLibrary, images_dir: Path, nas: Path, path: Path) -> None:
    both = SessionLibrary([images_dir, nas], library.db_path)
    both.compute()
    remove(images_dir, *IDS[:3])  # three of twenty, but three of this root's ten
    before = digest(path)
    with pytest.raises(PruneRefusedError) as caught:
        both.prune()
    assert caught.value.details == {"gone": 3, "total": 10}
    assert digest(path) == before
    assert both.prune(force=True) == 3
    assert with_stats(path) == [*IDS[3:], *NAS]


def test_only_the_root_that_is_shown_is_pruned(
    library: SessionLibrary, images_dir: Path, nas: Path, path: Path
) -> None:
    SessionLibrary([images_dir, nas], library.db_path).compute()
    remove(images_dir, *IDS[:2])
    remove(nas, *NAS[:1])
    assert SessionLibrary([images_dir, nas], library.db_path, root="nas").prune() == 1
    assert with_stats(path) == [*IDS, *NAS[1:]]
    assert SessionLibrary([images_dir, nas], library.db_path).prune() == 2
    assert with_stats(path) == [*IDS[2:], *NAS[1:]]


def test_pruning_one_of_two_sessions_of_one_id_leaves_the_other_and_its_mirror(
    library: SessionLibrary, images_dir: Path, nas: Path, path: Path
) -> None:
    make_session(nas, IDS[0], images=3)
    both = SessionLibrary([images_dir, nas], library.db_path)
    both.compute()
    remove(images_dir, IDS[0])
    assert both.prune() == 1
    assert both.get(IDS[0]).root == "nas"
    (mirrored,) = [row for row in rows(path, "session_stats") if row["session_name"] == IDS[0]]
    assert (mirrored["images_actual"], mirrored["session_path"]) == (3, str(nas / IDS[0]))
    assert with_metadata(path) == IDS[::2]


def test_a_neighbour_that_lets_nobody_delete_mirror_rows(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    with plain(path) as connection:
        connection.execute("CREATE TRIGGER guard BEFORE DELETE ON session_stats BEGIN SELECT raise(ABORT, 'no'); END")
    remove(images_dir, IDS[0], IDS[1])
    assert library.prune() == 1 + 1
    assert library.delete_stats(IDS[2])
    known = [row["session_id"] for row in rows(path, "sdgen_admin_sessions") if row["stats_computed_at"] is not None]
    assert known == IDS[3:]
    assert len(rows(path, "session_stats")) == len(IDS)
