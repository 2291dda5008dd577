"""The connection: how the database is opened, and its schema made whole."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sdgen_admin.db.faults import damaged, explained
from sdgen_admin.db.functions import register_functions
from sdgen_admin.db.schema import OWN_VERSION, Form, Schema, make_indexes, make_tables, read_schema
from sdgen_admin.db.shared import mirror
from sdgen_admin.db.transaction import Connection, file_identity, transaction, wait_for
from sdgen_admin.db.uri import file_uri
from sdgen_admin.db.values import decode
from sdgen_admin.errors import (
    CorruptDatabaseError,
    DatabaseError,
    DatabaseNotFoundError,
    DatabaseReplacedError,
    NewerDatabaseError,
    ReadOnlyDatabaseError,
)
from sdgen_admin.models.reports import SILENT, Listener

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another program's lock."""

_PAGE_SIZE = 16_384
"""Bytes, of a new database. To read many rows takes a third less time than with SQLite's 4,096, and asks the drive a
quarter as often; with still larger ones, small writes begin to cost more."""
_READERS_PATIENCE = 1.0
"""Seconds that a reader waits for the write lock: what it cannot store it shows from memory."""
_WAL_CANNOT_BE_MADE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY_DIRECTORY)
"""On a read-only file system, and in a read-only folder."""


