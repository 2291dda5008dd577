"""Threads behind the interface of `concurrent.futures`, which nobody has to wait for.

`ThreadPoolExecutor` joins its threads when the interpreter exits: after Ctrl-C, a drive that does not answer would
keep the program alive.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(Executor):
    """An executor whose threads end with the program.

    Args:
        count: How many threads to start, one with each of the first calls.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads: list[Thread] = []
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let a thread call `fn`. Raises RuntimeError if no thread can be started."""
        if len(self._threads) < self._count:
            thread = Thread(target=self._run, name="sdgen-admin", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no room for a further one
                self._count = len(self._threads)
                if not self._threads:
                    raise
            else:
                self._threads.append(thread)
        future: Future[T] = Future()
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads after the calls that were submitted, or only those that have begun."""
        if cancel_futures:
            with suppress(Empty):
                while (call := self._calls.get_nowait()) is not None:
                    call[0].cancel()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            future, work = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 -- it is raised where the result is asked for
                future.set_exception(error)
