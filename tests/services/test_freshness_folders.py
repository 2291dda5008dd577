"""Folders that come, go or cannot be read, and that the next listing is right and nothing that was typed is lost."""

import os
import shutil
from pathlib import Path

import pytest

from sdgen_admin.models.reports import ComputeReport
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, add_image, make_session
from tests.neighbour import rows
from tests.platforms import needs_raw_names
from tests.privileges import as_ordinary_user
from tests.services.freshness import OTHER, only, report_of, settle, stats_of


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
    assert (record.stats, record.outdated) == (good, True)
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


@pytest.fixture
def elsewhere(library: SessionLibrary, images_dir: Path, tmp_path: Path) -> Path:
    """A place to move the session to, while another one shows that its root is not offline."""
    make_session(images_dir, OTHER)
    library.compute()
    return tmp_path / "elsewhere"


def test_a_folder_that_is_gone_and_comes_back(library: SessionLibrary, folder: Path, elsewhere: Path) -> None:
    good = only(library, liked=True).stats
    folder.rename(elsewhere)
    assert library.find(liked=True).total_count == 0
    assert only(library, missing=True).stats == good
    assert library.get(SESSION).missing
    elsewhere.rename(folder)
    record = only(library, liked=True)
    assert (record.stats, record.missing) == (good, False)
    assert library.find(missing=True).total_count == 0


def test_what_is_missing_is_reported_and_what_is_newly_so(
    library: SessionLibrary, folder: Path, elsewhere: Path
) -> None:
    folder.rename(elsewhere)
    reports = [report_of(library) for _ in range(2)]
    assert [(report.fresh, report.missing, report.newly_missing) for report in reports] == [(1, 1, 1), (1, 1, 0)]
    elsewhere.rename(folder)
    assert (report_of(library).missing, report_of(library).fresh) == (0, 2)


@pytest.mark.usefixtures("elsewhere")
def test_a_folder_that_comes_back_changed(library: SessionLibrary, folder: Path) -> None:
    shutil.rmtree(folder)
    assert library.find(liked=True).total_count == 0
    make_session(folder.parent, images=2)
    settle(folder)
    assert stats_of(only(library, liked=True)).images_actual == 2


def test_one_session_asked_for_by_name_is_found_gone_and_back(
    library: SessionLibrary, folder: Path, elsewhere: Path
) -> None:
    folder.rename(elsewhere)
    assert library.get(SESSION).missing
    assert library.find(fresh=False, liked=True).total_count == 0
    elsewhere.rename(folder)
    assert not library.get(SESSION).missing
    assert library.find(fresh=False, liked=True).total_count == 1


@pytest.mark.usefixtures("elsewhere")
def test_a_file_in_place_of_the_folder(library: SessionLibrary, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("not a folder")
    assert library.get(SESSION).missing
    assert [record.session_id for record in library.find().sessions] == [OTHER]


def test_a_session_that_goes_while_it_is_computed(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    for number in range(3):
        make_session(images_dir, f"2025120{number + 1}_120000-a", images=1)

    def remove_all(done: int, total: int) -> None:
        if done == 1:
            for folder in images_dir.iterdir():
                shutil.rmtree(folder)

    report = library.compute(jobs=1, force=True, progress=remove_all)
    assert 1 <= report.computed < 4
    assert report.failed == 0
    make_session(images_dir, OTHER)
    assert [record.session_id for record in library.find().sessions] == [OTHER]
    assert only(library, missing=True, liked=True).session_id == SESSION
    recorded = {found["session_id"] for found in rows(path, "sdgen_admin_sessions")}
    assert SESSION in recorded
    assert len(recorded - {SESSION, OTHER}) <= report.computed


@needs_raw_names
def test_a_folder_whose_name_is_not_utf8_is_reported_and_not_stored(
    library: SessionLibrary, images_dir: Path, path: Path
) -> None:
    name = b"20251101_120000-\xff"
    (images_dir / os.fsdecode(name)).mkdir()
    report = library.compute()
    assert (report.fresh, report.failed) == (1, 0)
    assert [(problem.session_id, problem.is_unlisted) for problem in report.problems] == [
        ("20251101_120000-\\xff", True)
    ]
    assert [found["session_id"] for found in rows(path, "sdgen_admin_sessions")] == [SESSION]


def test_an_unmounted_root_changes_nothing(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    good = only(library).stats
    images_dir.rename(images_dir.parent / "unmounted")
    reports: list[ComputeReport] = []
    for _ in ("absent", "empty"):
        (record,) = library.find(on_report=reports.append).sessions
        assert (record.stats, record.missing, record.problem) == (good, False, None)
        assert (reports[-1].offline, reports[-1].missing, reports[-1].newly_missing) == (("images",), 0, 0)
        assert library.find(missing=True).total_count == 0
        images_dir.mkdir(exist_ok=True)
    assert rows(path, "session_metadata")[0]["user_note"] == "keep me"
    images_dir.rmdir()
    (images_dir.parent / "unmounted").rename(images_dir)
    assert only(library).stats == good
    assert report_of(library).offline == ()


@pytest.mark.parametrize("kind", ["absent", "empty", "unreadable"])
def test_one_session_of_an_offline_root_is_shown_as_recorded(
    library: SessionLibrary, images_dir: Path, kind: str
) -> None:
    good = only(library)
    images_dir.rename(images_dir.parent / "unmounted")
    if kind != "absent":
        images_dir.mkdir(mode=0o755 if kind == "empty" else 0)
    record = as_ordinary_user(lambda: library.get(SESSION))
    assert record == good
    assert library.get(SESSION, fresh=False) == good
    assert [record.session_id for record in as_ordinary_user(library.find).sessions] == [SESSION]
    if kind != "absent":
        images_dir.rmdir()
    (images_dir.parent / "unmounted").rename(images_dir)
    assert only(library) == good


def test_a_root_that_goes_while_it_is_computed_leaves_its_sessions_listed(
    library: SessionLibrary, images_dir: Path
) -> None:
    for number in range(3):
        make_session(images_dir, f"2025120{number + 1}_120000-a", images=1)
    library.compute()

    def unmount(done: int, total: int) -> None:
        if done == 1:
            images_dir.rename(images_dir.parent / "unmounted")
            images_dir.mkdir()

    report = library.compute(jobs=1, force=True, progress=unmount)
    assert (report.failed, report.problems) == (0, ())
    assert library.find(fresh=False).total_count == 4
    assert library.find().total_count == 4
