"""Warming the cache: one at a time for a database."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sdgen_admin.db.connection import Database

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""How the systems say that somebody else has a lock."""


@contextmanager
def warm_lock(database: Database) -> Iterator[bool]:
    """Hold the right to warm a database's cache while the body runs; give whether it was free.

    The lock is the operating system's, on a file beside the database: it ends with its process, however that ends.
    It spares work and guards nothing. So if it cannot be had (the file is another user's or not a file, the folder
    cannot be written, the file system has no locks), the right is free.
    """
    try:
        os.makedirs(os.path.dirname(database.file), exist_ok=True)
        lock = os.open(
            f"{database.file}.sdgen-admin.lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666
        )
    except OSError:
        lock = None
    if lock is None:
        yield True
        return
    try:
        yield _try_to_lock(lock)
    finally:
        if sys.platform != "win32":
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_UN)  # a process that was forked meanwhile has the file open, too
        os.close(lock)


def _try_to_lock(file: int) -> bool:
    """Lock an open file; return False if somebody else has it locked."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _TAKEN
    return True
