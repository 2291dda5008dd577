"""Two stat calls that tell whether anything changed."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from sdgen_admin.disk.fingerprint import Fingerprint, take_fingerprint
from tests.builders import add_image, date, make_session, write_manifest


@pytest.mark.parametrize(
    ("fingerprint", "changed"),
    [
        (Fingerprint(5, 3, 10), 5),
        (Fingerprint(3, 5, 10), 5),
        (Fingerprint(5, None, None), 5),
        (Fingerprint(-5, None, None), -5),
        (Fingerprint(-5, -3, 10), -3),
    ],
)
def test_the_later_of_both_is_when_it_changed(fingerprint: Fingerprint, changed: int) -> None:
    assert fingerprint.changed_ns == changed


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
