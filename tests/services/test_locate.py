"""An exact id is found by its key: the root, which may hold a hundred thousand folders, is not listed for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.errors import SessionNotFoundError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.privileges import as_ordinary_user
from tests.services.freshness import OTHER
from tests.services.watching import listings, times_listed

LIKE = SessionMetadataUpdate(is_favorite=True)
NEW = "20251109_120000-new"
Use = Callable[[SessionLibrary], object]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    make_session(images_dir)
    make_session(images_dir, OTHER)
    library = SessionLibrary(images_dir)
    library.compute()
    return library


BY_KEY: dict[str, Use] = {
    "get": lambda library: library.get(SESSION),
    "get as it is": lambda library: library.get(SESSION, fresh=False),
    "get by path": lambda library: library.get(f"{library.roots[0].path}/{SESSION}"),
    "resolve": lambda library: library.resolve([SESSION, OTHER]),
    "resolve a path": lambda library: library.resolve([f"{library.roots[0].path}/{SESSION}/"]),
    "compute": lambda library: library.compute([SESSION]),
    "compute again": lambda library: library.compute([SESSION, OTHER], force=True),
    "update": lambda library: library.update_metadata([SESSION, OTHER], LIKE),
    "dry run": lambda library: library.update_metadata(SESSION, LIKE, dry_run=True),
    "history": lambda library: library.history(SESSION),
    "delete stats": lambda library: library.delete_stats(SESSION),
    "records": lambda library: library.records([SESSION]).__enter__(),
}


@pytest.mark.parametrize("use", BY_KEY.values(), ids=BY_KEY)
def test_an_exact_id_does_not_list_the_root(library: SessionLibrary, images_dir: Path, use: Use) -> None:
    with listings() as heard:
        use(library)
    assert times_listed(heard, images_dir) == 0


LISTING: dict[str, Use] = {
    "find": lambda library: library.find(),
    "compute all": lambda library: library.compute(),
    "part of an id": lambda library: library.resolve(["portraits"]),
    "latest": lambda library: library.resolve(["latest"]),
    "several parts": lambda library: library.resolve(["portraits", "other", "latest"]),
}


NEW_BY_KEY: dict[str, Use] = {
    "get": lambda library: library.get(NEW),
    "update": lambda library: library.update_metadata([NEW, "20251110_120000-newer", SESSION], LIKE),
}


@pytest.mark.parametrize("use", LISTING.values(), ids=LISTING)
def test_what_has_to_list_the_root_lists_it_once(library: SessionLibrary, images_dir: Path, use: Use) -> None:
    make_session(images_dir, NEW)
    make_session(images_dir, "20251110_120000-newer")
    with listings() as heard:
        use(library)
    assert times_listed(heard, images_dir) == 1


@pytest.mark.parametrize("use", NEW_BY_KEY.values(), ids=NEW_BY_KEY)
def test_a_new_session_is_looked_for_by_its_name_alone(library: SessionLibrary, images_dir: Path, use: Use) -> None:
    make_session(images_dir, NEW)
    make_session(images_dir, "20251110_120000-newer")
    with listings() as heard:
        use(library)
    assert times_listed(heard, images_dir) == 0


def test_an_exact_id_is_found_in_a_root_that_may_not_be_listed(library: SessionLibrary, images_dir: Path) -> None:
    good = library.get(SESSION)
    images_dir.chmod(0o311)
    try:
        assert as_ordinary_user(lambda: library.get(SESSION)) == good
        assert as_ordinary_user(lambda: library.resolve([SESSION])) == [SESSION]
        assert as_ordinary_user(lambda: library.compute([SESSION], force=True)).computed == 1
    finally:
        images_dir.chmod(0o755)


def test_a_new_session_is_found_by_its_id(library: SessionLibrary, images_dir: Path) -> None:
    make_session(images_dir, NEW)
    assert library.get(NEW).stats is not None
    make_session(images_dir, "20251110_120000-newer")
    (change,) = library.update_metadata("20251110_120000-newer", LIKE)
    assert change.after.session_path == str(images_dir / "20251110_120000-newer")
    assert library.get("20251110_120000-newer", fresh=False).stats is None  # nobody has looked into the folder
    assert library.find(liked=True).sessions[0].stats is not None


def test_a_new_session_is_not_found_as_the_database_is(library: SessionLibrary, images_dir: Path) -> None:
    make_session(images_dir, NEW)
    with pytest.raises(SessionNotFoundError):
        library.get(NEW, fresh=False)
    with pytest.raises(SessionNotFoundError):
        library.resolve([NEW], fresh=False)
    assert library.delete_stats(NEW) is False


def test_many_named_sessions_are_looked_for_in_one_listing(images_dir: Path) -> None:
    ids = [f"20251107_12{number // 60:02}{number % 60:02}-a" for number in range(60)]
    for session_id in ids:
        make_session(images_dir, session_id, images=0, manifest="{}")
    library = SessionLibrary(images_dir)
    library.compute()
    with listings() as heard:
        assert library.compute(ids).fresh == 60
    assert times_listed(heard, images_dir) == 1
    (images_dir / ids[-1]).rename(images_dir / "elsewhere")
    with pytest.raises(SessionNotFoundError, match=f"'{ids[-1]}'"):
        library.compute(ids, force=True)
