"""The connection: how the database is opened, written in short transactions, and what its errors mean."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sdgen_admin.db.functions import register_functions
from sdgen_admin.db.schema import missing_parts
from sdgen_admin.errors import (
    CorruptDatabaseError,
    DatabaseError,
    DatabaseLockedError,
    DatabaseNotFoundError,
    DiskFullError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
)

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another program's lock."""

_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
"""How SQLite calls it when a disk is full, a quota is used up or a file may not grow."""
_WAL_CANNOT_BE_MADE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY_DIRECTORY)
"""On a read-only file system, and in a read-only folder."""


class Database:
    """The database file. Each use opens a connection of its own, so any thread and any moment will do.

    Args:
        path: The SQLite file; made with its folder at the first write.
        timeout: Seconds to wait while another program holds a lock.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = LOCK_TIMEOUT) -> None:
        self.path = os.path.abspath(path)
        self._timeout = timeout

    def exists(self) -> bool:
        """Whether there is a file already."""
        return os.path.exists(self.path)

    def require(self) -> None:
        """Raise DatabaseNotFoundError where there is no file yet."""
        if not self.exists():
            raise DatabaseNotFoundError(
                f"There is no database at {self.path} yet.", "Run: sdgen-admin compute-stats --all"
            )

    def is_writable(self) -> bool:
        """Whether the file, or where there is none its folder, can be written."""
        folder = os.path.dirname(self.path)
        if not self.exists():
            while not os.path.exists(folder) and folder != os.path.dirname(folder):
                folder = os.path.dirname(folder)
            return os.access(folder, os.W_OK)
        return os.access(self.path, os.W_OK) and os.access(folder, os.W_OK)

    @contextmanager
    def open(self, *, for_writing: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the database with its schema whole, and close it at the end.

        A reader of a database that cannot be written works on a copy of it in memory, where it may bring
        stats up to date as it would elsewhere; a writer is refused.

        Raises:
            DatabaseError: The database cannot be used; the subclass says why.
        """
        with self._explained():
            if self.is_writable():
                self._make_folder()
                connection = self._connect(f"{Path(self.path).as_uri()}?mode=rwc")
            elif for_writing:
                raise ReadOnlyDatabaseError(
                    f"{self.path} cannot be written.",
                    "Check the permissions of the file and its folder, or name another database with --db.",
                )
            else:
                connection = self._copy_in_memory()
            try:
                _complete_schema(connection)
                yield connection
            finally:
                connection.close()

    def _make_folder(self) -> None:
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
        except OSError as error:
            raise DatabaseError(
                f"{self.path} cannot be made: {error.strerror}.", "Name another database with --db."
            ) from error

    def _connect(self, uri: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = _decode  # other programs' text need not be valid UTF-8
        connection.execute("PRAGMA foreign_keys = OFF")
        register_functions(connection)
        return connection

    def _copy_in_memory(self) -> sqlite3.Connection:
        memory = self._connect("file::memory:")
        if self.exists():
            with closing(self._open_read_only()) as source:
                source.backup(memory)
        return memory

    def _open_read_only(self) -> sqlite3.Connection:
        uri = f"{Path(self.path).as_uri()}?mode=ro"
        source = self._connect(uri)
        try:
            source.execute("SELECT 1 FROM sqlite_master")
        except sqlite3.OperationalError as error:
            source.close()
            if error.sqlite_errorcode not in _WAL_CANNOT_BE_MADE:  # locked, say: what the file holds is in flux
                raise
            # In WAL mode SQLite makes files beside this one. Nobody else has: nobody is writing.
            source = self._connect(f"{uri}&immutable=1")
        return source

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _explain(self, error: sqlite3.Error) -> DatabaseError:
        code = getattr(error, "sqlite_errorcode", 0)
        match sqlite3.SQLITE_FULL if code in _NO_ROOM else code & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return DatabaseLockedError(
                    f"{self.path} was locked by another program for {self._timeout:g} s.",
                    "Try again when the other program is done.",
                )
            case sqlite3.SQLITE_NOTADB:
                return NotADatabaseError(f"{self.path} is not a database.", "Name another file with --db.")
            case sqlite3.SQLITE_CORRUPT:
                return CorruptDatabaseError(
                    f"{self.path} is damaged: {error}.",
                    "Put back a copy, or save what is readable with: sqlite3 FILE .recover",
                )
            case sqlite3.SQLITE_READONLY:
                return ReadOnlyDatabaseError(f"{self.path} cannot be written.", "Name another database with --db.")
            case sqlite3.SQLITE_FULL:
                return DiskFullError(f"There is no room left to write {self.path}.", "Free some space and try again.")
            case _:
                return DatabaseError(f"{self.path} cannot be used: {error}.", "Name another database with --db.")


@contextmanager
def transaction(connection: sqlite3.Connection, *, keep: bool = True) -> Iterator[sqlite3.Connection]:
    """Run the body in one write transaction: whole, or, where the body raises, not at all.

    It begins immediate, so that two writers wait for each other instead of failing at their first write.

    Args:
        connection: The database.
        keep: Whether to keep the changes; False is for a dry run.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT" if keep else "ROLLBACK")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _complete_schema(connection: sqlite3.Connection) -> None:
    """Make what the schema lacks; another program may be doing the same at this moment."""
    if missing_parts(connection):
        with transaction(connection):
            for statement in missing_parts(connection):
                connection.execute(statement)


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")
