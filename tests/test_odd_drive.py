"""The drives that other tests stand on have the habits that they are asked for."""

import errno
import os
import time
import unicodedata

import pytest

from tests.odd_drive import MakeDrive


def test_a_drive_that_folds_case_opens_any_spelling_and_lists_the_one_that_was_made(odd_drive: MakeDrive) -> None:
    drive = odd_drive(fold_case=True)
    (drive / "Größe").mkdir()

    assert all((drive / spelling).is_dir() for spelling in ("GRÖSSE", "größe"))
    assert os.listdir(drive.path) == ["Größe"] == os.listdir(drive.backing)

    (drive / "Größe").rename(drive / "größe")

    assert os.listdir(drive.path) == ["größe"]


def test_a_drive_that_knows_one_form_opens_the_other(odd_drive: MakeDrive) -> None:
    drive = odd_drive(one_form=True)
    (drive / "café").write_text("x")

    assert (drive / unicodedata.normalize("NFD", "café")).read_text() == "x"
    assert not (drive / "Café").exists()


def test_a_drive_has_times_of_its_own(odd_drive: MakeDrive) -> None:
    ahead, coarse, frozen = odd_drive(clock=60), odd_drive(coarse=True), odd_drive(frozen=True)
    for drive in (ahead, coarse, frozen):
        (drive / "a").mkdir()
        os.utime(drive.backing / "a", ns=(0, 1_700_000_001_500_000_000))

    assert (ahead / "a").stat().st_mtime_ns == 1_700_000_061_500_000_000
    assert (coarse / "a").stat().st_mtime_ns == 1_700_000_000_000_000_000
    assert (frozen / "a").stat().st_mtime == 1_700_000_000
    (frozen / "a" / "b").write_text("")
    assert (frozen / "a").stat().st_mtime == 1_700_000_000
    assert (frozen / "a" / "b").stat().st_mtime == pytest.approx(time.time(), abs=60)


def test_a_drive_can_fail_to_open_a_manifest_until_it_is_mounted_again(odd_drive: MakeDrive) -> None:
    drive = odd_drive(manifest_error=errno.EIO)
    (drive.backing / "manifest.json").write_text("{}")

    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        (drive / "manifest.json").read_text()

    drive.remount(manifest_error=0)

    assert (drive / "manifest.json").read_text() == "{}"
