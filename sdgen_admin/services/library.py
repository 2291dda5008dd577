"""The front door: one images root and its database."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager

from sdgen_admin.db import metadata as metadata_table, queries
from sdgen_admin.db.connection import LOCK_TIMEOUT, Database
from sdgen_admin.disk.collection import require_folders
from sdgen_admin.disk.root import is_session_id, is_storable, list_root, require_root, session_path
from sdgen_admin.errors import SessionNotFoundError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.history import HistoryEntry, UndoReport
from sdgen_admin.models.metadata import MetadataChange, SessionMetadataUpdate
from sdgen_admin.models.records import SessionPage, SessionRecord
from sdgen_admin.models.reports import BackupReport, ComputeReport, ProgressListener
from sdgen_admin.services.compute import Refresher
from sdgen_admin.services.resolve import resolve
from sdgen_admin.settings import default_db_path


class SessionLibrary:
    """A collection of sessions: finds, shows, computes and edits them.

    Args:
        images_dir: The images root.
        db_path: The database file; by default `metadata/sessions.db` beside the images root.
        lock_timeout: Seconds to wait for another program's lock.

    Every method raises DatabaseError where the database cannot be used, and ImagesRootError where it needs the
    images root and that is not there. A database that cannot be written can still be read.
    """

    def __init__(
        self,
        images_dir: str | os.PathLike[str],
        db_path: str | os.PathLike[str] | None = None,
        *,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> None:
        self.images_dir = os.path.abspath(images_dir)
        self.database = Database(db_path or default_db_path(images_dir), timeout=lock_timeout)

    def find(
        self,
        filter: SessionFilter | None = None,  # noqa: A002 -- the library's contract names it so
        *,
        fresh: bool = True,
        progress: ProgressListener | None = None,
        on_report: Callable[[ComputeReport], None] | None = None,
    ) -> SessionPage:
        """Return the page of sessions that a filter asks for.

        Args:
            filter: Which sessions; by default the 100 newest sessions.
            fresh: Whether to bring stats up to date first; False takes the database as it is, touching no folder.
            progress: Told how far the computing is.
            on_report: Given the report of what was computed.

        Raises:
            DatabaseNotFoundError: `fresh` is False, and there is no database yet.
        """
        query = filter or SessionFilter()
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
        if fresh:
            self.require_root()
        else:
            self.database.require()
        with self.database.open(to_fill=fresh, to_make=self._has_anything()) as connection:
            if fresh:
                outcome = Refresher(connection, self.images_dir, progress=progress).everything()
                if on_report is not None:
                    on_report(outcome.report())
            yield queries.select(connection, query, self.images_dir)

    def get(self, session_id: str, *, fresh: bool = True) -> SessionRecord:
        """Return all that is known of one session.

        Args:
            session_id: The session folder's name.
            fresh: Whether to bring its stats up to date first; False takes the database as it is.

        Raises:
            SessionNotFoundError: There is neither such a folder nor anything in the database.
            DatabaseNotFoundError: `fresh` is False, and there is no database yet.
        """
        if fresh:
            self.require_root()
        else:
            self.database.require()
        with self.database.open(to_make=self._has_anything()) as connection:
            if fresh and is_session_id(session_id):
                Refresher(connection, self.images_dir).some([session_id])
            record = queries.get_record(connection, session_id, self.images_dir) if is_storable(session_id) else None
        if record is None:
            raise SessionNotFoundError(f"There is no session {session_id!r}.", "See them all with: sdgen-admin list")
        return record

    def resolve(self, texts: Iterable[str], *, fresh: bool = True, spelled: Callable[[str], str] = str) -> list[str]:
        """Return the ids that texts mean, each once: ids, parts of exactly one id, or `latest`.

        Args:
            texts: What a person typed, or a program passed on.
            fresh: Whether to look at the folders; False takes the database as it is.
            spelled: How an odd id may have been written instead.

        Raises:
            DatabaseNotFoundError: `fresh` is False, and there is no database yet.
            SessionNotFoundError: A text fits no session (or, as AmbiguousSessionError, several).
        """
        return resolve(self.database, self.images_dir, texts, fresh=fresh, spelled=spelled)

    def compute(
        self,
        session_ids: str | Iterable[str] | None = None,
        *,
        force: bool = False,
        jobs: int | None = None,
        progress: ProgressListener | None = None,
    ) -> ComputeReport:
        """Compute and store the stats that are missing or stale.

        Args:
            session_ids: The sessions, or one; None: all.
            force: Whether to compute fresh ones, too.
            jobs: How many sessions to read side by side; None lets the drive decide.
            progress: Told how far it is.

        Raises:
            SessionNotFoundError: A named session has no folder; nothing was computed.
        """
        ids = [session_ids] if isinstance(session_ids, str) else None if session_ids is None else list(session_ids)
        self.require_root()
        require_folders(self.images_dir, ids or [], jobs)
        with self.database.open(for_writing=True, to_fill=ids is None, to_make=self._has_anything()) as connection:
            refresher = Refresher(connection, self.images_dir, jobs=jobs, progress=progress)
            outcome = refresher.everything(force=force) if ids is None else refresher.some(ids, force=force)
        return outcome.report()

    def update_metadata(
        self, session_ids: str | Iterable[str], update: SessionMetadataUpdate, *, dry_run: bool = False
    ) -> tuple[MetadataChange, ...]:
        """Change the metadata of one session or many: of all of them, or, where anything fails, of none.

        Args:
            session_ids: The sessions; each has a folder or is in the database.
            update: The change.
            dry_run: Whether to leave everything as it is and only tell what would change.

        Raises:
            SessionNotFoundError: There is neither such a folder nor anything in the database.
        """
        from sdgen_admin.services.metadata import update_metadata  # noqa: PLC0415 -- reading needs none of it

        ids = [session_ids] if isinstance(session_ids, str) else list(dict.fromkeys(session_ids))
        return update_metadata(self.database, self.images_dir, ids, update, dry_run=dry_run)

    @contextmanager
    def records(self, session_ids: Iterable[str] | None = None) -> Generator[Iterator[SessionRecord]]:
        """Give the records of some sessions, or of all, as the database has them, read one by one."""
        with self.database.open() as connection:
            if session_ids is None:
                yield queries.select(connection, SessionFilter(limit=None), self.images_dir)[1]
            else:
                yield queries.records(connection, list(session_ids), self.images_dir)

    def tag_counts(self) -> dict[str, int]:
        """Return every tag in use with the number of sessions that have it, the most used first."""
        self.database.require()
        with self.database.open() as connection:
            return metadata_table.tag_counts(connection)

    def prune(self, *, force: bool = False) -> int:
        """Delete the stats of sessions whose folder is gone, never their metadata; return how many.

        Raises:
            PruneRefusedError: The images root holds no session, or more than a fifth of all sessions would go,
                and it is not forced: an unmounted drive looks just like that.
        """
        from sdgen_admin.services.prune import prune  # noqa: PLC0415 -- seldom asked for

        self.require_root()
        return prune(self.database, self.images_dir, force=force)

    def history(self, session_id: str | None = None, *, limit: int | None = None) -> tuple[HistoryEntry, ...]:
        """Return what was changed in metadata through this tool, newest first.

        Args:
            session_id: Only changes of this session; None: of all.
            limit: At most so many groups (one for a command or call); None: all.

        Raises:
            DatabaseNotFoundError: There is no database yet.
        """
        from sdgen_admin.services.history import read_history  # noqa: PLC0415 -- seldom asked for

        return read_history(self.database, session_id, limit)

    def undo(self, group: int | None = None, *, force: bool = False, dry_run: bool = False) -> UndoReport:
        """Take back a group of changes: all of it, or, where anything stands against it, nothing.

        Args:
            group: Its number in the history, also that of an undo; None: the last one that is no undo and not undone.
            force: Whether to put the old values back even where somebody else has changed them since.
            dry_run: Whether to leave everything as it is and only tell what would change.

        Raises:
            UndoRefusedError: There is no such group, it is undone already, or a value was changed since.
        """
        from sdgen_admin.services.history import undo  # noqa: PLC0415 -- seldom asked for

        return undo(
            self.database, lambda name: session_path(self.images_dir, name), group, force=force, dry_run=dry_run
        )

    def backup(self, file: str | os.PathLike[str] | None = None) -> BackupReport:
        """Write a consistent, checked copy of the database, which may be in use.

        Args:
            file: Where to; it must not be there yet. None: beside the database, with the time in its name.

        Raises:
            BackupExistsError: The file is there already.
        """
        from sdgen_admin.services.backup import back_up  # noqa: PLC0415 -- seldom asked for

        return back_up(self.database, file)

    def _has_anything(self) -> bool:
        """Whether there is a database, or a session to make one for: a mistyped root is to be left as it is."""
        return self.database.exists() or bool(list_root(self.images_dir).session_ids)

    def require_root(self) -> None:
        """Raise ImagesRootError where the images root is not there. To be asked before anything is made beside it."""
        require_root(self.images_dir)
