"""The stats of single sessions, cached in the database."""

import os

from sdgen_admin.db.connection import LOCK_TIMEOUT, Database
from sdgen_admin.db.stats import delete_stats, get_stats, iterate_stats
from sdgen_admin.db.transaction import transaction
from sdgen_admin.disk.root import is_session_id
from sdgen_admin.errors import SessionFolderError, SessionNotFoundError
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.services.compute import Refresher


class SessionStatsService:
    """Computes, caches and gives the stats of sessions.

    Args:
        db_path: The database file; made with its folder at the first write.
        images_dir: The images root.
        lock_timeout: Seconds to wait for another program's lock.

    Every method raises DatabaseError where the database cannot be used.
    """

    def __init__(
        self,
        db_path: str | os.PathLike[str],
        images_dir: str | os.PathLike[str],
        *,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> None:
        self._database = Database(db_path, timeout=lock_timeout)
        self._images_dir = os.path.abspath(images_dir)

    def get_stats(self, session_id: str) -> SessionStats | None:
        """Return the cached stats as they are, None where there are none. Touches no folder."""
        with self._database.open(to_make=False) as connection:
            return get_stats(connection, session_id)

    def get_or_compute_stats(self, session_id: str) -> SessionStats:
        """Return the cached stats if the folder is unchanged since, else compute and cache them.

        Raises:
            SessionNotFoundError: There is no such session folder.
            SessionFolderError: It cannot be read, and no earlier stats exist.
        """
        return self._compute(session_id, force=False)

    def compute_and_cache_stats(self, session_id: str) -> SessionStats:
        """Compute the stats and cache them. Where the manifest cannot be read, good earlier stats stay.

        Raises:
            SessionNotFoundError: There is no such session folder.
            SessionFolderError: It cannot be read, and no earlier stats exist.
        """
        return self._compute(session_id, force=True)

    refresh_stats = compute_and_cache_stats

    def list_all_stats(self) -> list[SessionStats]:
        """Return all cached stats, newest session first. Touches no folder."""
        with self._database.open(to_make=False) as connection:
            return list(iterate_stats(connection))

    def delete_stats(self, session_id: str) -> bool:
        """Delete the cached stats and return whether there were any. Metadata stays."""
        with self._database.open(for_writing=True) as connection, transaction(connection):
            return delete_stats(connection, [session_id]) > 0

    def _compute(self, session_id: str, *, force: bool) -> SessionStats:
        path = os.path.join(self._images_dir, session_id)
        if not is_session_id(session_id) or not os.path.isdir(path):
            raise SessionNotFoundError(f"There is no session {session_id!r} in {self._images_dir}.")
        with self._database.open(for_writing=force) as connection:
            outcome = Refresher(connection, self._images_dir).some([session_id], force=force)
            stats = get_stats(connection, session_id)
        if stats is None:
            raise SessionFolderError(f"{path}: {outcome.problems.get(session_id, 'The folder is gone.')}")
        return stats
