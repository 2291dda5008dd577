"""Work on many sessions in the way that fits the drive, chosen by what the first sessions measure.

Where calls wait (a NAS, a Windows drive seen from WSL), threads wait side by side. Where they do not, the
interpreter's lock makes threads slower than one (measured: 1.8 times as long), so other processes help, if
the work left outlasts their start. Otherwise, and with one job, plain iteration is best.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

R = TypeVar("R")

THREADS = 32
"""Enough to keep a drive busy that answers in a third of a millisecond."""
_EVIDENCE = 0.002
"""Seconds: shorter measurements say nothing."""
_WAITING = 0.3
"""Below this share of processor time, the drive is what takes the time."""
_WORTH_THREADS = 0.01
_WORTH_PROCESSES = 0.15
"""Seconds of work left from which helpers pay: a process takes 50 ms to start."""


class Helper(Protocol[R]):
    """Another process that does the same work."""

    def work(self, items: list[str]) -> list[R]:
        """Return the results for `items`; raises OSError or EOFError where the process is gone."""

    def stop(self) -> None:
        """End the process, at once and whatever it is doing."""


class Spread(Generic[R]):
    """Apply one function to many items, in no particular order, and stream the results.

    Args:
        work: What to do with an item; safe to be called from several threads.
        helper: Starts another process for the same work; None where that cannot pay.
        jobs: How many to do side by side; None lets the measurements decide.
        batch: Items handed over at a time; more where an item is only a call or two.
    """

    def __init__(
        self, work: Callable[[str], R], *, helper: Callable[[], Helper[R]] | None, jobs: int | None, batch: int
    ) -> None:
        self._work = work
        self._helper = helper if can_start_processes() else None
        self._jobs = jobs
        self._batch = batch

    def __call__(self, items: list[str]) -> Generator[R]:
        """Yield the result of every item. Closing the iterator ends all work at once."""
        left = deque(items)
        wall = cpu = 0.0
        count = 0
        while left:
            some = _take(left, self._batch)
            wall -= time.perf_counter()
            cpu -= time.thread_time()
            results = self._work_on(some)
            wall += time.perf_counter()
            cpu += time.thread_time()
            count += len(some)
            yield from results
            if self._jobs == 1 or wall < _EVIDENCE:
                continue
            seconds_left = wall / count * len(left)
            if cpu < wall * _WAITING:
                if seconds_left > _WORTH_THREADS:
                    yield from self._in_threads(left)
            elif helpers := self._helpers_worth_starting(seconds_left):
                yield from self._with_processes(left, helpers)
            wall = cpu = 0.0
            count = 0

    def _helpers_worth_starting(self, seconds_left: float) -> int:
        if self._helper is None:
            return 0
        if self._jobs is not None:
            return self._jobs - 1
        return min(usable_processors() - 1, int(seconds_left / _WORTH_PROCESSES))

    def _in_threads(self, left: deque[str]) -> Iterator[R]:
        count = self._jobs or THREADS
        pending: deque[Future[list[R]]] = deque()
        pool = ThreadPoolExecutor(count, thread_name_prefix="sdgen-admin")
        try:
            while left or pending:
                while left and len(pending) < count * 4:
                    pending.append(pool.submit(self._work_on, _take(left, self._batch)))
                yield from pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _work_on(self, items: list[str]) -> list[R]:
        return [self._work(item) for item in items]

    def _with_processes(self, left: deque[str], count: int) -> Iterator[R]:
        assert self._helper is not None
        results: SimpleQueue[list[R] | None] = SimpleQueue()
        helpers = [self._helper() for _ in range(count)]
        threads = [threading.Thread(target=self._feed, args=(left, helper, results)) for helper in helpers]
        for thread in threads:
            thread.start()
        try:
            busy = count
            while busy or left or not results.empty():
                if left and results.empty():
                    yield from self._work_on(_take(left, 1))
                    continue
                done = results.get()
                if done is None:
                    busy -= 1
                else:
                    yield from done
        finally:
            left.clear()
            for helper in helpers:
                helper.stop()
            for thread in threads:
                thread.join()

    def _feed(self, left: deque[str], helper: Helper[R], results: "SimpleQueue[list[R] | None]") -> None:
        while some := _take(left, self._batch):
            try:
                results.put(helper.work(some))
            except (OSError, EOFError):  # the process is gone: its items go back to the others
                left.extend(some)
                break
        results.put(None)


def _take(left: deque[str], count: int) -> list[str]:
    some: list[str] = []
    try:
        while len(some) < count:
            some.append(left.popleft())
    except IndexError:  # another thread took the last one
        pass
    return some


def usable_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_start_processes() -> bool:
    """Whether `sys.executable` is a Python; inside another program (a web server, a frozen one) it is not."""
    return os.path.basename(sys.executable or "").lower().startswith("python")
