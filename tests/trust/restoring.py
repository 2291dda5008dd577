"""A restore that is killed at a chosen moment, in a process of its own."""

import multiprocessing
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sdgen_admin.services.library import SessionLibrary

_FILES = ("os.", "open", "sqlite3.connect", "tempfile.")
"""How the events begin that Python raises when a program touches files."""


def die_while_restoring(path: Path, copy: Path, moment: int) -> bool:
    """Restore a copy, and return whether the process was killed, as by SIGKILL.

    Args:
        path: The database.
        copy: The copy.
        moment: Before which step to kill it, counted from 1: a step is a statement that SQLite is given, or an access
            to a file.
    """
    process = multiprocessing.get_context("forkserver").Process(target=_restore, args=(path, copy, moment))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _restore(path: Path, copy: Path, moment: int) -> None:
    library = SessionLibrary(path.parent / "images", path)
    library.exists()
    left = moment

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FILES) and ".py" not in str(arguments[:1]):
            step()

    connect = sqlite3.connect

    def connect_and_look(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(step)
        return connection

    sqlite3.connect = connect_and_look  # type: ignore[assignment]
    sys.addaudithook(look)
    library.restore(copy)
