"""A copy put in the place of the database: whole or not at all, and what it replaces is kept."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import NamedTuple

from sdgen_admin.db.backup import beside, checked_copy, publish, sync_folder, write_copy
from sdgen_admin.db.connection import Database
from sdgen_admin.db.faults import replaced
from sdgen_admin.db.schema import OWN_VERSION, own_version
from sdgen_admin.db.transaction import Connection
from sdgen_admin.errors import (
    BackupExistsError,
    CorruptDatabaseError,
    DatabaseError,
    DatabaseLockedError,
    DatabaseReplacedError,
    DiskFullError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
    RestoreRefusedError,
)

_TELLING = ("session_metadata", "session_stats", "sdgen_admin_version")
"""A database of sessions has at least one of these tables."""
_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database. Left there, it would be read into any file of the same name."""

_NOTHING_WRITTEN = (CorruptDatabaseError, DatabaseReplacedError, DiskFullError)
"""Errors after which the database is certain to be unchanged."""


class Restored(NamedTuple):
    """What became of the database that was there before."""

    previous: str | None
    """The file that holds it now; None if there was nothing."""
    was_damaged: bool


class _TakenError(Exception):
    """Another program has the lock."""


def restore(database: Database, copy: str) -> Restored:
    """Let the database hold what a copy holds, and say where its previous content is.

    Args:
        database: The database, which may be in use, damaged, or not there.
        copy: Another database file, absolute. It is left as it is.

    Raises:
        RestoreRefusedError: The copy cannot be used; nothing was changed.
        DatabaseError: The database cannot be written, or is locked; nothing was changed.
    """
    _require_another_file(copy, database)
    if not database.is_writable():
        raise ReadOnlyDatabaseError(f"{database.path} cannot be written.", path=database.path)
    was_there = database.exists()
    with _checked(copy, database) as part:
        if was_there:
            try:
                return Restored(_put_in(part, copy, database), was_damaged=False)
            except (CorruptDatabaseError, NotADatabaseError):
                pass  # no program can read it, and none can write to it what a copy holds
        return Restored(_replace(part, copy, database, was_there=was_there), was_damaged=was_there)


def _require_another_file(copy: str, database: Database) -> None:
    if not os.path.isfile(copy):
        is_there = os.path.exists(copy)
        raise RestoreRefusedError(f"{copy} is not a file." if is_there else f"There is no file {copy}.", path=copy)
    if not os.access(copy, os.R_OK):
        raise RestoreRefusedError(f"{copy} cannot be read: permission denied.", path=copy)
    if database.exists() and os.path.samefile(copy, database.path):
        raise RestoreRefusedError(f"{copy} is the database itself.", path=copy)


@contextmanager
def _checked(copy: str, database: Database) -> Iterator[str]:
    """Give a copy of the copy, checked, beside the database; what it holds cannot change any more."""
    with ExitStack() as made:
        try:
            with database.other(copy).open_as_it_is() as source:
                _require_sessions(source, copy)
                database.make_folder()
                part = made.enter_context(checked_copy(source, copy, database.file))
        except DatabaseError as error:
            if error.details.get("path") != copy or isinstance(error, DatabaseLockedError):
                raise
            raise RestoreRefusedError(error.message, path=copy) from error
        yield part


def _require_sessions(source: sqlite3.Connection, copy: str) -> None:
    there = {name.lower() for (name,) in source.execute("SELECT name FROM sqlite_master")}
    if there.isdisjoint(_TELLING):
        raise RestoreRefusedError(f"{copy} is a database, but it has never held sessions.", path=copy)
    version = own_version(source, there)
    if version > OWN_VERSION:
        raise RestoreRefusedError(
            f"A newer version of sdgen-admin has written {copy}: its tables have version {version}, and this program"
            f" knows version {OWN_VERSION}.",
            code="newer-copy",
            path=copy,
            version=version,
            known=OWN_VERSION,
        )


def _put_in(part: str, copy: str, database: Database) -> str | None:
    """Overwrite the database in one transaction, and return the backup of what it held.

    What it holds is backed up under the lock under which it is overwritten: no commit falls in between.
    """
    kept: list[str] = []
    try:
        with database.open_as_it_is() as reader, database.open_to_overwrite() as target:
            if _journal_mode(target) == "wal":  # others can read it while somebody holds the lock
                _fit_pages(part, copy, target)
                _overwrite(part, target, lambda: _keep(reader, database.path, kept))
            else:  # others cannot, but the lock can be held from one transaction to the next
                target.execute("BEGIN EXCLUSIVE")
                target.execute("PRAGMA locking_mode = EXCLUSIVE")  # not before: it would keep even the lock for reading
                target.execute("ROLLBACK")
                _keep(target, database.path, kept)
                _overwrite(part, target, lambda: None)
            # The last to close writes what is in the -wal to the file: never to one that turned out to be damaged.
            reader.close()
    except _NOTHING_WRITTEN:  # after any other trouble, an interrupt above all, the backup may be all that is left
        for backup in kept:
            with suppress(OSError):
                os.unlink(backup)
        raise
    return kept[0] if kept else None


