"""Warming the cache: one at a time for a database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from sdgen_admin.db.connection import Database
from sdgen_admin.errors import ReadOnlyDatabaseError


@contextmanager
def warm_lock(database: Database) -> Iterator[bool]:
    """Hold the right to warm a database's cache while the body runs; give whether it was free.

    The lock is the operating system's, on a file beside the database: it ends with its process, however that ends.

    Raises:
        ReadOnlyDatabaseError: The folder of the database cannot be written.
    """
    lock = FileLock(f"{database.file}.sdgen-admin.lock")
    try:
        os.makedirs(os.path.dirname(database.file), exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    except OSError as error:
        raise ReadOnlyDatabaseError(f"Cannot write {database.path}: {error.strerror}.", path=database.path) from error
    try:
        yield True
    finally:
        lock.release()
