"""A collection with its database open: which roots it has there, and what follows each write."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple, TypeVar

from sdgen_admin.db.connection import Database
from sdgen_admin.db.expressions import Scope, in_roots
from sdgen_admin.db.roots import find_ids, recorded_roots, register
from sdgen_admin.db.settle import settle
from sdgen_admin.db.shared import mirror
from sdgen_admin.db.transaction import Connection, transaction
from sdgen_admin.disk.roots import SessionFolders
from sdgen_admin.errors import DatabaseReplacedError
from sdgen_admin.models.roots import Root

R = TypeVar("R")


class Key(NamedTuple):
    """Which session: the root that holds it, and its id."""

    root: Root
    session_id: str


class OpenCollection:
    """A collection whose database is open.

    Args:
        database: The database.
        connection: The same, opened.
        roots: All configured roots, in order.
        shown: Those of them that are asked for.
        may_go_on: Whether what cannot be stored is to be kept in memory, since somebody only reads.
    """

    def __init__(
        self,
        database: Database,
        connection: Connection,
        roots: Sequence[Root],
        shown: Sequence[Root],
        *,
        may_go_on: bool,
    ) -> None:
        self._database = database
        self.connection = connection
        self.roots = tuple(roots)
        self.shown = tuple(shown)
        self._may_go_on = may_go_on
        self.ids: dict[Root, int] = {}
        """The ids of those roots that the database knows."""
        self._folders: dict[Root, SessionFolders] = {}
        self.read_ids()

    @property
    def first_roots(self) -> list[int]:
        """The ids of the configured roots that the database knows, in order."""
        return list(dict.fromkeys(self.ids[root] for root in self.roots if root in self.ids))

    @property
    def scope(self) -> Scope:
        """What queries see: the sessions of the roots that are asked for."""
        names = {row.id: row.path for row in recorded_roots(self.connection)}
        names |= {root_id: root.name for root, root_id in self.ids.items()}
        shown = {self.ids[root]: root for root in reversed(self.shown) if root in self.ids}
        return Scope(shown, names, time.time_ns())

    @property
    def of_collection(self) -> str:
        """The condition on `s` that it is a session of any configured root."""
        return in_roots(self.first_roots)

    def root_of(self, root_id: int) -> Root:
        """Return the configured root with an id."""
        return next(root for root in self.roots if self.ids.get(root) == root_id)

    def folders(self, root: Root) -> SessionFolders:
        """Return the session folders of a root, which is listed once at most."""
        return self._folders.setdefault(root, SessionFolders(root.path))

    def read_ids(self) -> None:
        """Read again which roots the database knows."""
        self.ids = find_ids(self.connection, self.roots)

    def register(self, roots: Sequence[Root]) -> None:
        """Record roots as they are configured now."""
        self.write(lambda: self.ids.update(register(self.connection, roots)))

    def write(self, work: Callable[[], R], *, keep: bool = True) -> R:
        """Do some work in a write transaction, and return what it returns; a reader goes on in memory if that fails.

        Args:
            work: What to do. If it cannot be stored, it is done again from the start, in memory.
            keep: Whether to keep the changes; False is for a dry run.
        """

        def write() -> R:
            with transaction(self.connection, keep=keep):
                return work()

        result = self._here_or_in_memory(write)
        if keep:
            self._database.tell_of_memory(self.connection)
        return result

    def settle(self) -> None:
        """Adopt sessions that only metadata knows, and mark twins."""
        self._here_or_in_memory(lambda: settle(self.connection, self.first_roots))

    def _here_or_in_memory(self, work: Callable[[], R]) -> R:
        try:
            return work()
        except (sqlite3.Error, DatabaseReplacedError) as error:
            if not self._may_go_on or self.connection.is_hidden:
                raise
            self._database.go_on_in_memory(self.connection, str(error))
            return work()

    def finish(self) -> None:
        """Adopt sessions, mark twins and repair the mirror. To be called after every write.

        The write stands by then, so that a failure here is not one of the write: the next command does it again.
        """
        with suppress(sqlite3.Error):
            self.settle()
        self.repair_mirror()

    def repair_mirror(self, session_ids: Sequence[str] | None = None) -> None:
        """Repair the mirror, or mirror only some sessions whose facts have just been stored."""
        if not self.connection.is_hidden:
            mirror.try_to_repair(self.connection, self.first_roots, session_ids)


@contextmanager
def opened(
    database: Database, roots: Sequence[Root], shown: Sequence[Root], *, for_writing: bool, to_make: bool
) -> Iterator[OpenCollection]:
    """Open the database of a collection; see `Database.open`."""
    with database.open(for_writing=for_writing, to_make=to_make) as connection:
        yield OpenCollection(database, connection, roots, shown, may_go_on=not for_writing)
