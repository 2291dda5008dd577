"""The front door: a collection of images roots and its database."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sdgen_admin.db import facts, records
from sdgen_admin.db.connection import LOCK_TIMEOUT, Database
from sdgen_admin.disk.spelling import is_same_root
from sdgen_admin.errors import ImagesRootError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.history import HistoryEntry, UndoReport
from sdgen_admin.models.metadata import MetadataChange, SessionMetadataUpdate
from sdgen_admin.models.records import SessionPage, SessionRecord
from sdgen_admin.models.reports import (
    SILENT,
    BackupReport,
    ComputeReport,
    DatabaseReport,
    Listener,
    ProgressListener,
    RestoreReport,
)
from sdgen_admin.models.roots import ImagesDirs, Root, as_roots, database_beside
from sdgen_admin.services.compute import Refresher
from sdgen_admin.services.locate import Locator, id_of, no_such_session
from sdgen_admin.services.opened import Key, OpenCollection, opened
from sdgen_admin.services.presence import follow_moves, has_database_or_sessions, may_make_database
from sdgen_admin.services.resolve import Resolver
from sdgen_admin.settings import root_named

if TYPE_CHECKING:
    from concurrent.futures import Executor

Sessions = str | Iterable[str] | SessionFilter
"""An id, several, or a filter that all matching sessions are chosen by. A session folder's path can stand for an id."""


