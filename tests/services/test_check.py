"""Whether images root and database can be used, found by looking only."""

from pathlib import Path

import pytest

from sdgen_admin.errors import DatabaseNotFoundError, ForeignLayoutError, ImagesRootError, NotADatabaseError
from sdgen_admin.services.check import check_database, check_images_dir
from tests.neighbour import digest, make_database, plain
from tests.privileges import allow_writing, as_ordinary_user, forbid_writing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metadata" / "sessions.db"


def test_a_good_images_root(images_dir: Path) -> None:
    finding = check_images_dir(str(images_dir))
    assert (finding.is_there, finding.is_readable, finding.error) == (True, True, None)


def test_no_images_root(tmp_path: Path) -> None:
    finding = check_images_dir(str(tmp_path / "nowhere"))
    assert (finding.is_there, finding.is_readable, finding.is_writable) == (False, False, False)
    assert isinstance(finding.error, ImagesRootError)


def test_a_good_database(path: Path) -> None:
    make_database(path)
    before = digest(path)
    finding = check_database(str(path))
    assert (finding.is_there, finding.is_readable, finding.is_writable, finding.error) == (True, True, True, None)
    assert digest(path) == before


def test_no_database_yet(path: Path) -> None:
    finding = check_database(str(path))
    assert (finding.is_there, finding.is_readable, finding.is_writable) == (False, False, True)
    assert isinstance(finding.error, DatabaseNotFoundError)
    assert not path.parent.exists()


def test_a_read_only_database(path: Path) -> None:
    make_database(path)
    forbid_writing(path)
    try:
        finding = as_ordinary_user(lambda: check_database(str(path)))
    finally:
        allow_writing(path)
    assert (finding.is_there, finding.is_readable, finding.is_writable) == (True, True, False)
    assert "reading works" in str(finding.error)


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("notes " * 100)
    finding = check_database(str(path))
    assert (finding.is_there, finding.is_readable) == (True, False)
    assert isinstance(finding.error, NotADatabaseError)


def test_a_foreign_layout(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("CREATE TABLE session_stats (id)")
    finding = check_database(str(path))
    assert not finding.is_readable
    assert isinstance(finding.error, ForeignLayoutError)
