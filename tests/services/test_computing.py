"""What computing stores and reports, and what people typed and it leaves as it is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, date, make_session
from tests.neighbour import make_database, plain, rows, write_metadata
from tests.services.freshness import OTHER, TYPED, only, stats_of

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
def test_computing_makes_no_metadata(images_dir: Path, path: Path, use: Use) -> None:
    make_session(images_dir)
    use(SessionLibrary(images_dir))
    assert rows(path, "session_metadata") == []
    assert len(rows(path, "sdgen_admin_sessions")) == 1


def test_computing_leaves_metadata_as_it_is(library: SessionLibrary, path: Path) -> None:
    write_metadata(path, OTHER, tags="not JSON", user_rating="love")
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


def test_what_is_done_when_it_is_stopped_is_kept(images_dir: Path, path: Path) -> None:
    for number in range(6):
        make_session(images_dir, f"2025110{number + 1}_120000-a", images=1)
    library = SessionLibrary(images_dir)

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        library.compute(jobs=1, progress=stop)
    assert len(rows(path, "sdgen_admin_sessions")) == 4
    report = library.compute()
    assert (report.computed, report.fresh) == (2, 4)


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_it_works_in_either_journal_mode(images_dir: Path, path: Path, mode: str) -> None:
    library = SessionLibrary(images_dir)
    make_database(path, journal_mode=mode)
    make_session(images_dir)
    library.update_metadata(SESSION, TYPED)
    assert stats_of(only(library)).images_actual == 6
    with plain(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)


def test_the_report_of_some(images_dir: Path) -> None:
    for number in range(5):
        make_session(images_dir, f"2025110{number + 1}_120000-a", images=1)
    make_session(images_dir, "20251109_120000-bare", without_manifest=True)
    library = SessionLibrary(images_dir)
    first = library.compute(["20251101_120000-a", "20251109_120000-bare"])
    assert (first.computed, first.fresh, [problem.session_id for problem in first.problems]) == (
        2,
        0,
        ["20251109_120000-bare"],
    )
    again = library.compute(["20251101_120000-a", "20251102_120000-a"])
    assert (again.computed, again.fresh, again.problems) == (1, 1, ())
    assert library.compute("20251109_120000-bare").problems == first.problems  # although it is fresh


def test_the_sessions_that_a_filter_matches_are_computed(images_dir: Path) -> None:
    for number in range(5):
        make_session(images_dir, f"2025110{number + 1}_120000-a", images=1)
    library = SessionLibrary(images_dir)
    library.update_metadata(["20251101_120000-a", "20251103_120000-a"], TYPED)
    library.compute()
    report = library.compute(SessionFilter(liked=True), force=True)
    assert (report.computed, report.fresh) == (2, 0)
    # Order and page do not matter.
    report = library.compute(SessionFilter(sort="model", limit=1, offset=3), force=True)
    assert (report.computed, report.fresh) == (5, 0)
    assert library.compute(SessionFilter(liked=True, from_date="2025-11-02")).fresh == 1
    assert library.compute(SessionFilter(search="no such word")).computed == 0


def test_what_a_filter_matches_is_decided_by_fresh_facts(images_dir: Path) -> None:
    folder = make_session(images_dir, images=6)
    library = SessionLibrary(images_dir)
    library.compute()
    (folder / "image_0000.png").unlink()
    date(folder, datetime.now() - timedelta(minutes=30))
    assert library.compute(SessionFilter(complete=True), force=True).computed == 0
    assert library.compute(SessionFilter(complete=False), force=True).computed == 1
