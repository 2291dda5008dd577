"""What one look at a session folder finds."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.disk.fingerprint import Fingerprint, take_fingerprint
from tests.builders import SESSION, add_image, date, make_manifest, make_session
from tests.disk.folders import read
from tests.platforms import needs_pipes, needs_raw_names, needs_symlinks
from tests.privileges import as_ordinary_user

LONG_AGO = datetime(2001, 2, 3, 4, 5, 6)
LATER = datetime(2002, 2, 3, 4, 5, 6)


def nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def test_images_their_times_and_the_manifest(images_dir: Path) -> None:
    reading = read(make_session(images_dir, images={"b.png": LATER, "a.png": LONG_AGO, "c.png": LONG_AGO}))

    assert reading.session_id == SESSION
    assert reading.images == 3
    assert reading.first_image_ns == nanoseconds(LONG_AGO)
    assert reading.last_image_ns == nanoseconds(LATER)
    assert reading.facts is not None
    assert (reading.facts.source, reading.facts.sd_model) == ("manifest", "ponyXL_v6.safetensors [abc123def4]")
    assert reading.has_manifest
    assert reading.is_readable
    assert reading.problem is None


@pytest.mark.parametrize(
    ("name", "is_image"),
    [
        ("image.png", True),
        ("image.PNG", True),
        ("image.jpg", True),
        ("image.Jpg", True),
        ("image.jpeg", True),
        ("image.JPEG", True),
        ("image.webp", True),
        ("image.WebP", True),
        ("長い髪.png", True),
        (".png", True),
        ("._image.png", False),
        ("._IMAGE.PNG", False),
        ("._.webp", False),
        (".image.png", True),
        ("_.image.png", True),
        ("image.gif", False),
        ("image.png.tmp", False),
        ("image_png", False),
        ("png", False),
        ("notes.txt", False),
    ],
)
def test_a_suffix_in_any_case_makes_an_image(images_dir: Path, name: str, is_image: bool) -> None:
    assert read(make_session(images_dir, images=[name])).images == is_image


def test_empty_files_count(images_dir: Path) -> None:
    folder = make_session(images_dir, images=0)
    (folder / "empty.png").write_bytes(b"")

    assert read(folder).images == 1


def test_only_files_directly_in_the_folder_count(images_dir: Path) -> None:
    folder = make_session(images_dir, images=2)
    (folder / "x.png").mkdir()
    add_image(folder / "x.png", "deeper.png")

    assert read(folder).images == 2


@needs_symlinks
def test_a_symlink_to_an_image_counts_and_one_to_nothing_does_not(images_dir: Path, tmp_path: Path) -> None:
    folder = make_session(images_dir, images=0)
    (folder / "there.png").symlink_to(add_image(tmp_path, "elsewhere.png", LONG_AGO))
    (folder / "nothing.png").symlink_to(tmp_path / "nothing.png")
    (folder / "circle.png").symlink_to(folder / "circle.png")

    reading = read(folder)

    assert reading.images == 1
    assert reading.first_image_ns == nanoseconds(LONG_AGO)


@needs_raw_names
def test_names_that_are_not_utf8_break_nothing(images_dir: Path) -> None:
    folder = make_session(images_dir, os.fsdecode(b"20251107_120000-\xff"), images=[os.fsdecode(b"caf\xe9.PNG")])

    reading = read(folder)

    assert reading.images == 1
    assert reading.problem is None


def test_the_companions_of_a_mac_are_not_counted(images_dir: Path) -> None:
    images = {"a.png": LONG_AGO, "b.png": LONG_AGO, "._a.png": LATER, "._b.png": LATER}

    reading = read(make_session(images_dir, images=images))

    assert reading.images == 2
    assert reading.last_image_ns == nanoseconds(LONG_AGO)


def spaced(*seconds: float) -> dict[str, datetime]:
    """Return images that many seconds after a moment."""
    return {f"{number}.png": LONG_AGO + timedelta(seconds=second) for number, second in enumerate(seconds)}


@pytest.mark.parametrize(
    ("seconds", "gap"),
    [
        ((), None),
        ((0,), None),
        ((0, 30), 30),
        ((0, 30, 90), 60),
        ((90, 0, 30, 31), 30),
        ((0, 0, 0, 60), 0),
        ((0, 10, 20, 30, 1000), 10),
    ],
)
def test_the_median_gap_of_a_run_that_is_not_over(
    images_dir: Path, seconds: tuple[float, ...], gap: float | None
) -> None:
    ongoing = make_manifest(top={"status": "ongoing"})

    reading = read(make_session(images_dir, manifest=ongoing, images=spaced(*seconds)))

    assert reading.gap_ns == (None if gap is None else gap * 10**9)


@pytest.mark.parametrize("status", ["completed", "aborted", "other", None])
def test_a_run_that_is_over_has_no_gap(images_dir: Path, status: str | None) -> None:
    manifest = make_manifest(top={"status": status})

    assert read(make_session(images_dir, manifest=manifest, images=spaced(0, 30, 60))).gap_ns is None


@pytest.mark.parametrize(
    ("folder_time", "manifest_time", "expected"),
    [(LONG_AGO, LATER, LATER), (LATER, LONG_AGO, LATER), (LATER, None, LATER), (LONG_AGO, None, LONG_AGO)],
)
def test_when_something_changed_last(
    images_dir: Path, folder_time: datetime, manifest_time: datetime | None, expected: datetime
) -> None:
    folder = make_session(images_dir, without_manifest=manifest_time is None)
    if manifest_time is not None:
        date(folder / "manifest.json", manifest_time)
    date(folder, folder_time)

    assert read(folder).changed_ns == nanoseconds(expected)


@pytest.mark.parametrize("moment", [datetime(1950, 1, 2, 3, 4, 5), datetime(2150, 1, 2, 3, 4, 5)])
def test_images_of_other_centuries(images_dir: Path, moment: datetime) -> None:
    reading = read(make_session(images_dir, images={"image.png": moment}))

    assert reading.first_image_ns == reading.last_image_ns == nanoseconds(moment)


def test_an_empty_folder_has_no_times(images_dir: Path) -> None:
    reading = read(make_session(images_dir, images=0))

    assert (reading.images, reading.first_image_ns, reading.last_image_ns) == (0, None, None)


def test_a_folder_that_is_not_there(images_dir: Path) -> None:
    reading = read(images_dir / SESSION)

    assert reading.is_gone
    assert not reading.is_readable
    assert reading.problem is not None
    assert reading.problem.startswith("The folder cannot be read: ")


def test_a_file_in_the_place_of_a_folder(images_dir: Path) -> None:
    (images_dir / SESSION).write_bytes(b"")

    reading = read(images_dir / SESSION)

    assert reading.is_gone
    assert not reading.is_readable


@needs_pipes
def test_a_pipe_in_the_place_of_a_folder_is_not_waited_for(images_dir: Path) -> None:
    os.mkfifo(images_dir / SESSION)

    assert not read(images_dir / SESSION).is_readable


@needs_symlinks
def test_a_symlink_that_leads_round_in_a_circle_is_unreadable_but_not_gone(images_dir: Path) -> None:
    (images_dir / SESSION).symlink_to(images_dir / SESSION)

    reading = read(images_dir / SESSION)

    assert not reading.is_readable
    assert not reading.is_gone


@needs_symlinks
def test_a_symlink_to_a_session_folder_is_read_through(images_dir: Path, tmp_path: Path) -> None:
    (images_dir / SESSION).symlink_to(make_session(tmp_path / "elsewhere", images=3))

    reading = read(images_dir / SESSION)

    assert reading.images == 3
    assert reading.fingerprint == take_fingerprint(str(images_dir / SESSION))


def test_the_fingerprint_of_a_settled_folder_is_what_is_compared_later(images_dir: Path) -> None:
    folder = make_session(images_dir)

    fingerprint = read(folder).fingerprint

    assert isinstance(fingerprint, Fingerprint)
    assert fingerprint == take_fingerprint(str(folder))


@pytest.mark.parametrize(("forbidden", "is_readable"), [(".", False), ("manifest.json", True)])
def test_what_is_forbidden_is_tried_again(images_dir: Path, forbidden: str, is_readable: bool) -> None:
    folder = make_session(images_dir)
    mode = (folder / forbidden).stat().st_mode
    (folder / forbidden).chmod(0)
    reading = as_ordinary_user(lambda: read(folder))
    (folder / forbidden).chmod(mode)

    assert reading.problem is not None
    assert "cannot be read: Permission denied" in reading.problem
    assert reading.is_readable is is_readable
    assert not reading.is_gone
    assert reading.fingerprint is None
    assert read(folder).problem is None


def test_where_folders_cannot_be_opened_it_reads_the_same(images_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_session(images_dir, "20251107_120000-good")
    make_session(images_dir, "20251107_120001-broken", manifest="{", images=["A.PNG", "b.txt"])
    (images_dir / "20251107_120002-a_file").write_bytes(b"")
    folders = [*images_dir.iterdir(), images_dir / "20251107_120003-gone"]
    expected = [read(folder) for folder in folders]

    monkeypatch.setattr(os, "supports_fd", set[object]())  # as on Windows

    assert [read(folder) for folder in folders] == expected
