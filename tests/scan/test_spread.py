"""Work on many items, in each of the ways: plain, in threads, with processes, with the caller's executor."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from sdgen_admin.scan import team as team_module
from sdgen_admin.scan.spread import can_start_processes, spread, usable_processors
from sdgen_admin.scan.work import ALONE, Task, Way
from tests.scan.conftest import Clock

ITEMS = [f"item {number}" for number in range(100)]

Done = tuple[str, int]


class Colleagues(ThreadPoolExecutor):
    """Stands where processes would be. Keeps count, and may fail from some call on."""

    def __init__(self, threads: int, lasts: float = float("inf")) -> None:
        super().__init__(threads)
        self.lasts = lasts
        self.handed_over: list[list[str]] = []
        self.is_ended = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if len(self.handed_over) >= self.lasts + 3:
            raise BrokenExecutor
        self.handed_over += args
        if len(self.handed_over) > self.lasts:
            future: Future[Any] = Future()
            future.set_exception(BrokenExecutor())
            return future
        return super().submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.is_ended = True
        super().shutdown(wait=wait, cancel_futures=cancel_futures)


class Agency:
    """Starts colleagues for each way of working, and remembers both."""

    def __init__(self, lasts: float = float("inf")) -> None:
        self.lasts = lasts
        self.hired: list[tuple[Way, Colleagues]] = []

    def __call__(self, way: Way) -> Executor | None:
        if way == ALONE:
            return None
        self.hired.append((way, Colleagues(max(way.processes, 1) * way.threads, self.lasts)))
        return self.hired[-1][1]


@pytest.fixture
def agency(monkeypatch: pytest.MonkeyPatch) -> Agency:
    agency = Agency()
    monkeypatch.setattr(team_module, "_start", agency)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    return agency


def make_task(pass_time: Callable[[], None]) -> Task[Done]:
    """Return a task that tells which thread did an item, and lets the other threads have their turn."""

    def here(items: list[str]) -> list[Done]:
        for _ in items:
            pass_time()
        return [(item, threading.get_ident()) for item in items]

    def away(items: list[str]) -> list[Done]:
        time.sleep(0.0005)
        return [(item, threading.get_ident()) for item in items]

    return Task(here, away, list)


@pytest.fixture
def waiting(clock: Clock) -> Task[Done]:
    """A task that takes time, but no processor."""
    return make_task(clock.wait)


@pytest.fixture
def busy(clock: Clock) -> Task[Done]:
    """A task that takes processor time."""
    return make_task(clock.toil)


@pytest.fixture(params=["wait", "toil", "hurry"])
def task(request: pytest.FixtureRequest, clock: Clock) -> Task[Done]:
    """A task of each kind; the last takes hardly any time."""

    def hurry() -> None:
        clock.wall += 0.00001
        clock.cpu += 0.00001

    return make_task({"wait": clock.wait, "toil": clock.toil, "hurry": hurry}[request.param])


def threads_of(results: Iterator[Done]) -> set[int]:
    return {thread for _, thread in results}


@pytest.mark.parametrize("jobs", [None, 1, 2, 7])
def test_every_item_is_done_once(task: Task[Done], agency: Agency, jobs: int | None) -> None:
    done = Counter(item for item, _ in spread(task, ITEMS, jobs=jobs))

    assert done == Counter(ITEMS)
    assert all(colleagues.is_ended for _, colleagues in agency.hired)


def test_no_items(task: Task[Done], agency: Agency) -> None:
    assert list(spread(task, [])) == []
    assert agency.hired == []


@pytest.mark.parametrize(("jobs", "threads"), [(None, 32), (2, 2)])
def test_waiting_is_done_in_threads(waiting: Task[Done], agency: Agency, jobs: int | None, threads: int) -> None:
    assert len(threads_of(spread(waiting, ITEMS, jobs=jobs))) > 1

    assert [way for way, _ in agency.hired] == [Way(0, threads, is_shared=False)]


@pytest.mark.parametrize(("jobs", "expected"), [(None, Way(4, 8, False)), (2, Way(1, 2, False))])
def test_much_waiting_is_done_in_processes_with_threads(
    waiting: Task[Done], clock: Clock, agency: Agency, jobs: int | None, expected: Way
) -> None:
    clock.seconds = 0.05

    assert len(list(spread(waiting, ITEMS, jobs=jobs))) == len(ITEMS)

    assert [way for way, _ in agency.hired] == [expected]


def test_a_little_waiting_is_done_at_once(waiting: Task[Done], agency: Agency) -> None:
    assert threads_of(spread(waiting, ITEMS[:3])) == {threading.get_ident()}
    assert agency.hired == []


def test_one_job_is_one_job(task: Task[Done], agency: Agency) -> None:
    assert threads_of(spread(task, ITEMS, jobs=1)) == {threading.get_ident()}
    assert agency.hired == []


@pytest.mark.parametrize(("count", "jobs", "helpers"), [(50, None, 0), (60, None, 1), (1000, None, 3), (100, 500, 6)])
def test_helpers_are_started_for_the_work_that_is_left(
    busy: Task[Done], agency: Agency, count: int, jobs: int | None, helpers: int
) -> None:
    items = [str(number) for number in range(count)]

    done = Counter(item for item, _ in spread(busy, items, jobs=jobs))

    assert done == Counter(items)
    assert [way for way, _ in agency.hired] == [Way(helpers, 1, is_shared=True)][: bool(helpers)]


def test_this_thread_works_beside_processes_on_a_fast_drive(busy: Task[Done], agency: Agency) -> None:
    threads = threads_of(spread(busy, ITEMS, jobs=2))

    assert threads > {threading.get_ident()}
    assert sum(map(len, agency.hired[0][1].handed_over)) > 0


def test_less_is_handed_out_at_a_time_towards_the_end(waiting: Task[Done], clock: Clock, agency: Agency) -> None:
    clock.seconds = 0.0001
    items = [str(number) for number in range(3000)]

    list(spread(waiting, items))

    sizes = [len(some) for some in agency.hired[0][1].handed_over]
    assert sizes[0] > 16
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("becomes", ["waiting", "busy"])
def test_a_drive_that_changes_is_worked_on_in_another_way(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, agency: Agency, becomes: str
) -> None:
    monkeypatch.setattr("sdgen_admin.scan.spread._STRETCH", 0.01)
    monkeypatch.setattr("sdgen_admin.scan.spread._STRETCH_SHARE", 0)
    before, after = (clock.toil, clock.wait) if becomes == "waiting" else (clock.wait, clock.toil)
    changed = threading.Event()

    def pass_time() -> None:
        (after if changed.is_set() else before)()
        time.sleep(0.0002)  # else it would all be done before the next measurement

    task = make_task(pass_time)
    items = [str(number) for number in range(3000)]
    done = []
    with closing(spread(task, items)) as results:
        for item, _ in results:
            done.append(item)
            if len(done) == 500:
                changed.set()

    assert Counter(done) == Counter(items)
    ways = [way.is_shared for way, _ in agency.hired]
    assert ways[0] is (becomes == "waiting")
    assert (not ways[0]) in ways
    assert all(colleagues.is_ended for _, colleagues in agency.hired)


@pytest.mark.parametrize("lasts", [0, 5])
def test_what_was_lost_with_a_process_is_done_by_this_thread(busy: Task[Done], agency: Agency, lasts: int) -> None:
    agency.lasts = lasts

    done = Counter(item for item, _ in spread(busy, ITEMS, jobs=4))

    assert done == Counter(ITEMS)
    assert len(agency.hired) == 1  # more would be lost as well


def test_if_processes_are_lost_threads_wait_instead(waiting: Task[Done], clock: Clock, agency: Agency) -> None:
    clock.seconds = 0.05
    agency.lasts = 0
    started = agency.__call__

    def start(way: Way) -> Executor | None:
        agency.lasts = 0 if way.processes else float("inf")
        return started(way)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team_module, "_start", start)
        done = Counter(item for item, _ in spread(waiting, ITEMS))

    assert done == Counter(ITEMS)
    assert [way for way, _ in agency.hired] == [Way(4, 8, is_shared=False), Way(0, 32, is_shared=False)]


def test_without_room_for_a_thread_this_one_does_the_work(waiting: Task[Done], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_start)
    done = Counter(spread(waiting, ITEMS))

    assert {thread for _, thread in done} == {threading.get_ident()}
    assert sorted(item for item, _ in done) == sorted(ITEMS)


def test_the_callers_executor_does_it_all_and_is_left_as_it_is(task: Task[Done], clock: Clock, agency: Agency) -> None:
    with Colleagues(3) as executor:
        done = Counter(item for item, _ in spread(task, ITEMS, executor=executor))

        assert done == Counter(ITEMS)
        assert not executor.is_ended
    assert agency.hired == []
    assert bool(executor.handed_over) is (clock.wall > 0.002)  # what takes less is done before anything is measured


def test_closing_ends_the_work(task: Task[Done], agency: Agency) -> None:
    results = spread(task, ITEMS, jobs=2)
    some = [next(results) for _ in range(20)]

    results.close()

    assert len(some) == 20
    assert all(colleagues.is_ended for _, colleagues in agency.hired)


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_an_error_of_the_work_itself_is_not_swallowed(waiting: Task[Done], agency: Agency, jobs: int | None) -> None:
    def fail_late(items: list[str]) -> list[Done]:
        if "item 30" in items:
            raise ZeroDivisionError
        return waiting.here(items)

    with pytest.raises(ZeroDivisionError):
        list(spread(Task(fail_late, fail_late, list), ITEMS, jobs=jobs))
    assert all(colleagues.is_ended for _, colleagues in agency.hired)


@pytest.mark.parametrize(
    ("executable", "frozen", "expected"),
    [
        ("/usr/bin/python3", False, True),
        ("/usr/bin/Python", False, True),
        ("python.exe", False, True),
        ("/usr/bin/python3.14t", False, True),
        ("pythonw.exe", False, True),
        ("/opt/app/python3", True, False),
        ("/opt/app/python-app", False, False),
        ("/usr/sbin/uwsgi", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_only_a_python_can_be_started_again(
    monkeypatch: pytest.MonkeyPatch, executable: str | None, frozen: bool, expected: bool
) -> None:
    monkeypatch.setattr("sys.executable", executable)
    monkeypatch.setattr("sys.frozen", frozen, raising=False)

    assert can_start_processes() is expected


@pytest.mark.parametrize("is_waiting", [False, True])
def test_inside_another_program_no_process_is_started(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, agency: Agency, is_waiting: bool
) -> None:
    monkeypatch.setattr("sys.executable", "/usr/sbin/uwsgi")
    clock.seconds = 0.1

    done = list(spread(make_task(clock.wait if is_waiting else clock.toil), ITEMS))

    assert len(done) == len(ITEMS)
    assert [way.processes for way, _ in agency.hired] == [0] * is_waiting


def test_processors_are_counted_on_every_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_processors() >= 1
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert usable_processors() >= 1
