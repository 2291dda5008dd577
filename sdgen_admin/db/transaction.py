"""Writing: in short transactions, whole or absent, and never to a file that is no longer there."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from sdgen_admin.db.faults import code_of, replaced

_SLICE = 100
"""Milliseconds that SQLite itself waits for a lock before it is asked again."""
_SILENCE = 1.0
"""Seconds of waiting that need no word."""
_SHARE = 3.0
"""How many times as long as we held the lock it is left to others."""
_LONGEST_PAUSE = 0.1
"""Seconds."""


class Connection(sqlite3.Connection):
    """A connection that knows which file it was opened on."""

    path = ""
    """The file; empty for a database in memory."""
    is_read_only = False
    """Whether the file cannot be written."""
    is_hidden = False
    """Whether copies in memory hide the file's tables and take what is written."""
    patience: float | None = None
    """Seconds to wait for another program's lock when something is to be kept, if less than the timeout."""
    raised: BaseException | None = None
    """What one of our functions raised inside a statement."""
    on_wait: Callable[[], None] | None = None
    """Told once when another program's lock has been waited for for a second."""
    _opened: tuple[int, int] | None = None

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
        self._connection = connection
        self._keep = keep

    def __enter__(self) -> sqlite3.Connection:
        """Begin."""
        try:
            _begin(self._connection, getattr(self._connection, "patience", None) if self._keep else None)
            self._require_same_file()
        except BaseException:
            self._roll_back()
            raise
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or roll back if the body raised."""
        if error is not None or not self._keep:
            self._roll_back()
            return
        try:
            self._require_same_file()
            wait_for(self._connection, "COMMIT", getattr(self._connection, "patience", None))
        except BaseException:
            self._roll_back()
            raise

    def _require_same_file(self) -> None:
        if isinstance(self._connection, Connection):
            self._connection.require_same_file()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _begin(connection: sqlite3.Connection, most: float | None) -> None:
    """Take the write lock."""
    if getattr(connection, "is_hidden", False):
        connection.execute("BEGIN")  # writes go to memory: no other program can hold a lock there
        return
    wait_for(connection, "BEGIN IMMEDIATE", most)


def wait_for(connection: sqlite3.Connection, statement: str, most: float | None = None) -> None:
    """Execute a statement that another program's lock may hold up, waiting in slices: no signal gets through one.

    Args:
        connection: The database.
        statement: The statement.
        most: Seconds to wait, if less than the connection's timeout.
    """
    on_wait = getattr(connection, "on_wait", None)
    with waiting_at_most(connection, _SLICE) as timeout:
        begun = time.monotonic()
        patience = timeout / 1000 if most is None else min(most, timeout / 1000)
        while True:
            try:
                connection.execute(statement).fetchone()
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - begun
                if code_of(error) & 0xFF != sqlite3.SQLITE_BUSY or waited >= patience:
                    raise
                if on_wait is not None and waited >= _SILENCE:
                    on_wait()
                    on_wait = None
            else:
                return


@contextmanager
def waiting_at_most(connection: sqlite3.Connection, milliseconds: int) -> Iterator[int]:
    """Wait no longer than that for another program's lock, in the body; give how long it was before."""
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {min(patience, milliseconds)}")
    try:
        yield patience
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


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
