"""What happens inside a folder, and that the next listing is right and nothing that was typed is lost."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.models.stats import STATS_VERSION
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, add_image, date, make_manifest, make_session, write_manifest
from tests.neighbour import plain, row
from tests.privileges import as_ordinary_user
from tests.services.freshness import OTHER, only, report_of, settle, stats_of


def test_what_is_fresh_is_not_computed_again(library: SessionLibrary, path: Path) -> None:
    before = row(path, "sdgen_admin_sessions", SESSION)
    report = report_of(library)
    assert before is not None
    assert (report.computed, report.fresh, report.failed) == (0, 1, 0)
    assert row(path, "sdgen_admin_sessions", SESSION) == before


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
    assert (stats_of(record).width, stats_of(record).height) == (512, None)
    assert (record.run_status, record.status) == ("ongoing", "stalled")


def test_manifest_of_another_size_but_the_same_time(library: SessionLibrary, folder: Path) -> None:
    before = (folder / "manifest.json").stat()
    write_manifest(folder, make_manifest(snapshot={"version": "3.0.1-longer"}))
    date(folder / "manifest.json", datetime.fromtimestamp(before.st_mtime))
    assert stats_of(only(library)).template_version == "3.0.1-longer"


@pytest.mark.parametrize(
    "content",
    [
        b'{"snapshot": {"version": "2',
        b"",
        b"[]",
        b"{}",
        b'{"snapshot": {}}',
        b'{"snapshot": {}, "images": []}',
        b"\xff\xfe",
        b"\0" * 100,
    ],
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
        assert record.outdated
        assert record.problem is not None
        assert "manifest.json" in record.problem
        assert (record.status, record.scheduler) == ("completed", "karras")
        assert (record.source, record.confidence) == ("manifest", "high")
    assert library.find(problem=True).total_count == 1
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
    assert only(library).outdated
    write_manifest(folder, make_manifest(api={"steps": 50}))
    record = only(library)
    assert (record.outdated, record.problem, stats_of(record).steps) == (False, None, 50)


def test_an_invalid_manifest_without_good_stats_gets_what_the_folder_tells(
    library: SessionLibrary, images_dir: Path
) -> None:
    make_session(images_dir, OTHER, manifest="[]", images=3)
    record = library.get(OTHER)
    assert stats_of(record).model_dump(exclude_none=True).keys() == {
        "session_id",
        "session_path",
        "images_actual",
        "session_created_at",
        "first_image_created_at",
        "last_image_created_at",
        "stats_computed_at",
        "stats_version",
    }
    assert (stats_of(record).images_actual, record.source, record.confidence) == (3, "folder", "low")
    assert record.problem == "manifest.json is not complete, or not a JSON object."
    assert not record.outdated


def test_what_the_folder_told_is_not_kept(library: SessionLibrary, images_dir: Path) -> None:
    folder = make_session(images_dir, OTHER, manifest="[]", images=3)
    assert stats_of(library.get(OTHER)).images_actual == 3
    add_image(folder, "one more.png")
    record = library.get(OTHER)
    assert (stats_of(record).images_actual, record.outdated) == (4, False)


def test_manifest_removed(library: SessionLibrary, folder: Path) -> None:
    (folder / "manifest.json").unlink()
    settle(folder)
    record = only(library)
    assert record.problem == "There is no manifest.json in the folder."
    assert (stats_of(record).images_actual, stats_of(record).sd_model, record.status) == (6, None, "unknown")
    assert (record.source, record.confidence, record.run_status) == ("folder", "low", None)
    assert not record.outdated


def test_a_manifest_that_nobody_may_read(library: SessionLibrary, folder: Path) -> None:
    good = only(library).stats
    (folder / "manifest.json").chmod(0)
    add_image(folder, "late.png")
    settle(folder)
    record = as_ordinary_user(lambda: only(library))
    assert (record.stats, record.outdated) == (good, True)
    (folder / "manifest.json").chmod(0o644)
    assert stats_of(only(library)).images_actual == 7  # although no fingerprint changed


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


RESTARTED = '{"snapshot": {}, "status": "ongoing", "images": [{"seed": 5}, {"seed": 6}]}'


@pytest.mark.parametrize("is_known", [False, True])
def test_a_restarted_manifest_keeps_its_status_images_and_seeds(
    library: SessionLibrary, folder: Path, images_dir: Path, is_known: bool
) -> None:
    if is_known:  # an empty snapshot is what the manifest says now, not one that cannot be read
        write_manifest(folder, RESTARTED)
        settle(folder)
    else:
        make_session(images_dir, OTHER, manifest=RESTARTED)
    record = library.get(SESSION if is_known else OTHER)
    assert record.problem == "manifest.json was restarted: its snapshot is empty."
    assert (record.source, record.confidence, record.outdated) == ("manifest", "high", False)
    assert (record.status, record.run_status, record.images_recorded) == ("stalled", "ongoing", 2)
    assert (record.seed_min, record.seed_max, record.seed_run) == (5, 6, "progressive")
    stats = stats_of(record)
    assert stats.images_actual == 6
    assert (stats.sd_model, stats.seed_base, stats.images_expected, stats.completion_percentage) == (None,) * 4
    assert (stats.is_seed_sweep, stats.placeholders, record.pools, record.complete) == (None,) * 4


@pytest.mark.parametrize(("version", "is_outdated"), [(1, True), (0, True), (None, True), (99, False)])
def test_facts_by_earlier_rules_are_computed_again_and_later_ones_are_not(
    library: SessionLibrary, path: Path, version: int | None, is_outdated: bool
) -> None:
    with plain(path) as connection:
        connection.execute("UPDATE sdgen_admin_sessions SET stats_version = ?, sd_model = 'old'", (version,))
    report = report_of(library)
    assert (report.computed, report.fresh) == ((1, 0) if is_outdated else (0, 1))
    stats = stats_of(only(library))
    assert (stats.stats_version, stats.sd_model == "old") == ((STATS_VERSION, False) if is_outdated else (99, True))
