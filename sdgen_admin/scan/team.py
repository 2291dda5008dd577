"""Those who work beside this thread: the caller's executor, or the one that fits what was measured."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from sdgen_admin.scan.work import ALONE, Task, Way

R = TypeVar("R")

_GIVEN = Way(0, 32, is_shared=False)
"""How the caller's executor is fed: an executor does not say how many workers it has."""
_AHEAD = 4
"""Messages for each thread, in work or waiting, so that it has work while what is done is stored."""


class Team:
    """An executor at work.

    Args:
        executor: The caller's; None to start our own.
    """

    def __init__(self, executor: Executor | None) -> None:
        self._is_given = executor is not None
        self._executor = executor
        self._way = _GIVEN if executor is not None else ALONE
        self._has_lost_processes = False

    def gets_ready(self, way: Way) -> bool:
        """Change to a way of working, and return whether there is anybody to help."""
        if way.processes and self._has_lost_processes:  # those that come after would be lost, too
            way = ALONE if way.is_shared else way._replace(processes=0, threads=way.processes * way.threads)
        if not self._is_given and way != self._way:
            self.end()
            self._way, self._executor = way, _start(way)
        return self._executor is not None

    def work(self, task: Task[R], left: deque[str], batch: int, seconds: float) -> Iterator[R]:
        """Yield the results for items taken from `left`, for some seconds; what has begun by then is finished."""
        until = time.monotonic() + seconds
        most = _AHEAD * max(self._way.processes, 1) * self._way.threads
        given: dict[Future[Any], list[str]] = {}
        done: SimpleQueue[Future[Any]] = SimpleQueue()
        try:
            while given or (left and self._executor and time.monotonic() < until):
                while left and self._executor and len(given) < most and time.monotonic() < until:
                    # Fewer at a time towards the end, so that all end together.
                    some = [left.popleft() for _ in range(min(batch, 1 + len(left) // most))]
                    try:
                        future = self._executor.submit(task.away, some)
                    except (BrokenExecutor, RuntimeError):  # all are gone, it was shut down, or no thread can start
                        left.extend(some)
                        self._lose()
                    else:
                        given[future] = some
                        future.add_done_callback(done.put)
                if left and self._way.is_shared and done.empty():
                    yield from task.here([left.popleft()])
                elif given:
                    future = done.get()
                    some = given.pop(future)
                    if future.cancelled() or isinstance(future.exception(), BrokenExecutor):
                        left.extend(some)
                    else:
                        yield from task.unpack(future.result())
        finally:
            for future in given:
                future.cancel()

    def end(self) -> None:
        """End our own threads and processes at once; the caller's executor is the caller's to end."""
        if self._executor is not None and not self._is_given:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = None

    def _lose(self) -> None:
        self._has_lost_processes |= not self._is_given and self._way.processes > 0
        self.end()
        self._is_given, self._way = False, ALONE


def _start(way: Way) -> Executor | None:
    if way.processes:
        from sdgen_admin.scan.processes import HelperProcesses  # noqa: PLC0415 -- a plain loop needs none

        with suppress(OSError, RuntimeError):  # no room for a process
            return HelperProcesses(way.processes, way.threads)
        return None
    if way.threads:
        from sdgen_admin.scan.threads import DaemonThreads  # noqa: PLC0415 -- only on a waiting drive

        return DaemonThreads(way.threads)
    return None
