"""Two stat calls that tell whether anything changed."""

import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from sdgen_admin.disk.fingerprint import DISTRUSTED_NS, Fingerprint, now_ns, take_fingerprint
from tests.builders import add_image, date, make_session, write_manifest

READ_AT = 1_000_000_000_000_000_000
OLD = READ_AT - DISTRUSTED_NS
YOUNG = OLD + 1


@pytest.mark.parametrize(
    ("folder", "manifest", "is_settled"),
    [
        (OLD, OLD, True),
        (OLD, None, True),
        (YOUNG, OLD, False),
        (OLD, YOUNG, False),
        (YOUNG, None, False),
        (READ_AT, READ_AT, False),
        (READ_AT + DISTRUSTED_NS, OLD, False),
        (READ_AT + 2 * 24 * 3600 * 10**9, OLD, True),
        (-1, None, True),
    ],
)
def test_two_seconds_make_it_settled(folder: int, manifest: int | None, is_settled: bool) -> None:
    assert Fingerprint(folder, manifest, 10).is_settled(READ_AT) is is_settled


def test_it_is_what_stat_says(images_dir: Path) -> None:
    folder = make_session(images_dir)
    manifest = (folder / "manifest.json").stat()

    expected = Fingerprint(folder.stat().st_mtime_ns, manifest.st_mtime_ns, manifest.st_size)

    assert take_fingerprint(str(folder)) == expected


def test_without_manifest_there_is_only_the_folder(images_dir: Path) -> None:
    folder = make_session(images_dir, without_manifest=True)

    assert take_fingerprint(str(folder)) == Fingerprint(folder.stat().st_mtime_ns, None, None)


def test_without_folder_there_is_none(images_dir: Path) -> None:
    assert take_fingerprint(str(images_dir / "20251107_120000-gone")) is None


def test_every_change_shows(images_dir: Path) -> None:
    folder = make_session(images_dir)
    seen = {take_fingerprint(str(folder))}

    add_image(folder, "one_more.png")
    seen.add(take_fingerprint(str(folder)))
    manifest_time = datetime(2025, 1, 1)
    write_manifest(folder, '{"snapshot": {"version": "1"}}', manifest_time)
    seen.add(take_fingerprint(str(folder)))
    write_manifest(folder, '{"snapshot": {"version": "10"}}', manifest_time)
    seen.add(take_fingerprint(str(folder)))
    date(folder / "manifest.json", datetime(2025, 1, 2))
    seen.add(take_fingerprint(str(folder)))
    os.remove(folder / "manifest.json")
    seen.add(take_fingerprint(str(folder)))

    assert len(seen) == 6


def test_the_clock_counts_as_modification_times_do() -> None:
    assert abs(now_ns() - time.time_ns()) < 60 * 10**9
