"""Copies of a live database, by SQLite's own online backup: consistent, checked, whole or absent."""

import itertools
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from sdgen_admin.db.faults import damaged, explain, is_lack_of_room
from sdgen_admin.db.uri import file_uri
from sdgen_admin.errors import BackupExistsError, DatabaseError


def copy_into(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy a database in one step, in which other programs can read it but must wait with their commits.

    Reading in steps would let them pass, but begin anew whenever they write: beside a busy writer it never ends.
    """
    source.execute("BEGIN")
    try:
        source.execute("SELECT 1 FROM sqlite_master")  # waits for a lock as long as is allowed; the copy waits forever
        source.backup(target)
    finally:
        source.execute("ROLLBACK")


def write_copy(source: sqlite3.Connection, path: str, target: str | None = None) -> str:
    """Write a copy of the database at `path`, open as `source`, and return where it is.

    Args:
        source: The database, inside `Database.open` or `open_as_it_is`, which explain what is wrong with it.
        path: Its file.
        target: A file that is not there yet; None: one beside the database, with the time in its name.

    Raises:
        BackupExistsError: The file is there already.
        DatabaseError: It cannot be written, or the database is damaged; nothing was written.
    """
    wanted = target or f"{path}.backup-{datetime.now():%Y%m%d_%H%M%S}"
    if target is not None and os.path.lexists(target):
        raise _taken(target)
    folder, name = os.path.split(wanted)
    try:
        descriptor, part = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    except OSError as error:
        raise DatabaseError(f"Cannot create {wanted}: {error.strerror}.", path=wanted) from error
    os.close(descriptor)
    try:
        _fill(source, part, wanted)
        _check(part, path)
        _sync(part, wanted)
        with suppress(OSError):  # the permissions of a drive that somebody else owns cannot be changed
            shutil.copymode(path, part)  # last: what is copied may be read-only
        return _publish(part, wanted, or_beside=target is None)
    finally:
        for leftover in (part, f"{part}-journal", f"{part}-wal", f"{part}-shm"):
            with suppress(FileNotFoundError):
                os.unlink(leftover)


def _fill(source: sqlite3.Connection, part: str, target: str) -> None:
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")  # it is synced as a whole before it gets its name
        try:
            copy_into(source, copy)
        except sqlite3.Error as error:
            if is_lack_of_room(error):
                raise explain(error, target, 0) from error
            raise


def _check(part: str, path: str) -> None:
    uri = file_uri(Path(part), "mode=ro&immutable=1")  # immutable: no files beside it, whatever its journal mode
    with closing(sqlite3.connect(uri, uri=True)) as copy:
        (finding,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if finding != "ok":
        raise damaged(path, finding)


def _sync(part: str, target: str) -> None:
    try:
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise DatabaseError(f"Cannot write {target}: {error.strerror}.", path=target) from error


def _publish(part: str, wanted: str, *, or_beside: bool) -> str:
    """Give the finished copy its name, unless somebody took that in the meantime; return the name.

    Args:
        part: The copy.
        wanted: The name.
        or_beside: Whether to add a number if the name is taken, by another copy of the same second for example.
    """
    target = wanted
    for number in itertools.count(2):
        try:
            _name(part, target)
        except FileExistsError as error:
            if not or_beside:
                raise _taken(target) from error
            target = f"{wanted}-{number}"
        except OSError as error:
            raise DatabaseError(f"Cannot create {target}: {error.strerror}.", path=target) from error
        else:
            break
    return target


def _name(part: str, target: str) -> None:
    """Rename a file. Raises FileExistsError if the name is taken, which os.rename does on Windows only."""
    if os.name == "nt":
        os.rename(part, target)
        return
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: take the name first, then put the copy in its place
        os.close(os.open(target, os.O_CREAT | os.O_EXCL))
        os.replace(part, target)


def _taken(target: str) -> BackupExistsError:
    return BackupExistsError(f"{target} already exists; nothing was written.", path=target)
