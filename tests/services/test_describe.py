"""What the database holds for this tool and for its neighbours. Looking changes nothing."""

from pathlib import Path

import pytest

from sdgen_admin.errors import DatabaseNotFoundError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import DatabaseReport
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.neighbour import METADATA, WEB_UI, digest, make_database, plain, write_metadata, write_stats
from tests.privileges import as_ordinary_user, read_only

OTHER = "20251108_120000-other"
THEIRS = "thumbnails"


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library with two sessions, none of them computed yet."""
    make_session(images_dir)
    make_session(images_dir, OTHER)
    return SessionLibrary(images_dir)


def described(library: SessionLibrary) -> DatabaseReport:
    """Return what is there, having seen that looking changed nothing."""
    before = digest(Path(library.db_path))
    report = library.describe()
    assert digest(Path(library.db_path)) == before
    return report


def test_without_a_database_there_is_nothing_to_describe(library: SessionLibrary) -> None:
    with pytest.raises(DatabaseNotFoundError) as caught:
        library.describe()
    assert (caught.value.code, caught.value.details) == ("no-database", {"path": library.db_path})
    assert not library.exists()


def test_a_database_of_our_own(library: SessionLibrary) -> None:
    library.compute()
    assert described(library) == DatabaseReport(layout="own", mirrored=2, others=0, sessions=2)


def test_a_database_of_the_web_ui(library: SessionLibrary, path: Path) -> None:
    make_database(path, script=WEB_UI)
    assert described(library) == DatabaseReport(layout="web UI, version 1", mirrored=0, others=0)
    write_stats(path, THEIRS)
    assert described(library) == DatabaseReport(layout="web UI, version 1", mirrored=0, others=1)
    library.compute()
    assert described(library) == DatabaseReport(layout="web UI, version 1", mirrored=2, others=1, sessions=2)


def test_a_database_without_statistics(library: SessionLibrary, path: Path) -> None:
    make_database(path, script=METADATA)
    assert described(library) == DatabaseReport(layout="none", mirror_problem="There is no table session_stats.")
    library.compute()
    assert described(library) == DatabaseReport(layout="own", mirrored=2, sessions=2)


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE session_stats (id)",
        "CREATE VIEW session_stats AS SELECT 1 AS session_name",
        "CREATE TABLE session_stats (session_name TEXT, stats_computed_at TEXT NOT NULL)",
    ],
)
def test_an_unknown_layout_switches_only_the_mirror_off(library: SessionLibrary, path: Path, table: str) -> None:
    with plain(path) as connection:
        connection.execute(table)
    library.compute()
    library.update_metadata(SESSION, SessionMetadataUpdate(is_favorite=True))
    report = described(library)
    assert (report.layout, report.mirrored, report.others, report.sessions) == ("unknown", 0, 0, 2)
    assert report.mirror_problem
    assert library.find(liked=True).total_count == 1


def test_a_mirror_that_fails_says_why(library: SessionLibrary, path: Path) -> None:
    make_database(path)
    with plain(path) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON session_stats BEGIN SELECT raise(ABORT, 'not by strangers'); END"
        )
    library.compute()
    report = described(library)
    assert (report.layout, report.mirrored, report.sessions) == ("web UI, version 1", 0, 2)
    assert report.mirror_problem is not None
    assert "not by strangers" in report.mirror_problem
    assert library.find().total_count == 2


def test_sessions_that_only_metadata_tells_of(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    write_metadata(path, SESSION, session_path=str(images_dir / SESSION))
    write_metadata(path, "20240101_120000-gone", session_path=str(images_dir / "20240101_120000-gone"))
    write_metadata(path, "20240102_120000-windows", session_path=r"D:\sd\out\20240102_120000-windows")
    write_metadata(path, "20240103_120000-nowhere", session_path="")
    library.compute()
    report = described(library)
    assert (report.sessions, report.without_root) == (3, 2)
    assert [record.session_id for record in library.find(missing=True).sessions] == ["20240101_120000-gone"]


def test_sessions_of_all_roots_are_counted(library: SessionLibrary, tmp_path: Path) -> None:
    library.compute()
    make_session(tmp_path / "nas", "20251109_120000-nas")
    SessionLibrary(tmp_path / "nas", library.db_path).compute()
    assert described(library) == DatabaseReport(layout="own", mirrored=3, sessions=3)


def test_a_read_only_database(library: SessionLibrary, path: Path) -> None:
    library.compute()
    with read_only(path):
        report = as_ordinary_user(lambda: described(library))
    assert (report.layout, report.mirrored, report.sessions) == ("own", 2, 2)


def test_a_path_in_a_configured_root_that_nobody_has_looked_at_lies_in_a_known_root(
    images_dir: Path, path: Path
) -> None:
    write_metadata(path, SESSION, session_path=str(images_dir / SESSION))
    write_metadata(path, "20251101_100000-x", session_path="D:\\sd\\20251101_100000-x")

    assert SessionLibrary(images_dir, path).describe().without_root == 1
