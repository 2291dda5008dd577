"""The connection: how the database is opened, and its schema made whole."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sdgen_admin.db.faults import damaged, explained
from sdgen_admin.db.functions import register_functions
from sdgen_admin.db.schema import is_new_to_metadata, missing_parts
from sdgen_admin.db.search import make_search_indexes
from sdgen_admin.db.transaction import Connection, transaction
from sdgen_admin.db.uri import file_uri
from sdgen_admin.errors import DatabaseError, DatabaseNotFoundError, ReadOnlyDatabaseError

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another program's lock."""

_PAGE_SIZE = 16_384
"""Bytes, of a new database. To read many rows takes a third less time than with SQLite's 4,096, and asks the drive a
quarter as often; with still larger ones, small writes begin to cost more."""
_FILLING_CACHE = 500
"""KiB of pages to keep in memory while a new database is filled; otherwise 2,000, as SQLite does."""
_TURN = 0.05
"""Seconds after which a transaction that makes indexes makes no further one."""
_WAL_CANNOT_BE_MADE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY_DIRECTORY)
"""On a read-only file system, and in a read-only folder."""


class Database:
    """The database file. Each use opens a connection of its own, so any thread and any moment will do.

    Args:
        path: The SQLite file; made with its folder at the first write.
        timeout: Seconds to wait while another program holds a lock.

    Attributes:
        path: The file as it was named, absolute.
        file: The same with links followed: what SQLite keeps beside it is there.
        on_new: Told the path where the database was not there and has been made.
        on_wait: Told, once, when another program's lock has been waited for for a second.
        on_backup: Told where a copy was put before this version's own tables were added to somebody's metadata.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = LOCK_TIMEOUT) -> None:
        self.path = os.path.abspath(path)
        self.file = os.path.realpath(path)
        self.on_new: Callable[[str], None] | None = None
        self.on_wait: Callable[[], None] | None = None
        self.on_backup: Callable[[str], None] | None = None
        self._timeout = timeout

    def exists(self) -> bool:
        """Whether there is a file already."""
        return os.path.exists(self.path)

    def require(self) -> None:
        """Raise DatabaseNotFoundError where there is no file yet."""
        if not self.exists():
            raise DatabaseNotFoundError(
                f"There is no database at {self.path} yet.",
                "Is that the right file? If so, make it, with the same --db if any: sdgen-admin compute-stats --all",
            )

    def check(self) -> None:
        """Read the database through, changing nothing. Raises DatabaseError where it cannot be used."""
        self.require()
        with explained(self.path, self._timeout), closing(self._open_read_only()) as connection:
            missing_parts(connection)
            for (finding,) in connection.execute("PRAGMA quick_check(1)"):
                if finding != "ok":
                    raise damaged(self.path, finding)

    def is_writable(self) -> bool:
        """Whether the file, or where there is none its folder, can be written."""
        folder = os.path.dirname(self.file)
        if not self.exists():
            while not os.path.exists(folder) and folder != os.path.dirname(folder):
                folder = os.path.dirname(folder)
            return os.access(folder, os.W_OK)
        return os.access(self.path, os.W_OK) and os.access(folder, os.W_OK)

    @contextmanager
    def open(
        self, *, for_writing: bool = False, to_fill: bool = False, to_make: bool = True
    ) -> Iterator[sqlite3.Connection]:
        """Open the database with its schema whole, and close it at the end.

        A reader of a database that cannot be written works on a copy of it in memory, where it may bring
        stats up to date as it would elsewhere; a writer is refused.

        Args:
            for_writing: Whether a copy in memory will not do.
            to_fill: Whether the caller fills the database if it is new, and then makes its indexes by `make_indexes`:
                over many rows at once they take a fraction of the time.
            to_make: Whether to make the file where there is none; otherwise one in memory stands in for it.

        Raises:
            DatabaseError: The database cannot be used; the subclass says why.
        """
        with explained(self.path, self._timeout):
            is_there = self.exists()
            if self.is_writable() and (is_there or to_make):
                self._make_folder()
                connection = self._connect(file_uri(Path(self.path), "mode=rwc"))
                connection.remember_file(self.path)
                connection.on_wait = self._tell_of_waiting
            elif for_writing and (is_there or to_make):
                raise ReadOnlyDatabaseError(
                    f"{self.path} cannot be written.",
                    "Check the permissions of the file and its folder, or name another database with --db.",
                )
            else:
                connection = self._copy_in_memory()
            try:
                self._complete_schema(connection, to_fill=to_fill)
                if self.on_new is not None and connection.path and not is_there:
                    self.on_new(self.path)
                yield connection
            except sqlite3.Error as error:
                if connection.raised is not None:
                    raise connection.raised from None
                if "user-defined function" in str(error):  # interrupted just before it could be noted
                    raise KeyboardInterrupt from None
                raise
            finally:
                connection.close()

    def _tell_of_waiting(self) -> None:
        if self.on_wait is not None:
            self.on_wait()
            self.on_wait = None

    def _make_folder(self) -> None:
        try:
            os.makedirs(os.path.dirname(self.file), exist_ok=True)
        except OSError as error:
            raise DatabaseError(
                f"{self.path} cannot be made: {error.strerror}.", "Name another database with --db."
            ) from error

    @contextmanager
    def open_as_it_is(self) -> Iterator[sqlite3.Connection]:
        """Open the database for reading only, whatever it holds.

        Raises:
            DatabaseError: It is not there, or cannot be read.
        """
        self.require()
        with explained(self.path, self._timeout), closing(self._open_read_only()) as connection:
            yield connection

    def _complete_schema(self, connection: Connection, *, to_fill: bool) -> None:
        """Make what the schema lacks; another program may be doing the same at this moment."""
        missing = missing_parts(connection)
        if not missing:
            return
        is_new = any(statement.startswith("CREATE TABLE session_stats") for statement in missing)
        copy = self._copy_before_first_write(connection)
        is_needed = False
        connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")  # says nothing to a database that holds something
        try:
            is_needed = _make_tables(connection)
        finally:
            if copy is not None and not is_needed:  # it failed, or somebody was faster, with a copy of their own
                with suppress(OSError):
                    os.unlink(copy)
        if to_fill and is_new:
            # Rows are added at the end: hardly a page is needed twice.
            connection.execute(f"PRAGMA cache_size = -{_FILLING_CACHE}")
        else:
            make_indexes(connection)
            make_search_indexes(connection)
        if copy is not None and is_needed and self.on_backup is not None:
            self.on_backup(copy)

    def _copy_before_first_write(self, connection: Connection) -> str | None:
        if not connection.path or not is_new_to_metadata(connection):
            return None
        from sdgen_admin.db.backup import write_copy  # noqa: PLC0415 -- once in a database's life

        return write_copy(connection, self.path)

    def _connect(self, uri: str) -> Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=self._timeout, isolation_level=None, check_same_thread=False, factory=Connection
        )
        try:
            connection.text_factory = _decode  # other programs' text need not be valid UTF-8
            connection.execute("PRAGMA foreign_keys = OFF")
            register_functions(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _copy_in_memory(self) -> Connection:
        if not self.exists():
            return self._connect("file::memory:")
        from sdgen_admin.db.backup import copy_into  # noqa: PLC0415 -- most databases can be written

        with closing(self._open_read_only()) as source:
            memory = self._connect("file::memory:")
            try:
                copy_into(source, memory)
            except BaseException:
                memory.close()
                raise
        return memory

    def _open_read_only(self) -> Connection:
        source = self._connect(file_uri(Path(self.path), "mode=ro"))
        try:
            source.execute("SELECT 1 FROM sqlite_master")
        except sqlite3.OperationalError as error:
            source.close()
            if error.sqlite_errorcode not in _WAL_CANNOT_BE_MADE:  # locked, say: what the file holds is in flux
                raise
            # In WAL mode SQLite makes files beside this one. Nobody else has: nobody is writing.
            wal = f"{self.file}-wal"
            if os.path.exists(wal) and os.path.getsize(wal):  # left by a crash, or in a snapshot of a drive
                raise ReadOnlyDatabaseError(
                    f"{self.path} has changes in {wal}, which cannot be read where nothing can be written.",
                    "Copy both to another folder, and name the copy with --db.",
                ) from error
            source = self._connect(file_uri(Path(self.path), "mode=ro&immutable=1"))
        return source


def _make_tables(connection: Connection) -> bool:
    """Make the tables; return whether it was the first time that this version met somebody's metadata."""
    with transaction(connection):
        is_first = is_new_to_metadata(connection)
        for statement in missing_parts(connection):
            if not statement.startswith("CREATE INDEX"):
                connection.execute(statement)
    return is_first


def make_indexes(connection: sqlite3.Connection) -> None:
    """Make the indexes that the schema lacks, in short transactions: over many rows each takes long."""
    statements = missing_parts(connection)
    while statements:
        with transaction(connection):
            begun = time.monotonic()
            while statements and time.monotonic() - begun < _TURN:
                connection.execute(statements.pop(0))


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")
