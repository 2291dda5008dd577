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
from contextlib import suppress
from queue import Empty, Queue
from typing import Generic, Protocol, TypeVar

R = TypeVar("R")
Hand = Callable[[list[str]], list[R]]
Results = Queue[list[R] | None]

THREADS = 32
"""Enough to keep a drive busy that answers in a third of a millisecond."""
_EVIDENCE = 0.002
"""Seconds: shorter measurements say nothing."""
_WAITING = 0.3
"""Below this share of processor time, the drive is what takes the time."""
_WORTH_THREADS = 0.01
_WORTH_PROCESSES = 0.15
"""Seconds of work left from which helpers pay: a process takes 50 ms to start."""
_MESSAGE = 16
"""Items handed to a process at first: with two it waits a tenth of its time for the next."""
_LONGEST_MESSAGE = 128
_MESSAGE_SECONDS = 0.02
"""A message that takes less is followed by a longer one: its results may wait 5 ms for the interpreter's lock."""
_AHEAD = 4
"""Batches of results that may wait for the consumer, so that memory stays flat if it is slower than the drive."""


class Helper(Protocol[R]):
    """Another process that does the same work."""

    def work(self, items: list[str]) -> list[R]:
        """Return the results for `items`.

        Raises OSError, EOFError or ValueError (a closed stream, a name that cannot be sent) if it cannot.
        """

    def stop(self) -> None:
        """End the process, at once and whatever it is doing."""


class Spread(Generic[R]):
    """Apply one function to many items, in no particular order, and stream the results.

    Args:
        work: What to do with an item; safe to be called from several threads.
        helper: Starts another process for the same work; None where that cannot pay.
        jobs: How many to do side by side; None lets the measurements decide.
        batch: Items handed to a thread at a time; more where an item is only a call or two.
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
            elif helpers := self._helpers_worth_starting(seconds_left, len(left)):
                yield from self._with_processes(left, helpers)
            wall = cpu = 0.0
            count = 0

    def _helpers_worth_starting(self, seconds_left: float, items_left: int) -> int:
        if self._helper is None:
            return 0
        if self._jobs is not None:
            return min(self._jobs - 1, items_left // _MESSAGE)
        return min(usable_processors() - 1, int(seconds_left / _WORTH_PROCESSES))

    def _work_on(self, items: list[str]) -> list[R]:
        return [self._work(item) for item in items]

    def _in_threads(self, left: deque[str]) -> Iterator[R]:
        return self._gather(left, [self._work_on] * (self._jobs or THREADS), self._batch, are_processes=False)

    def _with_processes(self, left: deque[str], count: int) -> Iterator[R]:
        assert self._helper is not None
        helpers: list[Helper[R]] = []
        try:
            with suppress(OSError):  # no room for a further process: those that there are do it, or this one alone
                for _ in range(count):
                    helpers.append(self._helper())  # noqa: PERF401 -- those before a failure are kept
            yield from self._gather(left, [helper.work for helper in helpers], _MESSAGE, are_processes=True)
        finally:
            for helper in helpers:
                helper.stop()

    def _gather(self, left: deque[str], hands: "list[Hand[R]]", batch: int, *, are_processes: bool) -> Iterator[R]:
        """Yield what several hands make of the items, whichever is done first.

        Args:
            left: The items, taken away as they are handed out.
            hands: Each does what its thread feeds it.
            batch: Items handed out at a time; fewer towards the end, so that all hands end together.
            are_processes: Whether the hands are other processes. Those that are done soon get more at a time, and this
                thread works, too, when it would only wait.
        """
        # There is always room for the two things that a hand may still put when the consumer has left.
        results: Results[R] = Queue(_AHEAD + 2 * len(hands))

        def feed(hand: Hand[R]) -> None:
            some: list[str] = []
            most = batch
            try:
                with suppress(OSError, EOFError, ValueError):  # the process is gone
                    while some := _take(left, min(most, 1 + len(left) // (4 * len(hands)))):
                        begun = time.perf_counter()
                        done = hand(some)
                        if are_processes:
                            is_short = time.perf_counter() - begun < _MESSAGE_SECONDS
                            most = min(most * 2, _LONGEST_MESSAGE) if is_short else max(most // 2, batch)
                        results.put(done)
            finally:
                left.extend(some)  # what could not be done goes back to the others
                results.put(None)

        busy = 0
        with suppress(RuntimeError):  # no room for a further thread
            for hand in hands:
                threading.Thread(target=feed, args=(hand,), name="sdgen-admin", daemon=True).start()
                busy += 1
        try:
            yield from self._collect(left, results, busy, are_processes=are_processes)
        finally:
            left.clear()
            with suppress(Empty):
                while True:
                    results.get_nowait()

    def _collect(self, left: deque[str], results: "Results[R]", busy: int, *, are_processes: bool) -> Iterator[R]:
        while busy or left:
            if left and (not busy or (are_processes and results.empty())):
                yield from self._work_on(_take(left, 1))
            elif (done := results.get()) is None:
                busy -= 1
            else:
                yield from done


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
