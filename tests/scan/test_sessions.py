"""All sessions of an images root."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from sdgen_admin.disk.fingerprint import take_fingerprint
from sdgen_admin.disk.folder import read_session
from sdgen_admin.scan.fingerprints import take_fingerprints
from sdgen_admin.scan.processes import HelperProcesses
from sdgen_admin.scan.sessions import scan
from sdgen_admin.scan.team import Team
from sdgen_admin.scan.work import Way
from tests.builders import make_manifest, make_session
from tests.scan.conftest import Clock

BIG = make_manifest(top={"images": [{"filename": f"image_{number:04}.png"} for number in range(2000)]})

EXECUTORS: dict[str, Callable[[], Executor]] = {
    "threads": lambda: ThreadPoolExecutor(4),
    "spawned": lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
    "ours": lambda: HelperProcesses(2, 3),
}


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with EXECUTORS[request.param]() as executor:
        yield executor


def make_sessions(root: Path, count: int) -> list[str]:
    return [make_session(root, f"20251107_12{number:04}-x", manifest=BIG, images=3).name for number in range(count)]


@pytest.mark.parametrize("jobs", [None, 1, 2, 3])
def test_every_session_is_read_once(images_dir: Path, jobs: int | None) -> None:
    names = make_sessions(images_dir, 60)
    expected = {name: read_session(str(images_dir / name), name) for name in names}

    readings = list(scan(str(images_dir), names, jobs=jobs))

    assert len(readings) == len(names)
    assert {reading.session_id: reading for reading in readings} == expected


def test_any_executor_reads_them(images_dir: Path, executor: Executor) -> None:
    names = make_sessions(images_dir, 60)
    huge = make_manifest(params={"seed_list": [1, 10**30]})
    names.append(make_session(images_dir, "20251107_130000-huge_seed", manifest=huge).name)
    expected = {name: read_session(str(images_dir / name), name) for name in names}

    readings = list(scan(str(images_dir), names, executor=executor))
    taken = dict(take_fingerprints(str(images_dir), names, executor=executor))

    assert {reading.session_id: reading for reading in readings} == expected
    assert len(readings) == len(names)
    assert taken == {name: take_fingerprint(str(images_dir / name)) for name in names}
    assert executor.submit(int, "1").result(60) == 1  # it has not been shut down


def test_an_executor_that_was_shut_down_leaves_the_work_to_this_thread(images_dir: Path) -> None:
    names = make_sessions(images_dir, 5)
    executor = ThreadPoolExecutor(2)
    executor.shutdown()

    assert sorted(reading.session_id for reading in scan(str(images_dir), names, executor=executor)) == names


@pytest.mark.parametrize("kind", ["waiting", "busy"])
def test_processes_read_their_share(images_dir: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """On a waiting drive as well as on a fast one."""
    names = make_sessions(images_dir, 60)
    answered: list[int] = []

    class Watched(HelperProcesses):
        def __init__(self, count: int, threads: int) -> None:
            super().__init__(count, threads)
            answered.append(threads)

    monkeypatch.setattr("sdgen_admin.scan.processes.HelperProcesses", Watched)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(clock, "seconds", 0.1)
    pass_time = clock.wait if kind == "waiting" else clock.toil
    monkeypatch.setattr(
        "sdgen_admin.scan.sessions.read_session", lambda path, name: (pass_time(), read_session(path, name))[1]
    )

    readings = list(scan(str(images_dir), names))

    assert answered == ([16] if kind == "waiting" else [1])
    assert sorted(readings, key=lambda reading: reading.session_id) == [
        read_session(str(images_dir / name), name) for name in names
    ]


def test_reading_can_be_broken_off(images_dir: Path) -> None:
    before = set(threading.enumerate())
    with closing(scan(str(images_dir), make_sessions(images_dir, 60), jobs=2)) as readings:
        first = next(readings)

    assert first.images == 3
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()


def test_one_bad_session_does_not_spoil_the_rest(images_dir: Path) -> None:
    make_session(images_dir, "20251107_120000-good")
    make_session(images_dir, "20251107_120001-broken", manifest="{")
    names = ["20251107_120000-good", "20251107_120001-broken", "20251107_120002-gone"]

    problems = {reading.session_id: reading.problem for reading in scan(str(images_dir), names)}

    assert set(problems) == set(names)
    assert [name for name in names if problems[name] is None] == ["20251107_120000-good"]


@pytest.mark.parametrize("jobs", [None, 1, 4])
def test_fingerprints_of_all(images_dir: Path, jobs: int | None) -> None:
    names = [make_session(images_dir, f"20251107_12{number:04}-x", images=0).name for number in range(30)]
    names.append("20251107_130000-gone")

    taken = dict(take_fingerprints(str(images_dir), names, jobs=jobs))

    assert taken == {name: take_fingerprint(str(images_dir / name)) for name in names}
    assert taken["20251107_130000-gone"] is None


def test_without_room_for_a_process_this_one_does_the_work(images_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = make_sessions(images_dir, 40)

    def no_room(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", no_room)

    assert sorted(reading.session_id for reading in scan(str(images_dir), names, jobs=3)) == names
    assert Team(None).gets_ready(Way(1, 1, is_shared=True)) is False