def _journal_mode(connection: sqlite3.Connection) -> str:
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return str(mode)


def _keep(reader: sqlite3.Connection, path: str, kept: list[str]) -> None:
    """Back up the database and note where, unless it is empty."""
    if reader.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None:
        kept.append(write_copy(reader, path))


def _overwrite(part: str, target: Connection, once_locked: Callable[[], None]) -> None:
    """Write a copy over a database through SQLite: whoever has it open sees the change.

    Page by page, which is no slower, so that a signal can end it.

    Args:
        part: The copy.
        target: The database, not in a transaction.
        once_locked: Called when nobody else can write any more, and nothing is written yet.
    """
    is_locked = False

    def look(status: int, _remaining: int, _total: int) -> None:
        nonlocal is_locked
        if status & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise _TakenError
        if status == sqlite3.SQLITE_OK and not is_locked:
            is_locked = True
            target.require_same_file()
            once_locked()

    with closing(sqlite3.connect(part, isolation_level=None)) as source:
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_master").fetchone()
        while True:
            target.execute("BEGIN EXCLUSIVE")  # waits for others; the copy itself does not
            target.execute("ROLLBACK")
            with suppress(_TakenError):  # somebody was faster: wait again
                source.backup(target, pages=1, progress=look, sleep=0)
                return


def _fit_pages(part: str, copy: str, target: sqlite3.Connection) -> None:
    """Give the copy pages of the database's size, without which SQLite overwrites no database in WAL mode."""
    (wanted,) = target.execute("PRAGMA page_size").fetchone()
    with closing(sqlite3.connect(part, isolation_level=None)) as source:
        if source.execute("PRAGMA page_size").fetchone() == (wanted,):
            return
        source.execute(f"PRAGMA page_size = {wanted}")
        try:
            source.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
                raise
            raise RestoreRefusedError(
                f"{copy} has pages of another size than the database, which only the program can change that has the"
                f" functions used in it: {error}.",
                path=copy,
            ) from error


def _replace(part: str, copy: str, database: Database, *, was_there: bool) -> str | None:
    """Put a file in the place of the database and what SQLite keeps beside it; return where the damaged one is now."""
    file = database.file
    if os.path.lexists(file) != was_there:
        raise replaced(database.path)
    aside = beside(file, "damaged")
    _give_rights(part, file if was_there else copy)
    if was_there:
        aside = publish(file, aside, or_numbered=True)
    moved: list[str] = []
    try:
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                os.replace(file + suffix, aside + suffix)
                moved.append(suffix)
        _name_it(part, file, was_there=was_there)
    except BaseException as error:
        if not _is_in_place(part, file):
            for suffix in moved:
                os.replace(aside + suffix, file + suffix)
            if was_there and os.path.lexists(file):
                os.unlink(aside)
            elif was_there:
                os.replace(aside, file)
        if isinstance(error, OSError):
            raise DatabaseError(f"Cannot replace {file}: {error.strerror}.", path=database.path) from error
        raise
    sync_folder(os.path.dirname(file))
    return aside if was_there else None


def _is_in_place(part: str, file: str) -> bool:
    """Whether an interrupt came only after the file had been put in its place."""
    return not os.path.lexists(part) or (os.path.lexists(file) and os.path.samefile(part, file))


def _name_it(part: str, file: str, *, was_there: bool) -> None:
    if was_there:
        os.replace(part, file)
        return
    try:
        publish(part, file, or_numbered=False)
    except BackupExistsError as error:
        raise replaced(file) from error


def _give_rights(part: str, file: str) -> None:
    """Give a file the owner and the permissions of another, and those to read and write it to its owner."""
    found = os.stat(file)
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(part, found.st_uid, found.st_gid)
    with suppress(OSError):  # the permissions of a drive that somebody else owns cannot be changed
        os.chmod(part, stat.S_IMODE(found.st_mode) | stat.S_IRUSR | stat.S_IWUSR)
