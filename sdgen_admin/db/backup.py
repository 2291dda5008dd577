"""Copies of a live database, by SQLite's own online backup: consistent, checked, whole or absent."""

import itertools
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sdgen_admin.db.faults import damaged, explain, is_lack_of_room
from sdgen_admin.db.soundness import first_damage
from sdgen_admin.db.uri import file_uri
from sdgen_admin.errors import BackupExistsError, DatabaseError

_PREFIX, _SUFFIX = ".sdgen-admin.", ".part"
"""What the temporary name of a copy starts with, and has near its end."""
_STEP = 256
"""Pages to copy in one step, so that a signal gets through between two. It makes 250 MB take a fifth longer."""
_ABANDONED = 24 * 60 * 60.0
"""Seconds. A copy that has not been written to for so long was left by a process that was killed."""


def copy_into(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy a database as it is at one moment, in steps between which an interrupt gets through.

    They are steps of one read transaction. If each were one of its own, the copy would begin anew whenever others
    write: beside a busy writer it would never end.
    """
    source.execute("BEGIN")
    try:
        source.execute("SELECT 1 FROM sqlite_master")  # waits for a lock as long as is allowed; the copy waits forever
        source.backup(target, pages=_STEP, progress=lambda *_: None)
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
    wanted = target or beside(path, "backup")
    if target is not None and os.path.lexists(target):
        raise _taken(target)
    with checked_copy(source, path, wanted) as part:
        with suppress(OSError):  # the permissions of a drive that somebody else owns cannot be changed
            shutil.copymode(path, part)  # last: what is copied may be read-only
        return publish(part, wanted, or_numbered=target is None)


def beside(path: str, what: str) -> str:
    """Return the name of a file that is kept beside the database at `path`, such as a backup."""
    return f"{path}.{what}-{datetime.now():%Y%m%d_%H%M%S}"


@contextmanager
def checked_copy(source: sqlite3.Connection, path: str, target: str) -> Iterator[str]:
    """Give a whole, checked copy of a database under a passing name; what is not given another is deleted.

    Args:
        source: The database.
        path: Its file.
        target: What the copy is to be called; it is made in the same folder.

    Raises:
        DatabaseError: It cannot be written, or the database is damaged.
    """
    folder = os.path.dirname(target)
    remove_abandoned(folder)
    if not os.path.isdir(folder):
        raise DatabaseError(f"There is no folder {folder}.", code="no-folder", path=folder)
    try:
        descriptor, part = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
    except OSError as error:
        raise DatabaseError(f"Cannot create {target}: {error.strerror}.", path=target) from error
    os.close(descriptor)
    try:
        _fill(source, part, target)
        _check(part, path)
        _sync(part, target)
        yield part
    finally:
        for leftover in (part, f"{part}-journal"):
            with suppress(FileNotFoundError):
                os.unlink(leftover)


def remove_abandoned(folder: str) -> None:
    """Delete the unfinished copies in a folder that have not been written to for a day."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and _SUFFIX in entry.name:
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < time.time() - _ABANDONED:
                        os.unlink(entry)


def _fill(source: sqlite3.Connection, part: str, target: str) -> None:
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")  # it is synced as a whole before it gets its name
        try:
            copy_into(source, copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # in WAL mode it could not be read from a read-only folder
        except sqlite3.Error as error:
            if is_lack_of_room(error):
                raise explain(error, target, 0) from error
            raise


def _check(part: str, path: str) -> None:
    uri = file_uri(Path(part), "mode=ro&immutable=1")  # immutable: no files beside it, whatever its journal mode
    with closing(sqlite3.connect(uri, uri=True)) as copy:
        finding = first_damage(copy, "integrity_check")
    if finding is not None:
        raise damaged(path, finding)


def _sync(part: str, target: str) -> None:
    try:
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise DatabaseError(f"Cannot write {target}: {error.strerror}.", path=target) from error


def sync_folder(folder: str) -> None:
    """Let the names in a folder survive a power cut, if its file system can be asked for that."""
    if os.name == "nt":  # folders cannot be opened here
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def publish(part: str, wanted: str, *, or_numbered: bool) -> str:
    """Give a finished file its name, unless somebody took that in the meantime; return the name.

    Args:
        part: The file, in the same folder. It may keep its old name beside the new one.
        wanted: The name.
        or_numbered: Whether to add a number if the name is taken, by another copy of the same second for example.

    Raises:
        BackupExistsError: The name is taken.
        DatabaseError: The name cannot be given.
    """
    for number in itertools.count(1):
        target = wanted if number == 1 else f"{wanted}-{number}"
        try:
            _name(part, target)
        except FileExistsError as error:
            if not or_numbered:
                raise _taken(target) from error
        except OSError as error:
            raise DatabaseError(f"Cannot create {target}: {error.strerror}.", path=target) from error
        else:
            sync_folder(os.path.dirname(target))
            return target
    raise AssertionError("there is always another number")


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
