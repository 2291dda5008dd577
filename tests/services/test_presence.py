"""Looking at the roots while other processes do the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.errors import ImagesRootError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.roots import as_roots
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.opened import OpenCollection, opened
from sdgen_admin.services.presence import look_at_roots
from tests.builders import SESSION, make_session
from tests.neighbour import plain


@contextmanager
def open_collection(images_dir: Path, path: Path) -> Iterator[OpenCollection]:
    roots = as_roots(images_dir)
    with opened(Database(path), roots, roots, for_writing=True, to_make=True) as collection:
        yield collection


def root_ids(path: Path) -> list[int]:
    with plain(path) as connection:
        return [root_id for (root_id,) in connection.execute("SELECT id FROM sdgen_admin_roots")]


def test_a_root_that_another_process_records_meanwhile(images_dir: Path, path: Path) -> None:
    make_session(images_dir)
    with open_collection(images_dir, path) as collection:
        assert collection.ids == {}
        SessionLibrary(images_dir, path).compute()
        (look,) = look_at_roots(collection)
        assert list(collection.ids) == [look.root]
        assert list(collection.ids.values()) == root_ids(path)


@pytest.mark.parametrize("is_known", [False, True])
def test_a_collection_that_another_process_moves_meanwhile(
    images_dir: Path, path: Path, tmp_path: Path, is_known: bool
) -> None:
    make_session(images_dir)
    SessionLibrary(images_dir, path).update_metadata(SESSION, SessionMetadataUpdate(user_note="typed"))
    moved = tmp_path / "moved"
    if is_known:
        make_session(moved, "20251101_120000-first")
        SessionLibrary(moved, path).compute()
        (images_dir / SESSION).rename(moved / SESSION)
        images_dir.rmdir()
    else:
        images_dir.rename(moved)
    with open_collection(moved, path) as collection:
        SessionLibrary(moved, path).compute()
        (look,) = look_at_roots(collection)
        assert list(collection.ids.values()) == root_ids(path)
    record = SessionLibrary(moved, path).get(SESSION)
    assert record.metadata is not None
    assert (look.root.path, record.metadata.user_note, record.problem) == (str(moved), "typed", None)


def test_no_database_is_made_where_a_drive_is_yet_to_be_mounted(tmp_path: Path) -> None:
    nas, home = tmp_path / "mnt" / "images", tmp_path / "home" / "images"
    make_session(home)
    library = SessionLibrary([nas, home])

    page = library.find()
    with pytest.raises(ImagesRootError) as raised:
        library.update_metadata(SESSION, SessionMetadataUpdate(is_favorite=True))

    assert [record.session_id for record in page.sessions] == [SESSION]
    assert raised.value.details["root"] == str(nas)
    assert not (tmp_path / "mnt").exists()
    elsewhere = SessionLibrary([nas, home], tmp_path / "sessions.db")
    assert elsewhere.update_metadata(SESSION, SessionMetadataUpdate(is_favorite=True))[0].after.is_favorite
