"""What happens to folders, and that the next listing is right and nothing that was typed is lost."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.reports import ComputeReport
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, add_image, an_hour_ago, date, make_manifest, make_session, write_manifest
from tests.neighbour import make_database, plain, row, rows, write_metadata, write_stats
from tests.platforms import needs_raw_names
from tests.privileges import as_ordinary_user

OTHER = "20251108_120000-other"
TYPED = SessionMetadataUpdate(is_favorite=True, user_note="keep me", tags=("a", "b"))


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library with one complete session about which the person said something, all settled and computed."""
    make_session(images_dir)
    library = SessionLibrary(images_dir)
    library.update_metadata(SESSION, TYPED)
    library.compute()
    return library


@pytest.fixture
def folder(library: SessionLibrary) -> Path:
    return Path(library.images_dir) / SESSION


@pytest.fixture
def path(library: SessionLibrary) -> Path:
    return Path(library.database.path)


def only(library: SessionLibrary, **query: object) -> SessionRecord:
    """Return the one session that the next listing has; what was typed about it is still there."""
    (record,) = library.find(SessionFilter.model_validate(query)).sessions
    assert record.metadata is not None
    assert (record.metadata.is_favorite, record.metadata.user_note) == (True, "keep me")
    assert record.metadata.tags == ("a", "b")
    return record


def stats_of(record: SessionRecord) -> SessionStats:
    assert record.stats is not None
    return record.stats


def report_of(library: SessionLibrary) -> ComputeReport:
    reports: list[ComputeReport] = []
    library.find(on_report=reports.append)
    return reports[0]


def settle(folder: Path) -> None:
    """Date folder and manifest differently from before, but long enough ago."""
    when = an_hour_ago() + timedelta(minutes=10)
    for path in (folder, folder / "manifest.json"):
        if path.exists():
            date(path, when)


def test_what_is_fresh_is_not_computed_again(library: SessionLibrary, path: Path) -> None:
    before = row(path, "session_stats", SESSION)
    report = report_of(library)
    assert (report.computed, report.fresh, report.failed) == (0, 1, 0)
    assert row(path, "session_stats", SESSION) == before


def test_force_computes_what_is_fresh(library: SessionLibrary, path: Path) -> None:
    before = stats_of(only(library)).stats_computed_at
    assert library.compute(force=True).computed == 1
    after = stats_of(only(library)).stats_computed_at
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.parametrize("settled", [False, True])
def test_images_added(library: SessionLibrary, folder: Path, settled: bool) -> None:
    add_image(folder, "late.PNG")
    if settled:
        settle(folder)
    stats = stats_of(only(library))
    assert (stats.images_actual, stats.images_expected, stats.completion_percentage) == (7, 6, 116.67)


def test_images_deleted(library: SessionLibrary, folder: Path) -> None:
    for number in range(3):
        (folder / f"image_{number:04}.png").unlink()
    settle(folder)
    stats = stats_of(only(library, complete=False))
    assert (stats.images_actual, stats.completion_percentage) == (3, 50.0)


def test_manifest_rewritten(library: SessionLibrary, folder: Path) -> None:
    write_manifest(folder, make_manifest(api={"width": 512}, top={"status": "ongoing"}))
    settle(folder)
    record = only(library)
    assert (stats_of(record).width, stats_of(record).height, record.status) == (512, None, "ongoing")


def test_manifest_of_another_size_but_the_same_time(library: SessionLibrary, folder: Path) -> None:
    before = (folder / "manifest.json").stat()
    write_manifest(folder, make_manifest(snapshot={"version": "3.0.1-longer"}))
    date(folder / "manifest.json", datetime.fromtimestamp(before.st_mtime))
    assert stats_of(only(library)).template_version == "3.0.1-longer"


