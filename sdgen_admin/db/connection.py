"""The connection: how the database is opened, and its schema made whole."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from sdgen_admin.db.faults import code_of, damaged, explained, is_lack_of_room
from sdgen_admin.db.fork import in_use
from sdgen_admin.db.functions import register_functions
from sdgen_admin.db.schema import OWN_VERSION, Form, Schema, make_indexes, make_tables, read_schema
from sdgen_admin.db.shared import metadata_table, mirror
from sdgen_admin.db.soundness import first_damage
from sdgen_admin.db.transaction import SLICE, Connection, file_identity, transaction
from sdgen_admin.db.uri import file_uri
from sdgen_admin.db.values import decode
from sdgen_admin.errors import (
    CorruptDatabaseError,
    DatabaseError,
    DatabaseNotFoundError,
    DatabaseReplacedError,
    ForeignLayoutError,
    NewerDatabaseError,
    ReadOnlyDatabaseError,
    UsageError,
)
from sdgen_admin.models.reports import SILENT, Listener

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another program's lock."""

_PAGE_SIZE = 16_384
"""Bytes, of a new database. To read many rows takes a third less time than with SQLite's 4,096, and asks the drive a
quarter as often; with still larger ones, small writes begin to cost more."""
_READERS_PATIENCE = 1.0
"""Seconds that a reader waits for the write lock: what it cannot store it shows from memory."""
_WAL_CANNOT_BE_MADE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY_DIRECTORY, sqlite3.SQLITE_IOERR_SHMSIZE)
"""On a read-only file system, in a read-only folder, and on a full disk."""


