"""The sources of facts, in their order: the first that finds any wins."""

from pathlib import Path

import pytest

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.readers import READERS, read_facts
from sdgen_admin.disk.readers.folder import read_nothing_more
from sdgen_admin.disk.readers.interface import Found
from sdgen_admin.disk.readers.manifest import NO_MANIFEST, RESTARTED, read_manifest
from sdgen_admin.models.enums import Source
from tests.builders import make_manifest, make_session
from tests.disk.readers.manifests import listed, parse

FOLDER = Facts(source="folder", confidence="low")


def read(folder: Path) -> Found:
    return read_facts(listed(folder))


def has_state_of(found: Found, folder: Path) -> bool:
    """Whether the manifest's state is what was found; its access time may have moved on."""
    there = (folder / "manifest.json").stat()
    return found.state is not None and (found.state.st_mtime_ns, found.state.st_size, found.state.st_ino) == (
        there.st_mtime_ns,
        there.st_size,
        there.st_ino,
    )


def test_the_order() -> None:
    assert list(READERS) == [read_manifest, read_nothing_more]


def test_every_source_has_a_reader() -> None:
    assert [source.value for source in Source] == ["manifest", "folder"]
    assert len(READERS) == len(Source)


def test_a_manifest_comes_first(images_dir: Path) -> None:
    folder = make_session(images_dir)

    found = read(folder)

    assert found.facts == parse(make_manifest())
    assert found.problem is None
    assert has_state_of(found, folder)
    assert (found.facts.source, found.facts.confidence, found.facts.is_planned) == ("manifest", "high", True)


def test_without_manifest_the_folder_is_the_source(images_dir: Path) -> None:
    assert read(make_session(images_dir, without_manifest=True)) == Found(FOLDER, NO_MANIFEST, None)


@pytest.mark.parametrize("manifest", ["", "{", "[]", "{}", '{"snapshot": {}}', '{"snapshot": {}, "images": []}'])
def test_with_an_invalid_manifest_the_folder_is_the_source(images_dir: Path, manifest: str) -> None:
    folder = make_session(images_dir, manifest=manifest)

    found = read(folder)

    assert found.facts == FOLDER
    assert found.problem is not None
    assert found.problem.startswith("manifest.json ")
    assert has_state_of(found, folder)


def test_a_restarted_manifest_is_the_source_and_says_so(images_dir: Path) -> None:
    folder = make_session(images_dir, manifest='{"snapshot": {}, "status": "ongoing", "images": [{"seed": 7}]}')

    found = read(folder)

    assert found.facts == Facts(
        source="manifest",
        confidence="high",
        run_status="ongoing",
        images_recorded=1,
        seed_min=7,
        seed_max=7,
        seed_run="fixed",
    )
    assert found.problem == RESTARTED
    assert has_state_of(found, folder)


def test_the_folder_alone_says_nothing(images_dir: Path) -> None:
    assert read_nothing_more(listed(make_session(images_dir))) == Found(FOLDER)