@pytest.mark.parametrize(
    "content", [b'{"snapshot": {"version": "2', b"", b"[]", b"{}", b'{"snapshot": {}}', b"\xff\xfe", b"\0" * 100]
)
def test_an_unreadable_manifest_never_replaces_good_stats(
    library: SessionLibrary, folder: Path, content: bytes
) -> None:
    good = only(library)
    write_manifest(folder, content)
    settle(folder)
    for _ in range(2):  # also when it is known already
        record = only(library)
        assert record.stats == good.stats
        assert record.stale
        assert record.problem is not None
        assert "manifest.json" in record.problem
        assert (record.status, record.scheduler) == (good.status, good.scheduler)
    assert library.find(SessionFilter(problem=True)).total_count == 1
    assert [problem.session_id for problem in report_of(library).problems] == [SESSION]


def test_good_stats_are_kept_when_they_are_asked_for_again(library: SessionLibrary, folder: Path) -> None:
    good = only(library).stats
    write_manifest(folder, '{"snapshot":')
    settle(folder)
    report = library.compute([SESSION], force=True)
    assert (report.computed, len(report.problems)) == (1, 1)
    assert only(library).stats == good


def test_a_mended_manifest_is_read_again(library: SessionLibrary, folder: Path) -> None:
    write_manifest(folder, '{"snapshot":')
    settle(folder)
    assert only(library).stale
    write_manifest(folder, make_manifest(api={"steps": 50}))
    record = only(library)
    assert (record.stale, record.problem, stats_of(record).steps) == (False, None, 50)


def test_an_invalid_manifest_without_good_stats_gets_what_the_folder_tells(
    library: SessionLibrary, images_dir: Path
) -> None:
    make_session(images_dir, OTHER, manifest="[]", images=3)
    record = library.get(OTHER)
    assert (stats_of(record).images_actual, stats_of(record).images_expected, stats_of(record).sd_model) == (3, 0, None)
    assert record.problem is not None
    assert not record.stale


def test_what_the_folder_told_is_no_good_stats_to_keep(library: SessionLibrary, images_dir: Path) -> None:
    folder = make_session(images_dir, OTHER, manifest="[]", images=3)
    assert stats_of(library.get(OTHER)).images_actual == 3
    add_image(folder, "one more.png")
    record = library.get(OTHER)
    assert (stats_of(record).images_actual, record.stale) == (4, False)


def test_manifest_removed(library: SessionLibrary, folder: Path) -> None:
    (folder / "manifest.json").unlink()
    settle(folder)
    record = only(library)
    assert record.problem == "There is no manifest.json in the folder."
    assert (stats_of(record).images_actual, stats_of(record).sd_model, record.status) == (6, None, None)


def test_a_manifest_that_nobody_may_read(library: SessionLibrary, folder: Path) -> None:
    good = only(library).stats
    (folder / "manifest.json").chmod(0)
    add_image(folder, "late.png")
    settle(folder)
    record = as_ordinary_user(lambda: only(library))
    assert (record.stats, record.stale) == (good, True)
    (folder / "manifest.json").chmod(0o644)
    assert stats_of(only(library)).images_actual == 7  # although no fingerprint changed


def test_a_folder_that_nobody_may_read(library: SessionLibrary, folder: Path) -> None:
    good = only(library).stats
    add_image(folder, "late.png")
    settle(folder)
    folder.chmod(0)
    try:
        record = as_ordinary_user(lambda: only(library))
        failed = as_ordinary_user(lambda: library.compute([SESSION]))
    finally:
        folder.chmod(0o755)
    assert (record.stats, record.stale) == (good, True)
    assert (failed.computed, failed.failed) == (0, 1)
    assert stats_of(only(library)).images_actual == 7


def test_a_new_folder(library: SessionLibrary, images_dir: Path) -> None:
    make_session(images_dir, OTHER)
    page = library.find()
    assert [record.session_id for record in page.sessions] == [OTHER, SESSION]


def test_a_renamed_folder(library: SessionLibrary, folder: Path, images_dir: Path) -> None:
    folder.rename(images_dir / OTHER)
    (here,) = library.find().sessions
    assert (here.session_id, here.metadata) == (OTHER, None)
    assert stats_of(here).session_path == str(images_dir / OTHER)
    assert only(library, missing=True).session_id == SESSION
    (images_dir / OTHER).rename(folder)
    assert only(library).session_id == SESSION


