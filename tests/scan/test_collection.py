"""All sessions of an images root."""

import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from sdgen_admin.disk.fingerprint import take_fingerprint
from sdgen_admin.disk.folder import SessionReading, read_session
from sdgen_admin.scan.collection import read_sessions, take_fingerprints
from sdgen_admin.scan.spread import Spread
from sdgen_admin.scan.worker import Worker
from tests.builders import make_manifest, make_session
from tests.scan.conftest import Clock

BIG = make_manifest(top={"images": [{"filename": f"image_{number:04}.png"} for number in range(2000)]})


def make_sessions(root: Path, count: int) -> list[str]:
    return [make_session(root, f"20251107_12{number:04}-x", manifest=BIG, images=3).name for number in range(count)]


@pytest.mark.parametrize("jobs", [None, 1, 2, 3])
def test_every_session_is_read_once(images_dir: Path, jobs: int | None) -> None:
    names = make_sessions(images_dir, 60)
    expected = {name: read_session(str(images_dir / name), name) for name in names}

    readings = list(read_sessions(str(images_dir), names, jobs=jobs))

    assert len(readings) == len(names)
    assert {reading.session_id: reading for reading in readings} == expected


def test_a_process_reads_its_share(images_dir: Path, clock: Clock) -> None:
    names = make_sessions(images_dir, 60)
    here: list[str] = []
    replied = threading.Event()

    class Watched(Worker):
        def work(self, items: list[str]) -> list[SessionReading]:
            readings = super().work(items)
            replied.set()
            return readings

    def read(name: str) -> SessionReading:
        clock.toil()
        here.append(name)
        if len(here) > 2:  # the process is started after two
            replied.wait(60)
        return read_session(str(images_dir / name), name)

    readings = list(Spread(read, helper=partial(Watched, str(images_dir)), jobs=2, batch=2)(names))

    assert replied.is_set()
    assert len(here) < len(names)
    assert sorted(readings, key=lambda reading: reading.session_id) == [
        read_session(str(images_dir / name), name) for name in names
    ]


def test_reading_can_be_broken_off(images_dir: Path) -> None:
    before = set(threading.enumerate())
    with closing(read_sessions(str(images_dir), make_sessions(images_dir, 60), jobs=2)) as readings:
        first = next(readings)

    assert first.images == 3
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()


def test_one_bad_session_does_not_spoil_the_rest(images_dir: Path) -> None:
    make_session(images_dir, "20251107_120000-good")
    make_session(images_dir, "20251107_120001-broken", manifest="{")
    names = ["20251107_120000-good", "20251107_120001-broken", "20251107_120002-gone"]

    problems = {reading.session_id: reading.problem for reading in read_sessions(str(images_dir), names)}

    assert set(problems) == set(names)
    assert [name for name in names if problems[name] is None] == ["20251107_120000-good"]


@pytest.mark.parametrize("jobs", [None, 1, 4])
def test_fingerprints_of_all(images_dir: Path, jobs: int | None) -> None:
    names = [make_session(images_dir, f"20251107_12{number:04}-x", images=0).name for number in range(30)]
    names.append("20251107_130000-gone")

    taken = dict(take_fingerprints(str(images_dir), names, jobs=jobs))

    assert taken == {name: take_fingerprint(str(images_dir / name)) for name in names}
    assert taken["20251107_130000-gone"] is None
