"""The program in processes of its own, forked from one that has imported everything: a hundred of them start at once.

What happens inside is seen through SQLite's own tracing: the program itself is as it is.
"""

import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sdgen_admin.__main__ import main
from sdgen_admin.cli import app, commands, formats, views
from sdgen_admin.db import backup
from sdgen_admin.services import demo, history, store, warm

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

LOADED = (app, backup, commands, demo, formats, history, store, views, warm)
PATIENCE = 60.0
"""Seconds until a process counts as stuck."""
_LATER = 0.02

needs_fork = pytest.mark.skipif(os.name == "nt", reason="processes are not forked here")


@dataclass
class Hooks:
    """What to do when the program gives SQLite a statement."""

    kill_at: int | None = None
    """End at once, as SIGKILL does, at this statement."""
    count_in: Path | None = None
    """Where to write how many there were."""
    begun: Path | None = None
    """A file to make when a write transaction is about to begin."""


@dataclass
class Running:
    """A process that was started."""

    process: "ForkServerProcess"
    said_in: Path

    @property
    def pid(self) -> int:
        """Its number, and that of its process group."""
        assert self.process.pid is not None
        return self.process.pid

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self) -> int | None:
        """Wait for the end and return the exit status; negative for a signal."""
        self.process.join(PATIENCE)
        status = self.process.exitcode
        self.process.kill()
        return status

    def said(self) -> str:
        """Return all that it wrote to both streams so far."""
        return self.said_in.read_text(encoding="utf-8") if self.said_in.exists() else ""


def start(*arguments: str | Path, said_in: Path, hooks: Hooks | None = None) -> Running:
    """Start a command line in a process, and a process group, of its own."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_run, args=(list(map(str, arguments)), said_in, hooks or Hooks()))
    process.start()
    return Running(process, said_in)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


def is_group_gone(pid: int) -> bool:
    """Whether no process of a group is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _run(arguments: list[str], said_in: Path, hooks: Hooks) -> None:
    os.setsid()
    descriptor = os.open(said_in, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.argv = ["sdgen-admin", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    count = 0

    def look(statement: str) -> None:
        nonlocal count
        count += 1
        if hooks.begun is not None and statement.startswith("BEGIN IMMEDIATE"):
            # A moment later and from elsewhere: SQLite swallows what a signal raises while it calls back.
            timer = threading.Timer(_LATER, hooks.begun.touch)
            timer.daemon = True
            timer.start()
        if count == hooks.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    connect = sqlite3.connect

    def connect_and_look(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(look)
        return connection

    if hooks != Hooks():
        sqlite3.connect = connect_and_look  # type: ignore[assignment]
    try:
        main()
    finally:
        if hooks.count_in is not None:
            hooks.count_in.write_text(str(count), encoding="utf-8")
