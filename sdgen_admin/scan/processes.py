"""Processes behind the interface of `concurrent.futures`, which start fast and end at once.

`ProcessPoolExecutor` will not do: fork is unsafe in a program with threads, and spawn runs the caller's main module
again, which takes 700 sessions on a local drive to two to three times a plain loop (measured). These load nothing but
what reads a session.
"""

import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_BOOT = "import sys; sys.path[:] = {path!r}; from sdgen_admin.scan.helper import main; main({threads})"


class HelperProcesses(Executor):
    """An executor of processes, each with some threads.

    Args:
        count: How many processes; fewer if there is no room for all.
        threads: How many calls each works on at a time.

    Raises:
        OSError: Not one could be started.
    """

    def __init__(self, count: int, threads: int) -> None:
        self._processes = [_Process(threads)]
        with suppress(OSError):
            while len(self._processes) < count:
                self._processes.append(_Process(threads))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let the process with the least to do call `fn`. Raises BrokenExecutor if all are gone."""
        while running := [process for process in self._processes if process.is_running]:
            with suppress(BrokenExecutor):
                return min(running, key=lambda process: process.load).submit(fn, args, kwargs)
        raise BrokenExecutor("All helper processes are gone.")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after the calls that were submitted if `wait`, else at once."""
        for process in self._processes:
            process.end(at_once=cancel_futures or not wait)


class _Process:
    def __init__(self, threads: int) -> None:
        self.is_running = True
        self._calls: dict[int, Future[Any]] = {}
        self._number = 0
        self._lock = Lock()
        # The file system's encoding is this program's, whatever decided it here.
        utf8 = int(sys.getfilesystemencoding().lower() == "utf-8")
        boot = _BOOT.format(path=sys.path, threads=threads)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", f"utf8={utf8}", "-c", boot],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        self._reader = Thread(target=self._receive, name="sdgen-admin", daemon=True)
        self._reader.start()

    @property
    def load(self) -> int:
        """How many calls it has not answered yet."""
        return len(self._calls)

    def submit(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Future[T]:
        """Send a call. Raises BrokenExecutor if the process is gone, and what `pickle` raises for the call."""
        future: Future[T] = Future()
        with self._lock:
            self._number += 1
            call = pickle.dumps((self._number, pickle.dumps((fn, args, kwargs))))
            if not self.is_running:
                raise BrokenExecutor
            self._calls[self._number] = future
            with suppress(OSError, ValueError):  # it has just gone: the reader finds that out and tells the future
                self._requests.write(call)
                self._requests.flush()
        return future

    def end(self, *, at_once: bool) -> None:
        """End the process, whatever it is doing, or after its calls."""
        if at_once:
            self._process.kill()
        with suppress(OSError):  # what was still to be sent has nobody to go to
            self._requests.close()
        self._process.wait()
        self._reader.join()
        self._replies.close()

    def _receive(self) -> None:
        with suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
            while True:
                number, result, error = pickle.load(self._replies)  # noqa: S301 -- from our own process
                with self._lock:
                    future = self._calls.pop(number)
                if future.set_running_or_notify_cancel():
                    future.set_exception(error) if error else future.set_result(result)
        with self._lock:
            self.is_running = False
            unanswered = list(self._calls.values())
        for future in unanswered:
            if future.set_running_or_notify_cancel():
                future.set_exception(BrokenExecutor("A helper process is gone."))
