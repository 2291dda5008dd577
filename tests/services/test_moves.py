"""A collection that moved shows its new place everywhere; a root that is named in another way is the same root."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.roots import database_beside
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.stats import SessionStatsService
from sdgen_admin.settings import find_settings
from tests.builders import SESSION, make_session
from tests.neighbour import plain, row, rows
from tests.platforms import needs_symlinks

NAMES = (SESSION, "20251108_120000-other", "20251109_120000-third")
LIKED = SessionMetadataUpdate(is_favorite=True, add_tags=("mine",))


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """The folder of a collection, images and metadata, about which something was typed."""
    folder = tmp_path / "before"
    for name in NAMES:
        make_session(folder / "images", name)
    library = SessionLibrary(folder / "images")
    library.compute()
    library.update_metadata(SESSION, LIKED)
    library.update_metadata(NAMES[2], SessionMetadataUpdate(user_note="good"))
    return folder


FIRST_LOOKS: dict[str, Callable[[SessionLibrary], object]] = {
    "find": lambda library: library.find(),
    "find as recorded": lambda library: library.find(fresh=False),
    "get": lambda library: library.get(SESSION),
    "get as recorded": lambda library: library.get(SESSION, fresh=False),
    "records": lambda library: library.records().__enter__(),
    "tags": lambda library: library.tags(),
    "models": lambda library: library.models(),
    "history": lambda library: library.history(),
    "resolve": lambda library: library.resolve(["latest"], fresh=False),
    "compute": lambda library: library.compute(SESSION),
    "update": lambda library: library.update_metadata(NAMES[1], LIKED),
    "undo": lambda library: library.undo(),
}


@pytest.mark.parametrize("look", FIRST_LOOKS.values(), ids=FIRST_LOOKS)
@pytest.mark.parametrize("with_metadata", [True, False])
def test_what_moved_is_at_its_new_place_from_the_first_look_on(
    tmp_path: Path, collection: Path, look: Callable[[SessionLibrary], object], with_metadata: bool
) -> None:
    after = tmp_path / "after"
    if with_metadata:
        shutil.move(collection, after)
        library = SessionLibrary(after / "images")
    else:
        shutil.move(collection / "images", after / "images")
        library = SessionLibrary(after / "images", collection / "metadata" / "sessions.db")

    look(library)

    path = str(after / "images" / SESSION)
    with library.records() as found:
        records = {record.session_id: record for record in found}
    assert records.keys() == set(NAMES)
    record = records[SESSION]
    assert (record.session_path, record.root, record.missing) == (path, "images", False)
    assert record.stats is not None
    assert record.metadata is not None
    assert (record.stats.session_path, record.metadata.session_path) == (path, path)
    assert str(collection / "images") not in record.model_dump_json()
    library.find()
    assert {mirrored["session_path"] for mirrored in rows(Path(library.db_path), "session_stats")} == {
        str(after / "images" / name) for name in NAMES
    }
    stats = SessionStatsService(library.db_path, after / "images").get_stats(SESSION)
    assert stats is not None
    assert stats.session_path == path


def test_the_stats_service_knows_what_moved(tmp_path: Path, collection: Path) -> None:
    after = tmp_path / "after"
    shutil.move(collection, after)
    service = SessionStatsService(after / "metadata" / "sessions.db", after / "images")

    stats = service.get_stats(SESSION)

    assert stats is not None
    assert stats.session_path == str(after / "images" / SESSION)
    assert len(service.list_all_stats()) == len(NAMES)


def test_changes_name_the_new_place(tmp_path: Path, collection: Path) -> None:
    after = tmp_path / "after"
    shutil.move(collection, after)
    library = SessionLibrary(after / "images")
    path = str(after / "images" / SESSION)

    (change,) = library.update_metadata(SESSION, SessionMetadataUpdate(user_note="still mine"))
    assert change.before is not None
    assert (change.before.session_path, change.after.session_path) == (path, path)
    (undone,) = library.undo().changes  # the note
    assert undone.after.session_path == path
    assert undone.after.tags == ("mine",)


def test_what_moved_is_shown_although_nothing_can_be_stored(tmp_path: Path, collection: Path) -> None:
    after = tmp_path / "after"
    shutil.move(collection, after)
    path = after / "metadata" / "sessions.db"
    before = path.read_bytes()
    with locked(path):
        page = SessionLibrary(after / "images").find(fresh=False)

    assert [record.session_path for record in page.sessions] == [
        str(after / "images" / name) for name in reversed(NAMES)
    ]
    assert path.read_bytes() == before


def test_what_was_copied_did_not_move(tmp_path: Path, collection: Path) -> None:
    shutil.copytree(collection / "images", tmp_path / "copy")
    path = collection / "metadata" / "sessions.db"

    assert SessionLibrary(tmp_path / "copy", path).find(fresh=False).total_count == 0
    assert SessionLibrary(collection / "images", path).find(fresh=False).total_count == len(NAMES)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a database as another program that is writing it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def roots_recorded(path: Path) -> int:
    with plain(path) as connection:
        (count,) = connection.execute("SELECT count(*) FROM sdgen_admin_roots").fetchone()
    return int(count)


OTHER_NAMES: dict[str, Callable[[Path], str]] = {
    "slash": lambda root: f"{root}{os.sep}",
    "relative": os.path.relpath,
    "roundabout": lambda root: str(root / ".." / root.name),
    "link": lambda root: str(root.parent.parent / "links" / "link"),
    "link with a slash": lambda root: str(root.parent.parent / "links" / "link") + os.sep,
    "link on the way": lambda root: str(root.parent.parent / "links" / "way" / root.name),
    "up behind a link": lambda root: str(root.parent.parent / "links" / "link" / ".." / root.name),
    "link to a link": lambda root: str(root.parent.parent / "links" / "twice"),
}


@needs_symlinks
@pytest.mark.parametrize("named", OTHER_NAMES.values(), ids=OTHER_NAMES)
def test_a_root_by_another_name_is_the_same_root(
    tmp_path: Path, collection: Path, named: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = collection / "images"
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "link").symlink_to(root)
    (tmp_path / "links" / "way").symlink_to(collection)
    (tmp_path / "links" / "twice").symlink_to(tmp_path / "links" / "link")
    other = named(root)
    database = str(collection / "metadata" / "sessions.db")

    for library in (SessionLibrary(other), SessionLibrary(find_settings([other]).roots)):
        assert library.db_path == find_settings([other]).db_path == database
        page = library.find(fresh=False)
        assert [record.session_id for record in page.sessions] == list(reversed(NAMES))
        assert library.compute().computed == 0
        assert library.tags() == {"mine": 1}
        assert roots_recorded(Path(database)) == 1
    assert [len(SessionLibrary([root, other]).roots), len(SessionLibrary([other, root]).roots)] == [1, 1]
    assert SessionLibrary(root).find().total_count == len(NAMES)
    assert not (tmp_path / "links" / "metadata").exists()


@needs_symlinks
def test_a_new_collection_behind_a_link_has_its_database_beside_the_folder(tmp_path: Path) -> None:
    make_session(tmp_path / "real" / "images")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "link").symlink_to(tmp_path / "real" / "images")

    SessionLibrary(tmp_path / "links" / "link").compute()

    assert (tmp_path / "real" / "metadata" / "sessions.db").exists()
    assert not (tmp_path / "links" / "metadata").exists()


@needs_symlinks
def test_a_database_beside_a_link_stays_in_use_until_there_is_one_beside_the_folder(tmp_path: Path) -> None:
    make_session(tmp_path / "real" / "images")
    (tmp_path / "links" / "metadata").mkdir(parents=True)
    (tmp_path / "links" / "link").symlink_to(tmp_path / "real" / "images")
    beside_link = tmp_path / "links" / "metadata" / "sessions.db"
    SessionLibrary(tmp_path / "real" / "images", beside_link).update_metadata(SESSION, LIKED)

    assert SessionLibrary(tmp_path / "links" / "link").db_path == str(beside_link)
    assert SessionLibrary(tmp_path / "links" / "link").tags() == {"mine": 1}

    SessionLibrary(tmp_path / "real" / "images").compute()
    assert SessionLibrary(tmp_path / "links" / "link").db_path == str(tmp_path / "real" / "metadata" / "sessions.db")


@needs_symlinks
def test_nothing_is_written_inside_a_root_that_a_link_leads_into(tmp_path: Path) -> None:
    (tmp_path / "real" / "images" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "images" / "deep")
    library = SessionLibrary([tmp_path / "link", tmp_path / "real" / "images"])

    assert library.db_path == database_beside(library.roots) == str(tmp_path / "real" / "metadata" / "sessions.db")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux mounts one folder at two places")
def test_a_root_mounted_at_two_places_is_the_same_root(tmp_path: Path, collection: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    mounted = subprocess.run(["mount", "--bind", collection / "images", second], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount")
    try:
        path = collection / "metadata" / "sessions.db"
        library = SessionLibrary(second, path)
        assert library.find(fresh=False).total_count == len(NAMES)
        assert library.compute().computed == 0
        assert len(SessionLibrary([second, collection / "images"], path).roots) == 1
        mirrored = row(path, "session_stats", SESSION)
        assert mirrored is not None
        assert mirrored["session_path"] == str(second / SESSION)
        assert roots_recorded(path) == 1
    finally:
        subprocess.run(["umount", second], check=True)