class SessionLibrary:
    """A collection of sessions: finds, shows, computes and edits them.

    Args:
        images_dir: The images root, or several in order.
        db_path: The database file; by default `metadata/sessions.db` beside the first images root.
        root: The name of the only root whose sessions are to be seen; None: all.
        lock_timeout: Seconds to wait for another program's lock.
        listener: Told what happens around the database.

    Every method raises DatabaseError if the database cannot be used, and ImagesRootError if it needs an images root
    that cannot be read. A database that cannot be written can still be read.

    Raises:
        RootNotFoundError: No root has the name `root`.
    """

    def __init__(
        self,
        images_dir: ImagesDirs,
        db_path: str | os.PathLike[str] | None = None,
        *,
        root: str | None = None,
        lock_timeout: float = LOCK_TIMEOUT,
        listener: Listener = SILENT,
    ) -> None:
        self.roots: tuple[Root, ...] = _distinct(as_roots(images_dir))
        """All images roots, in order, each once however it is named."""
        self.shown: tuple[Root, ...] = self.roots if root is None else (root_named(self.roots, root),)
        """Those whose sessions are seen."""
        self._database = Database(db_path or database_beside(self.roots), timeout=lock_timeout, listener=listener)

    @property
    def db_path(self) -> str:
        """The database file, absolute."""
        return self._database.path

    def exists(self) -> bool:
        """Whether there is a database already."""
        return self._database.exists()

    def find(
        self,
        filter: SessionFilter | None = None,  # noqa: A002 -- the library's contract names it so
        *,
        fresh: bool = True,
        progress: ProgressListener | None = None,
        on_report: Callable[[ComputeReport], None] | None = None,
        **fields: Any,
    ) -> SessionPage:
        """Return the page of sessions that a filter asks for.

        Args:
            filter: Which sessions; the 100 newest by default.
            fresh: Whether to bring stats up to date first; False takes the database as it is and touches no folder (but
                for one look if a root is gone, and may have moved to one that the database does not know).
            progress: Told how far the computing is.
            on_report: Given the report of what was computed.
            fields: Fields of a `SessionFilter`, instead of one: `find(liked=True)`.

        Raises:
            DatabaseNotFoundError: `fresh` is False, and there is no database yet.
        """
        if filter is not None and fields:
            raise TypeError("find() takes a filter or its fields, not both")
        query = SessionFilter(**fields) if filter is None else filter
        with self.select(query, fresh=fresh, progress=progress, on_report=on_report) as (total_count, sessions):
            return SessionPage(
                sessions=tuple(sessions), total_count=total_count, limit=query.limit, offset=query.offset
            )

    @contextmanager
    def select(
        self,
        query: SessionFilter,
        *,
        fresh: bool = True,
        progress: ProgressListener | None = None,
        on_report: Callable[[ComputeReport], None] | None = None,
    ) -> Generator[tuple[int, Iterator[SessionRecord]]]:
        """Give what `find` finds as a stream: the total count, and the page's sessions, read one by one."""
        with self._reading(fresh=fresh) as collection:
            if fresh:
                outcome = Refresher(collection, progress=progress).everything()
                if on_report is not None:
                    on_report(outcome.report())
            yield records.select(collection.connection, query, collection.scope)

    def get(self, session: str, *, fresh: bool = True) -> SessionRecord:
        """Return all that is known of one session.

        Args:
            session: The session's id, or the path of its folder. An id in two roots is the first root's session.
            fresh: Whether to bring its stats up to date first; False takes the database as it is.

        Raises:
            SessionNotFoundError: There is neither such a folder nor anything in the database.
            DatabaseNotFoundError: `fresh` is False, and there is no database yet.
        """
        with self._reading(fresh=fresh) as collection:
            key = Locator(collection, is_fresh=fresh).require(session)
            if fresh:
                Refresher(collection).some([key])
            root_id = collection.ids.get(key.root)
            record = None
            if root_id is not None:
                record = records.get_record(collection.connection, root_id, key.session_id, collection.scope)
        if record is None:  # its folder vanished before it could be read
            raise no_such_session([session])
        return record

    def resolve(self, texts: Iterable[str], *, fresh: bool = True) -> list[str]:
        """Return what names the sessions that texts mean, each once: ids, parts of exactly one id, or `latest`.

        Args:
            texts: What a person typed, or a program passed on.
            fresh: Whether to look at the folders; False takes the database as it is.

        Raises:
            DatabaseNotFoundError: `fresh` is False, and there is no database yet.
            SessionNotFoundError: A text fits no session (or, as AmbiguousSessionError, several).
        """
        with self._reading(fresh=fresh, to_make=False) as collection:
            return Resolver(Locator(collection, is_fresh=fresh)).resolve(texts)

    def compute(
        self,
        sessions: Sessions | None = None,
        *,
        force: bool = False,
        jobs: int | None = None,
        executor: "Executor | None" = None,
        progress: ProgressListener | None = None,
    ) -> ComputeReport:
        """Compute and store the stats that are missing or outdated.

        Args:
            sessions: The sessions, one, or a filter; None: all.
            force: Whether to compute fresh ones, too.
            jobs: How many sessions to read side by side; None lets the drive decide.
            executor: Reads the sessions instead of our own threads and processes: any executor in the sense of
                PEP 3148. It is not shut down.
            progress: Told how far it is.

        Raises:
            SessionNotFoundError: A named session has no folder; nothing was computed.
        """
        with self._writing() as collection:
            refresher = Refresher(collection, jobs=jobs, executor=executor, progress=progress)
            if sessions is None:
                return refresher.everything(force=force).report()
            locator = Locator(collection)
            if isinstance(sessions, SessionFilter):
                refresher.everything()
                keys = self._matching(collection, sessions)
            else:
                keys = [locator.require(name) for name in _as_list(sessions)]
                locator.require_folders(keys)
            return refresher.some(keys, force=force).report()

    def update_metadata(
        self, sessions: Sessions, update: SessionMetadataUpdate, *, dry_run: bool = False
    ) -> tuple[MetadataChange, ...]:
        """Change the metadata of one session or many: either all of them change or, if anything fails, none do.

        Args:
            sessions: The sessions, one, or a filter; each has a folder or is in the database.
            update: The change.
            dry_run: Whether to leave everything as it is and only tell what would change.

        Raises:
            SessionNotFoundError: There is neither such a folder nor anything in the database.
            TwinSessionError: The id exists in two roots, and the metadata belongs to the other one's session.
            ForeignLayoutError: The table of metadata has a form in which it can only be read.
            EditRefusedError: A trigger or a rule of another program prevents it.
        """
        is_filter = isinstance(sessions, SessionFilter)
        names = [] if isinstance(sessions, SessionFilter) else _as_list(sessions)
        if not is_filter and not names:
            return ()
        self._database.require_changeable_metadata()
        with self._writing(dry_run=dry_run) as collection:
            from sdgen_admin.services.metadata import update_metadata  # noqa: PLC0415 -- reading needs none of it

            if isinstance(sessions, SessionFilter):
                Refresher(collection).everything()
                keys = self._matching(collection, sessions)
            else:
                locator = Locator(collection)
                keys = list(dict.fromkeys(locator.require(name) for name in names))
            return update_metadata(collection, keys, update, dry_run=dry_run)

    @contextmanager
    def records(self, sessions: Iterable[str] | None = None) -> Generator[Iterator[SessionRecord]]:
        """Give the records of some sessions, or of all, as the database has them, read one by one."""
        with self._reading(fresh=False) as collection:
            if sessions is None:
                yield records.select(collection.connection, SessionFilter(limit=None), collection.scope)[1]
                return
            locator = Locator(collection, is_fresh=False)
            found = [key for key in map(locator.find, sessions) if key is not None]
            keys = [(collection.ids[key.root], key.session_id) for key in found]
            yield records.records_of(collection.connection, keys, collection.scope)

    def tags(self) -> dict[str, int]:
        """Return every tag in use with the number of sessions that have it, the most used first."""
        with self._reading_recorded() as collection:
            from sdgen_admin.db.shared.metadata import tag_counts  # noqa: PLC0415 -- seldom asked for

            return tag_counts(collection.connection, collection.of_collection)

    def models(self) -> dict[str, int]:
        """Return every model with the number of sessions that used it, the most used first."""
        with self._reading_recorded() as collection:
            return records.model_counts(collection.connection, collection.scope)

    def prune(self, *, force: bool = False) -> int:
        """Delete the stats of sessions whose folder is gone, never their metadata; return how many.

        Roots that cannot be read, or are empty, are left alone even if it is forced.

        Raises:
            PruneRefusedError: More than a fifth of a root's sessions would go, and it is not forced: an unmounted drive
                looks just like that.
        """
        if not self.exists():
            return 0
        with self._writing() as collection:
            from sdgen_admin.services.prune import prune  # noqa: PLC0415 -- seldom asked for

            return prune(collection, force=force)

    def delete_stats(self, session: str) -> bool:
        """Delete the stats of one session and return whether there were any. Metadata stays."""
        if not self.exists():
            return False
        with self._writing() as collection:
            from sdgen_admin.services.prune import delete_stats  # noqa: PLC0415 -- seldom asked for

            key = Locator(collection, is_fresh=False).find(session)
            return key is not None and delete_stats(collection, key)

    def history(self, session: str | None = None, *, limit: int | None = None) -> tuple[HistoryEntry, ...]:
        """Return what was changed in metadata through this tool, newest first.

        Args:
            session: Only changes of this session, named by its id or its folder's path; None: of all.
            limit: At most this many groups (one for a command or call); None: all.

        Raises:
            DatabaseNotFoundError: There is no database yet.
        """
        session_id = None if session is None else id_of(session)
        with self._reading(fresh=False) as collection:
            from sdgen_admin.services.history import read_history  # noqa: PLC0415 -- seldom asked for

            return read_history(collection, session_id, limit)

    def undo(self, group: int | None = None, *, force: bool = False, dry_run: bool = False) -> UndoReport:
        """Undo a group of changes: all of it or, if anything stands against it, nothing.

        Args:
            group: Its number in the history, also that of an undo; None: the last one that is neither an undo nor
                undone.
            force: Whether to put the old values back even if somebody has changed them since.
            dry_run: Whether to leave everything as it is and only tell what would change.

        Raises:
            UndoRefusedError: There is no such group, it is already undone, or a value has changed since.
        """
        self._database.require()
        self._database.require_changeable_metadata()
        with self._writing(dry_run=dry_run) as collection:
            from sdgen_admin.services.history import undo  # noqa: PLC0415 -- seldom asked for

            return undo(collection, group, force=force, dry_run=dry_run)

    def backup(self, file: str | os.PathLike[str] | None = None) -> BackupReport:
        """Write a consistent, checked copy of the database, which may be in use.

        Args:
            file: Where to; it must not exist yet. None: beside the database, with the time in its name.

        Raises:
            BackupExistsError: The file already exists.
            DatabaseNotFoundError: There is no database yet.
            CorruptDatabaseError: The database is damaged; there is no copy then.
            DiskFullError: There is no room for the copy.
        """
        from sdgen_admin.services.backup import back_up  # noqa: PLC0415 -- seldom asked for

        return back_up(self._database, file)

    def restore(self, file: str | os.PathLike[str]) -> RestoreReport:
        """Let the database hold what a copy holds: all of it or, if anything fails, what it held before.

        Metadata and its history go back with the rest. Programs that have the database open see the change. What it
        held is kept in a backup beside it. Only a damaged file is replaced; then it is kept, with what SQLite left
        beside it.

        Args:
            file: The copy: a database of sessions, of this or an earlier version, or of the web UI. It stays as it is.

        Raises:
            RestoreRefusedError: The copy is not there, is damaged, or is not a database of sessions, a newer version
                has written it, or it is the database itself.
            DatabaseLockedError: Another program is writing, or reading if the database is not in WAL mode.
            ReadOnlyDatabaseError: The database, or its folder, cannot be written.
            DiskFullError: There is no room for the copy, the backup, or the change.
        """
        from sdgen_admin.services.backup import restore  # noqa: PLC0415 -- seldom asked for

        return restore(self._database, file)

    def describe(self) -> DatabaseReport:
        """Return what the database holds for this tool and for its neighbours. Changes nothing.

        Raises:
            DatabaseNotFoundError: There is no database yet.
        """
        from sdgen_admin.services.describe import describe  # noqa: PLC0415 -- seldom asked for

        return describe(self._database, self.roots)

    def warm_lock(self) -> AbstractContextManager[bool]:
        """Hold the right to warm the cache while the body runs; gives whether it was free."""
        from sdgen_admin.services.warm import warm_lock  # noqa: PLC0415 -- seldom asked for

        self.require_roots()
        return warm_lock(self._database)

    def require_changeable_metadata(self) -> None:
        """Raise ForeignLayoutError if the table of metadata has a form in which it can only be read.

        To be asked before anything is looked up for an edit: that would already store what it finds.
        """
        self._database.require_changeable_metadata()

    def require_roots(self) -> None:
        """Raise ImagesRootError if no root can be read and the database has no sessions of any.

        To be asked before anything is made beside a root: a mistyped one is to be left as it is.
        """
        has_database_or_sessions(self._database, self.roots)

    @contextmanager
    def _reading(self, *, fresh: bool, to_make: bool = True) -> Iterator[OpenCollection]:
        if not fresh:
            self._database.require()
        to_make = (not fresh or may_make_database(self._database, self.roots)) and to_make
        with opened(self._database, self.roots, self.shown, for_writing=False, to_make=to_make) as collection:
            follow_moves(collection)
            yield collection

    @contextmanager
    def _reading_recorded(self) -> Iterator[OpenCollection]:
        """Open the database as it is, unless it has no session of these roots: then they are looked at first."""
        with self._reading(fresh=False) as collection:
            if not facts.has_any(collection.connection, collection.first_roots):
                with suppress(ImagesRootError):
                    Refresher(collection).everything()
            yield collection

    @contextmanager
    def _writing(self, *, dry_run: bool = False) -> Iterator[OpenCollection]:
        to_make = not dry_run and may_make_database(self._database, self.roots, to_write=True)
        with opened(self._database, self.roots, self.shown, for_writing=not dry_run, to_make=to_make) as collection:
            if not dry_run:
                follow_moves(collection)
            yield collection

    @staticmethod
    def _matching(collection: OpenCollection, query: SessionFilter) -> list[Key]:
        keys = records.select_keys(collection.connection, query, collection.scope)
        return [Key(collection.root_of(root_id), session_id) for root_id, session_id in keys]


def _as_list(sessions: str | Iterable[str]) -> list[str]:
    return [sessions] if isinstance(sessions, str) else list(dict.fromkeys(sessions))


def _distinct(roots: Iterable[Root]) -> tuple[Root, ...]:
    """Return roots without those that lead to the same folder as an earlier one."""
    distinct: list[Root] = []
    for root in roots:
        if not any(is_same_root(root.path, other.path) for other in distinct):
            distinct.append(root)
    return tuple(distinct)
