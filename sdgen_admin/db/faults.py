"""What SQLite's errors mean, in this package's own words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sdgen_admin.errors import (
    CorruptDatabaseError,
    DatabaseError,
    DatabaseLockedError,
    DatabaseReplacedError,
    DiskFullError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
)

_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
"""How SQLite calls it when a disk is full, a quota is used up or a file may not grow."""


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's extended error code, 0 if the error is the module's own."""
    return getattr(error, "sqlite_errorcode", 0)


def is_lack_of_room(error: sqlite3.Error) -> bool:
    """Whether something could not be written for want of space."""
    return code_of(error) in _NO_ROOM


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another program's lock is in the way, and may be gone the next time."""
    return code_of(error) & 0xFF == sqlite3.SQLITE_BUSY and code_of(error) != sqlite3.SQLITE_BUSY_SNAPSHOT


def replaced(path: str) -> DatabaseReplacedError:
    """Return the error for a file that is no longer the one that was opened."""
    return DatabaseReplacedError(f"{path} was removed or replaced while it was in use.", path=path)


def damaged(path: str, finding: str) -> CorruptDatabaseError:
    """Return the error for a file in which SQLite found damage."""
    return CorruptDatabaseError(f"{path} is damaged: {finding}.", path=path)


@contextmanager
def explained(path: str, timeout: float) -> Iterator[None]:
    """Raise a DatabaseError that says what is wrong with the file at `path` if the body has trouble with it."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path, timeout) from error


def explain(error: sqlite3.Error, path: str, timeout: float) -> DatabaseError:
    """Return what an error of SQLite means for the file at `path`."""
    code = code_of(error)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return replaced(path)
    if os.path.isdir(path):
        return DatabaseError(f"{path} is a folder, not a database.", path=path)
    match sqlite3.SQLITE_FULL if is_lack_of_room(error) else code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            message = f"Another program has locked {path} for {timeout:g} s."
            return DatabaseLockedError(message, path=path, seconds=timeout)
        case sqlite3.SQLITE_NOTADB:
            return NotADatabaseError(f"{path} is not a database.", path=path)
        case sqlite3.SQLITE_CORRUPT:
            return damaged(path, str(error))
        case sqlite3.SQLITE_READONLY:
            return ReadOnlyDatabaseError(f"{path} cannot be written.", path=path)
        case sqlite3.SQLITE_FULL:
            return DiskFullError(f"Cannot write {path}: no space left on device.", path=path)
        case _:
            return DatabaseError(f"{path} cannot be used: {error}.", path=path)
