"""Folders that come, go or cannot be read, and that the next listing is right and nothing that was typed is lost."""

import shutil
from pathlib import Path

from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, add_image, make_session
from tests.neighbour import rows
from tests.platforms import needs_raw_names
from tests.privileges import as_ordinary_user
from tests.services.freshness import OTHER, only, settle, stats_of


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