def test_a_folder_that_is_gone_and_comes_back(library: SessionLibrary, folder: Path, tmp_path: Path) -> None:
    good = only(library).stats
    folder.rename(tmp_path / "elsewhere")
    assert library.find().total_count == 0
    assert only(library, missing=True).stats == good
    assert library.get(SESSION).missing
    (tmp_path / "elsewhere").rename(folder)
    record = only(library)
    assert (record.stats, record.missing) == (good, False)
    assert library.find(SessionFilter(missing=True)).total_count == 0


def test_a_folder_that_comes_back_changed(library: SessionLibrary, folder: Path) -> None:
    shutil.rmtree(folder)
    assert library.find().total_count == 0
    make_session(folder.parent, images=2)
    settle(folder)
    assert stats_of(only(library)).images_actual == 2


def test_one_session_asked_for_by_name_is_found_gone_and_back(
    library: SessionLibrary, folder: Path, tmp_path: Path
) -> None:
    folder.rename(tmp_path / "elsewhere")
    assert library.get(SESSION).missing
    assert library.find(fresh=False).total_count == 0
    (tmp_path / "elsewhere").rename(folder)
    assert not library.get(SESSION).missing
    assert library.find(fresh=False).total_count == 1


def test_a_file_in_place_of_the_folder(library: SessionLibrary, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("no folder")
    assert library.get(SESSION).missing
    assert library.find().total_count == 0


@pytest.mark.parametrize("young", ["folder", "manifest"])
def test_young_times_are_distrusted(library: SessionLibrary, folder: Path, young: str) -> None:
    ahead = datetime.now() + timedelta(hours=1)
    date(folder if young == "folder" else folder / "manifest.json", ahead)
    assert [report_of(library).computed for _ in range(2)] == [1, 1]
    settle(folder)
    assert [report_of(library).computed for _ in range(2)] == [1, 0]


def test_a_change_within_the_same_instant_is_seen(library: SessionLibrary, folder: Path) -> None:
    now = datetime.now() + timedelta(seconds=60)
    date(folder, now)
    assert stats_of(only(library)).images_actual == 6
    add_image(folder, "late.png")
    date(folder, now)
    assert stats_of(only(library)).images_actual == 7


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
        lambda library: library.prune(),
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


def test_a_session_that_goes_while_it_is_computed(library: SessionLibrary, images_dir: Path) -> None:
    for number in range(3):
        make_session(images_dir, f"2025120{number + 1}_120000-a", images=1)

    def remove_all(done: int, total: int) -> None:
        if done == 1:
            for folder in images_dir.iterdir():
                shutil.rmtree(folder)

    report = library.compute(jobs=1, force=True, progress=remove_all)
    assert 1 <= report.computed < 4
    assert report.failed == 0
    assert library.find().total_count == 0
    assert only(library, missing=True, liked=True).session_id == SESSION


@needs_raw_names
def test_a_folder_whose_name_is_no_utf_8_is_reported_and_not_stored(library: SessionLibrary, path: Path) -> None:
    name = b"20251101_120000-\xff"
    Path(library.images_dir, name.decode("utf-8", "surrogateescape")).mkdir()
    report = library.compute()
    assert (report.fresh, report.failed) == (1, 0)
    assert [(problem.session_id, problem.is_unlisted) for problem in report.problems] == [
        ("20251101_120000-\\xff", True)
    ]
    assert [found["session_id"] for found in rows(path, "session_stats")] == [SESSION]


def test_an_unmounted_root_changes_nothing(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    good = only(library).stats
    images_dir.rename(images_dir.parent / "unmounted")
    images_dir.mkdir()
    assert library.find().total_count == 0
    assert rows(path, "session_metadata")[0]["user_note"] == "keep me"
    images_dir.rmdir()
    (images_dir.parent / "unmounted").rename(images_dir)
    assert only(library).stats == good


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
