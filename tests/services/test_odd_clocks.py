"""A change that comes right after a reading is seen by the next run, whatever clock the drive has."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.disk.clock import STEP_NS
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, add_image, date, make_session
from tests.neighbour import plain
from tests.odd_drive import Drive, MakeDrive
from tests.services.freshness import report_of

NAMES = [f"20251107_12000{number}-portraits" for number in range(6)]
CLOCKS = (-3600.0, -30.0, 0.0, 30.0)


def images(library: SessionLibrary) -> list[int]:
    sessions = library.find().sessions
    return [record.stats.images_actual for record in sessions if record.stats is not None]


def write_images(drive: Drive, name: str) -> None:
    for session in NAMES:
        (drive / "images" / session / name).write_bytes(b"image")


def let_two_seconds_pass(path: Path) -> None:
    """Make all that was seen two seconds older; for the drives' own clocks they have not passed."""
    with plain(path) as connection:
        connection.execute("UPDATE sdgen_admin_unsettled SET seen_ns = seen_ns - ?", (STEP_NS,))


def test_an_image_right_after_a_reading_is_seen(odd_drive: MakeDrive, tmp_path: Path) -> None:
    drives = [odd_drive(coarse=coarse, clock=clock) for coarse in (False, True) for clock in CLOCKS]
    libraries = []
    for number, drive in enumerate(drives):
        for session in NAMES:
            make_session(drive.backing / "images", session, when=datetime.now())
        libraries.append(SessionLibrary(drive / "images", tmp_path / f"{number}.db"))

    for drive, library in zip(drives, libraries, strict=True):
        assert images(library) == [6] * 6
        write_images(drive, "late.png")
        assert images(library) == [7] * 6

    time.sleep(STEP_NS / 1e9 + 0.1)  # now each drive's clock has moved on
    for drive, library in zip(drives, libraries, strict=True):
        assert report_of(library).computed == 6
        assert report_of(library).computed == 0
        write_images(drive, "later.png")
        assert images(library) == [8] * 6


def test_a_symlink_to_a_session_on_such_a_drive_is_looked_at_as_closely(odd_drive: MakeDrive, tmp_path: Path) -> None:
    drive, root = odd_drive(coarse=True, clock=-30), tmp_path / "images"
    root.mkdir()
    for session in NAMES:
        make_session(drive.backing / "images", session, when=datetime.now())
        (root / session).symlink_to(drive / "images" / session)
    library = SessionLibrary(root, tmp_path / "sessions.db")

    assert images(library) == [6] * 6
    write_images(drive, "late.png")
    assert images(library) == [7] * 6


def test_what_changed_lately_is_read_twice_more_on_a_drive_with_another_clock(
    odd_drive: MakeDrive, tmp_path: Path
) -> None:
    drive, path = odd_drive(), tmp_path / "sessions.db"
    for session, age in ((NAMES[0], timedelta(hours=1)), (NAMES[1], timedelta(hours=25))):
        make_session(drive.backing / "images", session, when=datetime.now() - age)
    library = SessionLibrary(drive / "images", path)

    assert report_of(library).computed == 2
    assert report_of(library).computed == 1
    let_two_seconds_pass(path)
    assert [report_of(library).computed for _ in range(2)] == [1, 0]
    assert rows_unsettled(path) == 0


def test_however_often_it_is_looked_at_two_seconds_are_enough(odd_drive: MakeDrive, tmp_path: Path) -> None:
    drive, path = odd_drive(), tmp_path / "sessions.db"
    make_session(drive.backing / "images", SESSION)
    library = SessionLibrary(drive / "images", path)

    end = time.monotonic() + STEP_NS / 1e9
    while time.monotonic() < end:
        assert report_of(library).computed == 1
        time.sleep(0.4)

    assert [report_of(library).computed for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("young", [".", "manifest.json"])
def test_a_time_in_the_future_is_relied_on_in_the_end(
    library: SessionLibrary, folder: Path, path: Path, young: str
) -> None:
    date(folder / young, datetime.now() + timedelta(days=400))

    assert [report_of(library).computed for _ in range(2)] == [1, 1]
    let_two_seconds_pass(path)
    assert [report_of(library).computed for _ in range(2)] == [1, 0]


def test_another_change_starts_again(library: SessionLibrary, folder: Path, path: Path) -> None:
    date(folder, datetime.now() + timedelta(minutes=1))
    assert report_of(library).computed == 1
    let_two_seconds_pass(path)
    add_image(folder, "late.png")
    date(folder, datetime.now() + timedelta(minutes=2))

    assert [report_of(library).computed for _ in range(2)] == [1, 1]


def test_a_clock_that_was_set_back_delays_nothing_for_long(library: SessionLibrary, folder: Path, path: Path) -> None:
    date(folder, datetime.now() + timedelta(days=400))
    assert report_of(library).computed == 1
    with plain(path) as connection:
        connection.execute("UPDATE sdgen_admin_unsettled SET seen_ns = seen_ns + ?", (10**18,))

    assert report_of(library).computed == 1
    let_two_seconds_pass(path)
    assert [report_of(library).computed for _ in range(2)] == [1, 0]


def test_a_database_of_before_gets_the_table(library: SessionLibrary, folder: Path, path: Path) -> None:
    with plain(path) as connection:
        connection.execute("DROP TABLE sdgen_admin_unsettled")
    date(folder, datetime.now() + timedelta(days=1))

    assert report_of(SessionLibrary(library.roots)).computed == 1
    assert rows_unsettled(path) == 1


def test_what_is_recorded_no_longer_is_forgotten(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    ahead = datetime.now() + timedelta(days=1)
    gone = make_session(images_dir, NAMES[1], when=ahead)
    assert report_of(library).computed == 1
    assert rows_unsettled(path) == 1
    for file in gone.iterdir():
        file.unlink()
    gone.rmdir()
    library.prune(force=True)

    make_session(images_dir, NAMES[2], when=ahead)
    assert report_of(library).computed == 1
    assert rows_unsettled(path) == 1


@pytest.mark.parametrize("everything", [True, False])
def test_a_drive_that_never_moves_a_folders_time_takes_a_refresh(
    odd_drive: MakeDrive, tmp_path: Path, everything: bool
) -> None:
    drive = odd_drive(frozen=True)
    make_session(drive.backing / "images", SESSION, when=datetime.now() - timedelta(days=2))
    library = SessionLibrary(drive / "images", tmp_path / "sessions.db")
    assert images(library) == [6]
    (drive / "images" / SESSION / "late.png").write_bytes(b"image")
    assert images(library) == [6]  # it cannot be caught, as the README says

    library.compute(None if everything else SESSION, force=True)

    assert images(library) == [7]


def rows_unsettled(path: Path) -> int:
    with plain(path) as connection:
        (count,) = connection.execute("SELECT count(*) FROM sdgen_admin_unsettled").fetchone()
    return int(count)
