"""Work on many items, in each of the ways: plain, in threads, with helpers."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from sdgen_admin.scan.spread import Spread, can_start_processes, usable_processors
from tests.scan.conftest import Clock

ITEMS = [f"item {number}" for number in range(100)]

Work = Callable[[str], tuple[str, int]]


def make_work(pass_time: Callable[[], None]) -> Work:
    """Return work that tells which thread did it, and lets the other threads have their turn."""

    def work(item: str) -> tuple[str, int]:
        pass_time()
        time.sleep(0.0005)
        return item, threading.get_ident()

    return work


@pytest.fixture
def wait(clock: Clock) -> Work:
    """Work that takes time, but no processor."""
    return make_work(clock.wait)


@pytest.fixture
def toil(clock: Clock) -> Work:
    """Work that takes processor time."""
    return make_work(clock.toil)


@pytest.fixture(params=["wait", "toil", "hurry"])
def work(request: pytest.FixtureRequest, clock: Clock) -> Work:
    """Work of each kind; the last takes no time at all."""
    return make_work({"wait": clock.wait, "toil": clock.toil, "hurry": lambda: None}[request.param])


class Colleague:
    """A helper in this process that keeps count, and may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.handed_over: list[str] = []
        self.stopped = 0

    def work(self, items: list[str]) -> list[tuple[str, int]]:
        self.handed_over += items
        if self.error is not None:
            raise self.error
        return [(item, 0) for item in items]

    def stop(self) -> None:
        self.stopped += 1


