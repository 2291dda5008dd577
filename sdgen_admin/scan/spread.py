"""Work on many sessions in the way that fits the drive, as the work itself shows.

On a drive that makes calls wait (a NAS, a Windows drive seen from WSL), threads wait side by side. On one that does
not, the interpreter's lock makes threads slower than a plain loop (measured: 1.8 times as long), and only processes
help, if the work left outlasts their start. A drive can change while it is read, so it is measured again and again.
"""

import os
import re
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, TypeVar

from sdgen_admin.scan.work import ALONE, Task, Way

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sdgen_admin.scan.team import Team

R = TypeVar("R")

_PYTHON = re.compile(r"python[\d.]*[tdw]?(\.exe)?")
_THREADS = 32
"""Enough to keep a drive busy that answers in a third of a millisecond."""
_EVIDENCE = 0.002
"""Seconds: a shorter measurement says nothing."""
_WAITING = 0.3
"""If less than this share of the time is the processor's, the drive is what takes the time."""
_WORTH_THREADS = 0.01
_WORTH_PROCESSES = 0.15
"""Seconds of work left, done one item at a time, from which help pays. A process takes 50 ms to start."""
_WORTH_WAITING_PROCESSES = 3.0
"""The same on a waiting drive. Threads do most of it there, but each that wakes up has to wait for its interpreter's
lock: for 1,000 sessions of 20 images, one process with 32 threads takes 2.1 s, and two with 16 each take 0.7 s."""
_THREADS_EACH = 8
"""Threads that a process must be worth."""
_STRETCH = 0.5
"""Seconds of work until the drive is measured again."""
_STRETCH_SHARE = 20
"""How many times as long as the measurement a stretch is at least, so that measuring costs a twentieth at most."""
_MESSAGE = 0.015
"""Seconds of work handed out at a time: a result may wait 5 ms for the interpreter's lock."""
_LONGEST_MESSAGE = 128
"""Items handed out at a time at most."""
_SHORTEST_SHARE = 16
"""Items that a helper must have to do at least."""


def spread(
    task: Task[R], items: Sequence[str], *, jobs: int | None = None, executor: "Executor | None" = None
) -> Generator[R]:
    """Do a task with every item and yield the results, in no particular order. Closing the iterator ends all work.

    Args:
        task: What to do.
        items: What to do it with.
        jobs: How many to do side by side; None lets the measurements decide.
        executor: Does the work instead of our own threads and processes. It is not shut down.
    """
    left = deque(items)
    team: Team | None = None
    batch = 1  # on a waiting drive, a longer first one would be time lost
    try:
        while left:
            wall, cpu, count = 0.0, 0.0, 0
            while left and wall < _EVIDENCE:
                some = [left.popleft() for _ in range(min(batch, len(left)))]
                wall -= time.perf_counter()
                cpu -= time.thread_time()
                results = task.here(some)
                wall += time.perf_counter()
                cpu += time.thread_time()
                count += len(some)
                batch = _fitting(_EVIDENCE, wall / count)
                yield from results
            each = wall / count
            way = _choose(each * len(left), len(left), jobs, is_waiting=cpu < wall * _WAITING)
            if team is None and left and (way != ALONE or executor is not None):
                team = _make_team(executor)
            if team is not None and team.gets_ready(way):
                yield from team.work(task, left, _fitting(_MESSAGE, each), max(_STRETCH, wall * _STRETCH_SHARE))
    finally:
        if team is not None:
            team.end()


def _fitting(seconds: float, each: float) -> int:
    """Return how many items of some seconds each fill a time, within limits."""
    return max(1, min(int(seconds / each), _LONGEST_MESSAGE)) if each > 0 else _LONGEST_MESSAGE


def _make_team(executor: "Executor | None") -> "Team":
    from sdgen_admin.scan.team import Team  # noqa: PLC0415 -- `concurrent.futures` takes 5 ms to load, seldom needed

    return Team(executor)


def _choose(seconds: float, items: int, jobs: int | None, *, is_waiting: bool) -> Way:
    """Return how to do work for which this thread alone would take some seconds."""
    processors = usable_processors() if can_start_processes() else 0
    if jobs == 1:
        return ALONE
    if is_waiting:
        threads = jobs or _THREADS
        processes = min(processors, max(1, threads // _THREADS_EACH)) if seconds >= _WORTH_WAITING_PROCESSES else 0
        if not processes:
            return Way(0, threads, is_shared=False) if seconds >= _WORTH_THREADS else ALONE
        return Way(processes, threads // processes, is_shared=False)
    wanted = int(seconds / _WORTH_PROCESSES) if jobs is None else items // _SHORTEST_SHARE
    helpers = min(wanted, (jobs or processors) - 1)
    return Way(helpers, 1, is_shared=True) if processors and helpers > 0 else ALONE


def usable_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_start_processes() -> bool:
    """Whether `sys.executable` is a Python. In a frozen program, or inside a web server, it is the program itself."""
    name = os.path.basename(sys.executable or "").lower()
    return _PYTHON.fullmatch(name) is not None and not getattr(sys, "frozen", False)
