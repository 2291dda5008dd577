"""What one look at a folder finds instead of a good manifest."""

import os
import sys
from pathlib import Path

import pytest

from sdgen_admin.disk.fingerprint import take_fingerprint
from sdgen_admin.disk.readers.manifest import NO_MANIFEST, RESTARTED
from tests.builders import make_session, write_manifest
from tests.disk.folders import read, source_of
from tests.platforms import needs_pipes, needs_symlinks


def test_a_folder_without_manifest_still_tells_of_its_images(images_dir: Path) -> None:
    reading = read(make_session(images_dir, without_manifest=True, images=2))

    assert reading.problem == NO_MANIFEST
    assert not reading.has_manifest
    assert source_of(reading) == "folder"
    assert reading.images == 2
    assert reading.fingerprint is not None
    assert reading.fingerprint.manifest_size is None


def test_a_broken_manifest_is_a_problem_that_is_not_read_twice(images_dir: Path) -> None:
    folder = make_session(images_dir, manifest='{"snapshot": {', images=2)

    reading = read(folder)

    assert reading.problem is not None
    assert reading.problem.startswith("manifest.json is not complete")
    assert reading.has_manifest
    assert source_of(reading) == "folder"
    assert reading.images == 2
    assert reading.fingerprint == take_fingerprint(str(folder))


def test_a_manifest_that_is_a_folder(images_dir: Path) -> None:
    folder = make_session(images_dir, without_manifest=True)
    (folder / "manifest.json").mkdir()

    reading = read(folder)

    assert reading.problem == "manifest.json is not a file."
    assert reading.has_manifest
    assert reading.fingerprint == take_fingerprint(str(folder))


@needs_pipes
def test_a_manifest_that_is_a_pipe_is_not_waited_for(images_dir: Path) -> None:
    folder = make_session(images_dir, without_manifest=True)
    os.mkfifo(folder / "manifest.json")

    assert read(folder).problem == "manifest.json is not a file."


@needs_symlinks
def test_a_manifest_behind_a_symlink_is_read(images_dir: Path, tmp_path: Path) -> None:
    folder = make_session(images_dir, without_manifest=True)
    elsewhere = make_session(tmp_path / "elsewhere")
    (folder / "manifest.json").symlink_to(elsewhere / "manifest.json")

    reading = read(folder)

    assert reading.problem is None
    assert source_of(reading) == "manifest"


@needs_symlinks
@pytest.mark.parametrize(("target", "problem"), [("manifest.json", "cannot be read"), ("nothing", "cannot be read")])
def test_a_manifest_that_leads_nowhere(images_dir: Path, target: str, problem: str) -> None:
    folder = make_session(images_dir, without_manifest=True)
    (folder / "manifest.json").symlink_to(folder / target)

    reading = read(folder)

    assert reading.problem is not None
    assert problem in reading.problem
    assert reading.fingerprint is None


@pytest.mark.skipif(sys.platform != "linux", reason="a file that opens but cannot be read takes Linux's /proc")
def test_a_manifest_that_opens_but_cannot_be_read(images_dir: Path) -> None:
    folder = make_session(images_dir, without_manifest=True, images=2)
    (folder / "manifest.json").symlink_to("/proc/self/mem")

    reading = read(folder)

    assert reading.problem is not None
    assert reading.problem.startswith("manifest.json cannot be read: ")
    assert reading.images == 2
    assert reading.fingerprint is None


def test_a_manifest_caught_half_written_is_read_when_it_is_whole(images_dir: Path) -> None:
    folder = make_session(images_dir)
    whole = (folder / "manifest.json").read_text(encoding="utf-8")
    write_manifest(folder, whole[: len(whole) // 2])
    assert source_of(read(folder)) == "folder"

    write_manifest(folder, whole)

    assert read(folder).problem is None
    assert source_of(read(folder)) == "manifest"


def test_a_restarted_manifest_is_a_problem_but_still_the_source(images_dir: Path) -> None:
    folder = make_session(
        images_dir, manifest='{"snapshot": {}, "status": "ongoing", "images": [{"seed": 7}]}', images=3
    )

    reading = read(folder)

    assert reading.problem == RESTARTED
    assert source_of(reading) == "manifest"
    assert reading.facts is not None
    assert (reading.facts.run_status, reading.facts.images_recorded, reading.facts.seed_min) == ("ongoing", 1, 7)
    assert reading.images == 3
    assert reading.gap_ns == 10**9
    assert reading.fingerprint == take_fingerprint(str(folder))
