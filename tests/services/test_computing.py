"""What computing stores and reports, and what of other programs and people it leaves as it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.models.records import SessionRecord
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.neighbour import make_database, plain, row, rows, write_metadata, write_stats
from tests.services.freshness import OTHER, TYPED, only, stats_of


@pytest.mark.parametrize(
    "columns",
    [
        {"sd_model": "theirs"},
        {"sd_model": "theirs", "stats_version": None},
        {"sd_model": "theirs", "images_actual": 99, "stats_computed_at": "2099-01-01T00:00:00"},
    ],
)
def test_a_row_of_another_program_is_computed_again(
    library: SessionLibrary, path: Path, columns: dict[str, object]
) -> None:
    good = only(library)
    write_stats(path, SESSION, **columns)
    assert stats_of(library.get(SESSION, fresh=False)).sd_model == "theirs"
    assert without_time(only(library)) == without_time(good)


@pytest.mark.parametrize("version", [0, 2, None, "1.5"])
def test_another_stats_version_is_computed_again(library: SessionLibrary, path: Path, version: object) -> None:
    with plain(path) as connection:
        connection.execute("UPDATE session_stats SET stats_version = ?, sd_model = 'old'", (version,))
    record = only(library)
    assert stats_of(record).stats_version == 1
    assert stats_of(record).sd_model != "old"


def without_time(record: SessionRecord) -> dict[str, object]:
    return stats_of(record).model_dump(exclude={"stats_computed_at"})


def test_other_programs_columns_keep_their_values(images_dir: Path) -> None:
    library = SessionLibrary(images_dir)
    path = Path(library.database.path)
    make_database(path)
    with plain(path) as connection:
        connection.execute("ALTER TABLE session_stats ADD COLUMN ui_rank INTEGER")
    make_session(images_dir)
    write_stats(path, SESSION, ui_rank=7)
    assert library.compute().computed == 1
    found = row(path, "session_stats", SESSION)
    assert found is not None
    assert (found["ui_rank"], found["images_actual"]) == (7, 6)


Use = Callable[[SessionLibrary], object]


@pytest.mark.parametrize(
    "use",
    [
        lambda library: library.compute(force=True),
        lambda library: library.compute([SESSION]),
        lambda library: library.find(),
        lambda library: library.get(SESSION),
        lambda library: (library.compute(), library.prune()),
    ],
)
def test_computing_makes_no_metadata(images_dir: Path, use: Use) -> None:
    make_session(images_dir)
    library = SessionLibrary(images_dir)
    use(library)
    assert rows(Path(library.database.path), "session_metadata") == []


def test_computing_leaves_metadata_as_it_is(library: SessionLibrary, path: Path) -> None:
    write_metadata(path, OTHER, tags="no JSON", user_rating="love")
    before = rows(path, "session_metadata")
    library.compute(force=True)
    library.find()
    assert rows(path, "session_metadata") == before


def test_progress_and_report(images_dir: Path) -> None:
    for number in range(5):
        make_session(images_dir, f"2025110{number + 1}_120000-a", images=1)
    make_session(images_dir, "20251109_120000-bare", without_manifest=True)
    (images_dir / "thumbnails").mkdir()
    told: list[tuple[int, int]] = []
    report = SessionLibrary(images_dir).compute(jobs=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 6) for done in range(1, 7)]
    assert (report.computed, report.fresh, report.failed, report.passed_over) == (6, 0, 0, 1)
    assert [problem.session_id for problem in report.problems] == ["20251109_120000-bare"]


class StoppedError(Exception):
    pass


def test_what_is_done_when_it_is_stopped_is_kept(images_dir: Path) -> None:
    for number in range(6):
        make_session(images_dir, f"2025110{number + 1}_120000-a", images=1)
    library = SessionLibrary(images_dir)

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        library.compute(jobs=1, progress=stop)
    assert len(rows(Path(library.database.path), "session_stats")) == 4
    report = library.compute()
    assert (report.computed, report.fresh) == (2, 4)


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_it_works_in_either_journal_mode(images_dir: Path, mode: str) -> None:
    library = SessionLibrary(images_dir)
    path = Path(library.database.path)
    make_database(path, journal_mode=mode)
    make_session(images_dir)
    library.update_metadata(SESSION, TYPED)
    assert stats_of(only(library)).images_actual == 6
    with plain(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
