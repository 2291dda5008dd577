"""Forking: no database is open at the moment when a process is forked, so that its child can open one.

A child inherits SQLite's memory as it is. If another thread is at work then, its mutexes stay locked in the child for
good. If a connection is merely open, the child takes its parent's locks on the file for its own and has none
(https://www.sqlite.org/howtocorrupt.html, section 2.6).
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sdgen_admin.errors import ForkedError

_LONGEST = 1.0
"""Seconds: a use of a database that has lasted longer is not waited for. Most take some milliseconds."""


class _Gate:
    """Lets uses of databases in while no process is being forked, and forks while no use is under way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._uses: dict[object, tuple[int, float]] = {}
        """The uses under way: the thread of each, and when it began."""
        self._forking: set[int] = set()
        """The threads that are about to fork."""
        self._is_spoiled = False
        """Whether this process was forked in the middle of a use."""

    @contextmanager
    def use(self, path: str) -> Iterator[None]:
        if self._is_spoiled:
            raise ForkedError(
                f"{path} cannot be used here: this process was forked while its parent was using a database.", path=path
            )
        thread, use = threading.get_ident(), object()
        with self._changed:
            # One use inside another is not held up: whoever forks waits for the outer one.
            self._changed.wait_for(lambda: not self._forking or thread in self._threads())
            self._uses[use] = thread, time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._uses.pop(use, None)
                self._changed.notify_all()

    def close(self) -> None:
        """Let no use in, and wait until those of other threads have ended, unless one takes long."""
        self._changed.acquire()
        self._forking.add(threading.get_ident())
        while (seconds := self._seconds_to_wait()) > 0:
            self._changed.wait(seconds)

    def open(self) -> None:
        """Let uses in again."""
        self._forking.discard(threading.get_ident())
        self._changed.notify_all()
        self._changed.release()

    def start_anew(self) -> None:
        """Forget, in a child, what goes on in its parent only."""
        self._is_spoiled |= bool(self._uses)
        self._changed, self._uses, self._forking = threading.Condition(), {}, set()

    def _threads(self) -> set[int]:
        return {thread for thread, _ in self._uses.values()}

    def _seconds_to_wait(self) -> float:
        mine, now = threading.get_ident(), time.monotonic()
        return max((since + _LONGEST - now for thread, since in self._uses.values() if thread != mine), default=0.0)


_gate = _Gate()


@contextmanager
def in_use(path: str) -> Iterator[None]:
    """Let no other thread fork this process while the body uses the database at `path`, for a second at most.

    Raises:
        ForkedError: This process was forked while its parent was using a database.
    """
    with _gate.use(path):
        yield


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_gate.close, after_in_parent=_gate.open, after_in_child=_gate.start_anew)
