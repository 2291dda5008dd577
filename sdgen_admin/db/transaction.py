"""Writing: in short transactions, whole or absent, and never to a file that is no longer there."""

import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from sdgen_admin.db.faults import is_locked, replaced

SLICE = 0.1
"""Seconds that SQLite itself waits for a lock before it is asked again: no signal arrives while it waits."""
_PAUSE = 0.001
"""Seconds between two tries: SQLite does not wait if waiting might be in vain."""
_SILENCE = 1.0
"""Seconds of waiting that need no word."""
_SHARE = 3.0
"""How many times as long as we held the lock it is left to others."""
_LONGEST_PAUSE = 0.1
"""Seconds."""


class Connection(sqlite3.Connection):
    """A connection that can be interrupted while it waits for a lock, and knows which file it was opened on."""

    path = ""
    """The file; empty for a database in memory."""
    timeout = 0.0
    """Seconds to wait for another program's lock."""
    is_read_only = False
    """Whether the file cannot be written."""
    is_hidden = False
    """Whether copies in memory hide the file's tables and take what is written."""
    metadata_problem: str | None = None
    """Why metadata is read from a copy in memory and cannot be changed, if so."""
    unstored: str | None = None
    """Why what is written now will not be stored, until the listener has been told."""
    patience = math.inf
    """Seconds to wait for others before something can be written, if less than the timeout."""
    raised: BaseException | None = None
    """What one of our functions raised inside a statement."""
    on_wait: Callable[[], None] | None = None
    """Told once when another program's lock has been waited for for a second."""
    _opened: tuple[int, int] | None = None

    def execute(self, statement: str, values: Any = (), /, *, most: float = math.inf) -> sqlite3.Cursor:
        """Execute a statement, and wait if another program has locked the file.

        That can happen only at the start: a cursor that has given a row has the lock it needs.

        Args:
            statement: The statement.
            values: The values to bind.
            most: Seconds to wait, if less than the timeout.
        """
        begun, on_wait = time.monotonic(), self.on_wait
        while True:
            try:
                return super().execute(statement, values)
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - begun
                if not is_locked(error) or waited >= min(most, self.timeout):
                    raise
            time.sleep(_PAUSE)
            if on_wait is not None and waited >= _SILENCE:
                on_wait()
                on_wait = None

    def execute_to_write(self, statement: str) -> None:
        """Begin or commit. Whoever has run out of patience once does not wait again."""
        try:
            self.execute(statement, most=self.patience)
        except sqlite3.OperationalError:
            if self.patience < self.timeout:
                self.patience = 0.0
            raise

    def remember_file(self, path: str) -> None:
        """Note which file is at `path` now."""
        self.path = path
        self._opened = file_identity(path)

    def require_same_file(self) -> None:
        """Raise DatabaseReplacedError if another file, or none, is there by now.

        What is written to a file without a name is lost, and SQLite does not always notice.
        """
        if self.path and not self.is_hidden and file_identity(self.path) != self._opened:
            raise replaced(self.path)


@contextmanager
def own_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Read only what this tool wrote itself, in the body: that is valid UTF-8, and need not be decoded with care."""
    careful = connection.text_factory
    connection.text_factory = str
    try:
        yield
    finally:
        connection.text_factory = careful


def file_identity(path: str) -> tuple[int, int] | None:
    """Return what tells a file from another one of the same name, None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class transaction:  # noqa: N801 -- used as `with transaction(connection):`
    """Run the body in one write transaction: whole, or, if the body raises, not at all.

    It begins immediate, so that two writers wait for each other instead of failing at their first write. A class,
    because an interrupt between the two halves of a generator would leave the transaction open.

    Args:
        connection: The database.
        keep: Whether to keep the changes; False is for a dry run.
    """

    def __init__(self, connection: sqlite3.Connection, *, keep: bool = True) -> None:
        assert isinstance(connection, Connection)
        self._connection = connection
        self._keep = keep

    def __enter__(self) -> sqlite3.Connection:
        """Begin."""
        connection = self._connection
        try:
            if connection.is_hidden:
                connection.execute("BEGIN")  # writes go to memory: no other program can hold a lock there
            else:
                connection.execute_to_write("BEGIN IMMEDIATE")
            connection.require_same_file()
        except BaseException:
            self._roll_back()
            raise
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or roll back if the body raised."""
        if error is not None or not self._keep:
            self._roll_back()
            return
        try:
            self._connection.require_same_file()
            self._connection.execute_to_write("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


class Turns:
    """Leaves the lock free for longer than it was held, once others have committed, too.

    SQLite has no queue. A program that waits for a lock tries again now and then, and finds it taken if we let go only
    briefly. Measured beside 200 commits a second: without this, one of a thousand waited for more than 250 ms.

    Args:
        connection: The database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = self._version_now()
        self._theirs_until = 0.0
        self._are_others = False

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Wait for our turn; the body is one."""
        # Who is kept from committing shows no sign of life: seen once is seen for good.
        self._are_others |= self._version_now() != self._version
        if self._are_others:
            time.sleep(max(self._theirs_until - time.monotonic(), 0))
        begun = time.monotonic()
        try:
            yield
        finally:
            now = time.monotonic()
            self._theirs_until = now + min(_SHARE * (now - begun), _LONGEST_PAUSE)
        self._version = self._version_now()

    def _version_now(self) -> int:
        """Return a number that changes when another connection commits."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