class Agency:
    """Starts helpers and remembers them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.hired: list[Colleague] = []

    def __call__(self) -> Colleague:
        self.hired.append(Colleague(self.error))
        return self.hired[-1]


@pytest.mark.parametrize("jobs", [None, 1, 2, 7])
@pytest.mark.parametrize("batch", [1, 2, 500])
def test_every_item_is_done_once(work: Work, jobs: int | None, batch: int) -> None:
    done = Counter(item for item, _ in Spread(work, helper=Agency(), jobs=jobs, batch=batch)(ITEMS))

    assert done == Counter(ITEMS)


def test_no_items(work: Work) -> None:
    assert list(Spread(work, helper=None, jobs=None, batch=2)([])) == []


@pytest.mark.parametrize("jobs", [None, 2])
def test_waiting_is_done_in_threads(wait: Work, jobs: int | None) -> None:
    done = list(Spread(wait, helper=Agency(), jobs=jobs, batch=2)(ITEMS))

    threads = {thread for _, thread in done}
    assert threads > {threading.get_ident()}
    assert len(threads) <= 1 + (jobs or 32)


def test_a_little_waiting_is_done_at_once(wait: Work) -> None:
    done = list(Spread(wait, helper=None, jobs=None, batch=1)(ITEMS[:3]))

    assert {thread for _, thread in done} == {threading.get_ident()}


@pytest.mark.parametrize("jobs", [None, 1, 4])
def test_toil_without_helpers_is_done_in_this_thread(toil: Work, jobs: int | None) -> None:
    done = list(Spread(toil, helper=None, jobs=jobs, batch=2)(ITEMS))

    assert {thread for _, thread in done} == {threading.get_ident()}


def test_one_job_is_one_job(work: Work) -> None:
    agency = Agency()

    done = list(Spread(work, helper=agency, jobs=1, batch=2)(ITEMS))

    assert {thread for _, thread in done} == {threading.get_ident()}
    assert agency.hired == []


@pytest.mark.parametrize("jobs", [2, 4])
def test_toil_is_shared_with_as_many_helpers_as_asked_for(toil: Work, jobs: int) -> None:
    agency = Agency()

    done = Counter(item for item, _ in Spread(toil, helper=agency, jobs=jobs, batch=2)(ITEMS))

    assert done == Counter(ITEMS)
    assert len(agency.hired) == jobs - 1
    assert any(helper.handed_over for helper in agency.hired)
    assert [helper.stopped for helper in agency.hired] == [1] * (jobs - 1)


@pytest.mark.parametrize(("count", "helpers"), [(50, 0), (60, 1), (1000, 3)])
def test_helpers_are_hired_for_the_work_that_is_left(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, count: int, helpers: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    agency = Agency()

    def work(item: str) -> tuple[str, int]:
        clock.toil()
        return item, 0

    done = list(Spread(work, helper=agency, jobs=None, batch=2)([str(number) for number in range(count)]))

    assert len(done) == count
    assert len(agency.hired) == helpers


@pytest.mark.parametrize("error", [BrokenPipeError(), EOFError(), ValueError("write to closed file")])
def test_what_a_lost_helper_had_goes_back_to_the_others(toil: Work, error: Exception) -> None:
    agency = Agency(error)

    done = Counter(item for item, _ in Spread(toil, helper=agency, jobs=3, batch=2)(ITEMS))

    assert done == Counter(ITEMS)
    assert any(helper.handed_over for helper in agency.hired)
    assert all(helper.stopped for helper in agency.hired)


def test_no_more_helpers_are_started_than_there_is_work_for(toil: Work) -> None:
    agency = Agency()

    assert len(list(Spread(toil, helper=agency, jobs=500, batch=2)(ITEMS))) == len(ITEMS)
    assert len(agency.hired) == len(ITEMS) // 16


@pytest.mark.parametrize("room", [0, 2])
def test_without_room_for_a_helper_those_that_started_do_the_work(toil: Work, room: int) -> None:
    agency = Agency()

    def hire() -> Colleague:
        if len(agency.hired) == room:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return agency()

    done = Counter(item for item, _ in Spread(toil, helper=hire, jobs=5, batch=2)(ITEMS))

    assert done == Counter(ITEMS)
    assert [helper.stopped for helper in agency.hired] == [1] * room


def test_without_room_for_a_thread_this_one_does_the_work(wait: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_start)
    done = Counter(Spread(wait, helper=None, jobs=None, batch=2)(ITEMS))

    assert {thread for _, thread in done} == {threading.get_ident()}
    assert sorted(item for item, _ in done) == sorted(ITEMS)


def test_closing_ends_the_work(work: Work) -> None:
    agency = Agency()
    before = set(threading.enumerate())
    results = Spread(work, helper=agency, jobs=2, batch=1)(ITEMS)
    some = [next(results) for _ in range(20)]

    results.close()

    assert len(some) == 20
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()
    assert all(helper.stopped for helper in agency.hired)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_the_work_itself_is_not_swallowed(work: Work) -> None:
    def fail_late(item: str) -> tuple[str, int]:
        if item == "item 30":
            raise ZeroDivisionError(item)
        return work(item)

    with pytest.raises(ZeroDivisionError):
        list(Spread(fail_late, helper=None, jobs=None, batch=2)(ITEMS))


@pytest.mark.parametrize(
    ("executable", "expected"),
    [
        ("/usr/bin/python3", True),
        ("/usr/bin/Python", True),
        ("python.exe", True),
        ("/usr/sbin/uwsgi", False),
        ("", False),
    ],
)
def test_only_a_python_can_be_started_again(monkeypatch: pytest.MonkeyPatch, executable: str, expected: bool) -> None:
    monkeypatch.setattr("sys.executable", executable)

    assert can_start_processes() is expected


def test_inside_another_program_no_helper_is_started(monkeypatch: pytest.MonkeyPatch, toil: Work) -> None:
    monkeypatch.setattr("sys.executable", "/usr/sbin/uwsgi")
    agency = Agency()

    done = list(Spread(toil, helper=agency, jobs=4, batch=2)(ITEMS))

    assert len(done) == len(ITEMS)
    assert agency.hired == []


def test_processors_are_counted_on_every_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_processors() >= 1
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert usable_processors() >= 1