class Database:
    """The database file. Each use opens a connection of its own, so any thread and any moment will do.

    Args:
        path: The SQLite file; made with its folder at the first write.
        timeout: Seconds to wait while another program holds a lock; 0 or more.
        listener: Told what happens.

    Attributes:
        path: The file as it was named, absolute.
        file: The same with links followed: what SQLite keeps beside it is there.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: float = LOCK_TIMEOUT, listener: Listener = SILENT
    ) -> None:
        if not isinstance(timeout, int | float) or not timeout >= 0:
            raise UsageError(f"Invalid lock timeout {timeout!r}: it must be a number of seconds, 0 or more.")
        self.path = os.path.abspath(path)
        self.file = os.path.realpath(path)
        self._timeout = timeout
        self._listener = listener
        self._whole_at: tuple[object, int] | None = None
        """File and schema version for which the schema was found whole: it is looked through once for each."""

    def __reduce__(self) -> tuple[Callable[[str], "Database"], tuple[str]]:
        """Pickle the path and the timeout, without the listener."""
        return partial(Database, timeout=self._timeout), (self.path,)

    def exists(self) -> bool:
        """Whether there is a file already."""
        return os.path.exists(self.path)

    def require(self) -> None:
        """Raise DatabaseNotFoundError if there is no file yet."""
        if not self.exists():
            raise DatabaseNotFoundError(f"There is no database at {self.path} yet.", path=self.path)

    def check(self) -> None:
        """Read the database through, changing nothing. Raises DatabaseError if it cannot be used."""
        with self.open_as_it_is() as connection:
            schema = read_schema(connection)
            finding = first_damage(connection, "quick_check")
            if finding is not None:
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
        with in_use(self.path), explained(self.path, self._timeout):
            is_there = self.exists()
            is_made = self.is_writable() and (is_there or to_make)
            if for_writing and not is_made and (is_there or to_make):
                raise ReadOnlyDatabaseError(f"{self.path} cannot be written.", path=self.path)
            if for_writing:
                connection = self._connect_to_file() if is_made else self._connect("file::memory:")
            else:
                connection = self._connect_to_read(is_there=is_there, is_made=is_made)
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
        with in_use(self.path), explained(self.path, self._timeout), closing(self._open_read_only()) as connection:
            yield connection

    @contextmanager
    def open_to_overwrite(self) -> Iterator[Connection]:
        """Open the database for reading and writing, whatever it holds; nothing is written by opening it.

        Raises:
            DatabaseError: It is not there, or cannot be read.
        """
        self.require()
        uri = file_uri(Path(self.path), "mode=rw")
        with in_use(self.path), explained(self.path, self._timeout), closing(self._connect(uri)) as connection:
            connection.remember_file(self.path)
            yield connection

    def other(self, path: str) -> "Database":
        """Return another file's database, which waits as long and tells the same listener."""
        return Database(path, timeout=self._timeout, listener=self._listener)

    @contextmanager
    def open_for_looking(self) -> Iterator[Connection]:
        """Open the database for reading only; if its schema is not of the present form, with copies in memory."""
        with self.open_as_it_is() as connection:
            schema = read_schema(connection)
            connection.metadata_problem = schema.metadata_problem
            if schema.form is not Form.PRESENT or schema.lacks:
                _hide(connection, schema)
            elif schema.metadata_problem is not None:
                metadata_table.read_through_copy(connection)
            yield connection

    def metadata_problem(self) -> ForeignLayoutError | None:
        """Return why metadata can be read but not changed, None if it can. Writes nothing."""
        if not self.exists() or not self.is_writable():
            return None
        # For writing: SQLite does not look at a table's rules on behalf of a connection that only reads.
        with (
            in_use(self.path),
            explained(self.path, self._timeout),
            closing(self._connect(file_uri(Path(self.path), "mode=rw"))) as connection,
        ):
            try:
                metadata_table.require_changeable(connection)
            except ForeignLayoutError as error:
                return error
        return None

    def require_changeable_metadata(self) -> None:
        """Raise ForeignLayoutError if metadata cannot be changed. To be asked before an edit writes anything."""
        problem = self.metadata_problem()
        if problem is not None:
            raise problem

    def go_on_in_memory(self, connection: Connection, why: str) -> None:
        """Let a reader that cannot write go on with copies of the tables in memory."""
        _hide(connection, read_schema(connection))
        connection.unstored = why

    def tell_of_memory(self, connection: Connection) -> None:
        """Tell, once, that what was just written is in memory only."""
        if connection.unstored is not None:
            self._listener.in_memory(connection.unstored)
            connection.unstored = None

    def make_folder(self) -> None:
        """Make the folder that the file belongs in, unless it is there. Raises DatabaseError if that fails."""
        try:
            os.makedirs(os.path.dirname(self.file), exist_ok=True)
        except OSError as error:
            raise DatabaseError(f"Cannot create {self.path}: {error.strerror}.", path=self.path) from error

    def _connect_to_file(self) -> Connection:
        self.make_folder()
        connection = self._connect(file_uri(Path(self.path), "mode=rwc"))
        connection.remember_file(self.path)
        return connection

    def _connect_to_read(self, *, is_there: bool, is_made: bool) -> Connection:
        if is_made:
            try:
                connection = self._connect_to_file()
            except sqlite3.OperationalError as error:
                if not is_there or code_of(error) not in _WAL_CANNOT_BE_MADE:
                    raise
            else:
                connection.patience = _READERS_PATIENCE
                return connection
        if not is_there:
            return self._connect("file::memory:")
        connection = self._open_read_only()
        connection.is_read_only = True
        connection.unstored = f"{self.path} cannot be written."
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
        connection.metadata_problem = schema.metadata_problem
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
        if schema.metadata_problem is not None:
            metadata_table.read_through_copy(connection)
        elif schema.has_metadata_key:  # without one, two rows of an id may appear at any time
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
            uri,
            uri=True,
            timeout=min(SLICE, self._timeout),
            isolation_level=None,
            check_same_thread=False,
            factory=Connection,
        )
        try:
            connection.timeout = self._timeout
            connection.on_wait = self._tell_of_waiting
            connection.text_factory = decode  # other programs' text need not be valid UTF-8
            connection.execute("PRAGMA foreign_keys = OFF")
            register_functions(connection)
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_read_only(self) -> Connection:
        try:
            return self._connect(file_uri(Path(self.path), "mode=ro"))
        except sqlite3.OperationalError as error:
            if code_of(error) == sqlite3.SQLITE_READONLY_ROLLBACK and self.is_writable():
                # A program was killed while it was writing. SQLite takes that back before anybody reads.
                return self._connect(file_uri(Path(self.path), "mode=rw"))
            if code_of(error) not in _WAL_CANNOT_BE_MADE:  # locked, say: what the file holds is in flux
                raise
            # In WAL mode SQLite makes files beside this one. Nobody else has: nobody is writing.
            wal = f"{self.file}-wal"
            if os.path.exists(wal) and os.path.getsize(wal):  # left by a crash, or in a snapshot of a drive
                if is_lack_of_room(error):
                    raise
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
    named = "SELECT 1 FROM main.sqlite_master WHERE name = 'session_stats' COLLATE NOCASE"
    return connection.execute(named).fetchone() is not None