class Database:
    """The database file. Each use opens a connection of its own, so any thread and any moment will do.

    Args:
        path: The SQLite file; made with its folder at the first write.
        timeout: Seconds to wait while another program holds a lock.
        listener: Told what happens.

    Attributes:
        path: The file as it was named, absolute.
        file: The same with links followed: what SQLite keeps beside it is there.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: float = LOCK_TIMEOUT, listener: Listener = SILENT
    ) -> None:
        self.path = os.path.abspath(path)
        self.file = os.path.realpath(path)
        self._timeout = timeout
        self._listener = listener
        self._whole_at: tuple[object, int] | None = None
        """File and schema version for which the schema was found whole: it is looked through once for each."""

    def exists(self) -> bool:
        """Whether there is a file already."""
        return os.path.exists(self.path)

    def require(self) -> None:
        """Raise DatabaseNotFoundError if there is no file yet."""
        if not self.exists():
            raise DatabaseNotFoundError(f"There is no database at {self.path} yet.", path=self.path)

    def check(self) -> None:
        """Read the database through, changing nothing. Raises DatabaseError if it cannot be used."""
        self.require()
        with explained(self.path, self._timeout), closing(self._open_read_only()) as connection:
            schema = read_schema(connection)
            for (finding,) in connection.execute("PRAGMA quick_check(1)"):
                if finding != "ok":
                    raise damaged(self.path, finding)
            if schema.form is Form.NEWER:
                raise self._newer(schema)

    def is_writable(self) -> bool:
        """Whether the file, or its folder if there is none, can be written."""
        folder = os.path.dirname(self.file)
        if not self.exists():
            while not os.path.exists(folder) and folder != os.path.dirname(folder):
                folder = os.path.dirname(folder)
            return os.access(folder, os.W_OK)
        return os.access(self.path, os.W_OK) and os.access(folder, os.W_OK)

    @contextmanager
    def open(self, *, for_writing: bool = False, to_make: bool = True) -> Iterator[Connection]:
        """Open the database with its schema whole, and close it at the end.

        If the database cannot be written, a reader gets copies of its tables in memory and can bring the facts up to
        date there; a writer is refused.

        Args:
            for_writing: Whether tables in memory will not do.
            to_make: Whether to make the file if there is none; otherwise one in memory stands in for it.

        Raises:
            DatabaseError: The database cannot be used; the subclass says why.
        """
        with explained(self.path, self._timeout):
            is_there = self.exists()
            is_made = self.is_writable() and (is_there or to_make)
            if for_writing and not is_made and (is_there or to_make):
                raise ReadOnlyDatabaseError(f"{self.path} cannot be written.", path=self.path)
            connection = self._connect_to_file() if is_made else self._connect_to_memory(is_there=is_there)
            connection.patience = None if for_writing else _READERS_PATIENCE
            try:
                self._complete_schema(connection, for_writing=for_writing)
                if is_made and not is_there:
                    self._listener.created(self.path)
                yield connection
            except sqlite3.Error as error:
                if connection.raised is not None:
                    raise connection.raised from None
                if "user-defined function" in str(error):  # interrupted just before it could be noted
                    raise KeyboardInterrupt from None
                raise
            finally:
                connection.close()

    @contextmanager
    def open_as_it_is(self) -> Iterator[Connection]:
        """Open the database for reading only, whatever it holds.

        Raises:
            DatabaseError: It is not there, or cannot be read.
        """
        self.require()
        with explained(self.path, self._timeout), closing(self._open_read_only()) as connection:
            yield connection

    @contextmanager
    def open_for_looking(self) -> Iterator[Connection]:
        """Open the database for reading only; if its schema is not of the present form, with copies in memory."""
        with self.open_as_it_is() as connection:
            schema = read_schema(connection)
            if schema.form is not Form.PRESENT or schema.lacks:
                _hide(connection, schema)
            yield connection

    def go_on_in_memory(self, connection: Connection, why: str) -> None:
        """Let a reader that could not store what it computed go on with copies of the tables in memory."""
        _hide(connection, read_schema(connection))
        self._listener.in_memory(why)

    def _connect_to_file(self) -> Connection:
        try:
            os.makedirs(os.path.dirname(self.file), exist_ok=True)
        except OSError as error:
            raise DatabaseError(f"Cannot create {self.path}: {error.strerror}.", path=self.path) from error
        connection = self._connect(file_uri(Path(self.path), "mode=rwc"))
        connection.remember_file(self.path)
        return connection

    def _connect_to_memory(self, *, is_there: bool) -> Connection:
        if not is_there:
            return self._connect("file::memory:")
        connection = self._open_read_only()
        connection.is_read_only = True
        return connection

    def _tell_of_waiting(self) -> None:
        self._listener.waiting(self.path)

    def _complete_schema(self, connection: Connection, *, for_writing: bool) -> None:
        """Make what the schema lacks; another program may be doing the same at this moment."""
        if not connection.is_read_only and self._whole_at == _schema_state(connection):
            return
        schema = read_schema(connection)
        if schema.form is Form.NEWER and for_writing:
            raise self._newer(schema)
        if connection.is_read_only or schema.form is Form.NEWER:
            _hide(connection, schema)
            return
        if not schema.is_whole:
            try:
                self._make_whole(connection, schema)
            except (sqlite3.Error, DatabaseError) as error:  # the latter if there is no room for a copy
                if for_writing or isinstance(error, CorruptDatabaseError | DatabaseReplacedError):
                    raise
                self.go_on_in_memory(connection, str(error))
                return
        self._whole_at = _schema_state(connection)

    def _make_whole(self, connection: Connection, schema: Schema) -> None:
        from sdgen_admin.db.convert import convert  # noqa: PLC0415 -- once in a database's life

        if schema.form is Form.EARLIER:
            self._listener.converting(self.path)
        copy = self._copy_before_first_write(connection) if schema.needs_first_use_backup else None
        connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")  # says nothing to a database that holds something
        try:
            with transaction(connection):
                schema = read_schema(connection)
                if schema.form is Form.EARLIER:
                    convert(connection)
                else:
                    make_tables(connection)
                if not _has_session_stats(connection):
                    mirror.create(connection)
                make_indexes(connection)
        except Exception:  # nothing was changed
            _remove(copy)
            raise
        if copy is not None and schema.needs_first_use_backup:
            self._listener.backed_up(copy)
        else:  # somebody was faster, with a copy of their own
            _remove(copy)
        if schema.form is Form.EARLIER:
            mirror.try_to_repair(connection, ())

    def _copy_before_first_write(self, connection: Connection) -> str | None:
        if not connection.path:
            return None
        from sdgen_admin.db.backup import write_copy  # noqa: PLC0415 -- once in a database's life

        return write_copy(connection, self.path)

    def _newer(self, schema: Schema) -> NewerDatabaseError:
        return NewerDatabaseError(
            f"A newer version of sdgen-admin has written {self.path}: its tables have version {schema.version},"
            f" and this program knows version {OWN_VERSION}.",
            path=self.path,
            version=schema.version,
            known=OWN_VERSION,
        )

    def _connect(self, uri: str) -> Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=self._timeout, isolation_level=None, check_same_thread=False, factory=Connection
        )
        try:
            connection.text_factory = decode  # other programs' text need not be valid UTF-8
            connection.execute("PRAGMA foreign_keys = OFF")
            register_functions(connection)
            connection.on_wait = self._tell_of_waiting
            wait_for(connection, "SELECT 1 FROM sqlite_master")
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_read_only(self) -> Connection:
        try:
            return self._connect(file_uri(Path(self.path), "mode=ro"))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _WAL_CANNOT_BE_MADE:  # locked, say: what the file holds is in flux
                raise
            # In WAL mode SQLite makes files beside this one. Nobody else has: nobody is writing.
            wal = f"{self.file}-wal"
            if os.path.exists(wal) and os.path.getsize(wal):  # left by a crash, or in a snapshot of a drive
                raise ReadOnlyDatabaseError(
                    f"{self.path} has changes in {wal}, which cannot be read unless the folder can be written.",
                    path=self.path,
                    wal=wal,
                ) from error
        return self._connect(file_uri(Path(self.path), "mode=ro&immutable=1"))


def _hide(connection: Connection, schema: Schema) -> None:
    from sdgen_admin.db.memory import hide_tables  # noqa: PLC0415 -- most databases can be written

    hide_tables(connection, schema)
    connection.is_hidden = True


def _schema_state(connection: Connection) -> tuple[object, int]:
    (version,) = connection.execute("PRAGMA schema_version").fetchone()
    return (file_identity(connection.path) if connection.path else connection), version


def _remove(copy: str | None) -> None:
    if copy is not None:
        with suppress(OSError):
            os.unlink(copy)


def _has_session_stats(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'session_stats'").fetchone() is not None
