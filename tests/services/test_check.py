"""Whether an images root and a database can be used. Looking changes nothing."""

from pathlib import Path

from sdgen_admin.errors import (
    DatabaseNotFoundError,
    ForeignLayoutError,
    ImagesRootError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
)
from sdgen_admin.services.check import check_database, check_root
from tests.neighbour import digest, make_database, plain
from tests.privileges import allow_writing, as_ordinary_user, forbid_writing


def test_a_good_images_root(images_dir: Path) -> None:
    finding = check_root(str(images_dir))
    assert (finding.is_there, finding.is_readable, finding.error) == (True, True, None)


def test_no_images_root(tmp_path: Path) -> None:
    finding = check_root(str(tmp_path / "nowhere"))
    assert (finding.is_there, finding.is_readable, finding.is_writable) == (False, False, False)
    assert isinstance(finding.error, ImagesRootError)
    assert finding.error.code == "root-offline"


def test_an_images_root_that_nobody_may_read(images_dir: Path) -> None:
    images_dir.chmod(0)
    try:
        finding = as_ordinary_user(lambda: check_root(str(images_dir)))
    finally:
        images_dir.chmod(0o755)
    assert (finding.is_there, finding.is_readable, finding.is_writable) == (True, False, False)
    assert isinstance(finding.error, ImagesRootError)
    assert finding.error.details["reason"] == "Permission denied"


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
    assert isinstance(finding.error, ReadOnlyDatabaseError)
    assert finding.error.message == f"{path} can be read but not written."
    assert finding.error.details == {"path": str(path)}


def test_a_file_that_is_not_a_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("notes " * 100)
    finding = check_database(str(path))
    assert (finding.is_there, finding.is_readable) == (True, False)
    assert isinstance(finding.error, NotADatabaseError)


def test_a_foreign_layout(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("CREATE TABLE session_metadata (id)")
    finding = check_database(str(path))
    assert not finding.is_readable
    assert isinstance(finding.error, ForeignLayoutError)


def test_a_table_of_statistics_in_an_unknown_layout_stops_nothing(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("CREATE TABLE session_stats (id)")
    finding = check_database(str(path))
    assert (finding.is_readable, finding.is_writable, finding.error) == (True, True, None)
