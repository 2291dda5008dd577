"""Processes behind the interface of `concurrent.futures`, which start fast and need not be waited for.

`ProcessPoolExecutor` will not do: fork is unsafe in a program with threads, and spawn runs the caller's main module
again, which takes 700 sessions on a local drive to two to three times a plain loop (measured). These load nothing but
what reads a session.
"""

import os
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

_PATIENCE = 1.0
"""Seconds for a killed process to end: one that a drive does not answer cannot, and is left behind."""
_BOOT = "import sys; sys.path[:] = {path!r}; from sdgen_admin.scan.helper import main; main({threads})"


class HelperProcesses(Executor):
    """An executor of processes, each with some threads.

    Args:
        count: How many processes; fewer if there is no room for all.
        threads: How many calls each works on at a time.

    Raises:
        OSError: Not one could be started; RuntimeError if not one thread to read its replies could be.
    """

    def __init__(self, count: int, threads: int) -> None:
        self._processes = [_Process(threads)]
        with suppress(OSError, RuntimeError):
            while len(self._processes) < count:
                self._processes.append(_Process(threads))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let the process with the least to do call `fn`. Raises BrokenExecutor if all are gone."""
        while running := [process for process in self._processes if process.is_running]:
            with suppress(BrokenExecutor):
                return min(running, key=lambda process: process.load).submit(fn, args, kwargs)
        raise BrokenExecutor("All helper processes are gone.")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after the calls that were submitted, or at once if these are cancelled.

        A process that a drive keeps from ending is not waited for.
        """
        for process in self._processes:
            process.stop(at_once=cancel_futures)
        if wait or cancel_futures:
            for process in self._processes:
                process.join(_PATIENCE if cancel_futures else None)


class _Process:
    def __init__(self, threads: int) -> None:
        self.is_running = True
        self._calls: dict[int, Future[Any]] = {}
        self._number = 0
        self._state = Lock()
        self._writing = Lock()
        """Apart from the other one: replies must be read while a call waits for room in the pipe."""
        self._parent = os.getpid()
        # The file system's encoding is this program's, whatever decided it here.
        utf8 = int(sys.getfilesystemencoding().lower() == "utf-8")
        boot = _BOOT.format(path=[entry for entry in sys.path if isinstance(entry, str)], threads=threads)
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
        try:
            self._reader.start()
        except RuntimeError:  # no room for a thread
            self._process.kill()
            with self._process:  # waits for it, and closes the streams
                raise

    @property
    def load(self) -> int:
        """How many calls it has not answered yet."""
        return len(self._calls)

    def submit(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Future[T]:
        """Send a call. Raises BrokenExecutor if the process is gone, and what `pickle` raises for the call."""
        future: Future[T] = Future()
        call = pickle.dumps((fn, args, kwargs))
        with self._state:
            if not self.is_running:
                raise BrokenExecutor
            self._number += 1
            number = self._number
            self._calls[number] = future
        with self._writing, suppress(OSError, ValueError):  # if it is gone, the reader tells the future
            self._requests.write(pickle.dumps((number, call)))
            self._requests.flush()
        return future

    def stop(self, *, at_once: bool) -> None:
        """Let the process end, at once or after its calls. In a forked child, it is the parent's."""
        if os.getpid() != self._parent:
            return
        if at_once:
            self._process.kill()
        else:
            self._close_requests()

    def join(self, seconds: float | None) -> None:
        """Wait until the process has ended, for some seconds at most."""
        if os.getpid() != self._parent:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        self._close_requests()
        self._reader.join()
        self._replies.close()

    def _close_requests(self) -> None:
        with self._writing, suppress(OSError):  # what was still to be sent has nobody to go to
            self._requests.close()

    def _receive(self) -> None:
        with suppress(Exception):  # the end of the stream, or a reply that cannot be read
            while True:
                number, result, error = pickle.load(self._replies)  # noqa: S301 -- from our own process
                with self._state:
                    future = self._calls.pop(number)
                if future.set_running_or_notify_cancel():
                    future.set_result(result) if error is None else future.set_exception(error)
        with self._state:
            self.is_running = False
            unanswered = list(self._calls.values())
        for future in unanswered:
            if future.set_running_or_notify_cancel():
                future.set_exception(BrokenExecutor("A helper process is gone."))
