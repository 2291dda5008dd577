"""The stats of single sessions, cached in the database."""

import os

from sdgen_admin.db.connection import LOCK_TIMEOUT
from sdgen_admin.errors import DatabaseNotFoundError, SessionFolderError, SessionNotFoundError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.roots import ImagesDirs
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.services.library import SessionLibrary


class SessionStatsService:
    """Computes, caches and gives the stats of sessions.

    Args:
        db_path: The database file; made with its folder at the first write.
        images_dir: The images root, or several.
        lock_timeout: Seconds to wait for another program's lock.

    Every method raises DatabaseError if the database cannot be used.
    """

    def __init__(
        self, db_path: str | os.PathLike[str], images_dir: ImagesDirs, *, lock_timeout: float = LOCK_TIMEOUT
    ) -> None:
        self._library = SessionLibrary(images_dir, db_path, lock_timeout=lock_timeout)

    def get_stats(self, session_id: str) -> SessionStats | None:
        """Return the cached stats as they are, None if there are none. Touches no folder."""
        try:
            return self._library.get(session_id, fresh=False).stats
        except (DatabaseNotFoundError, SessionNotFoundError):
            return None

    def get_or_compute_stats(self, session_id: str) -> SessionStats:
        """Return the cached stats if the folder is unchanged since, else compute and cache them.

        Raises:
            SessionNotFoundError: There is no such session folder.
            SessionFolderError: It cannot be read, and no earlier stats exist.
        """
        record = self._library.get(session_id)
        if record.missing:
            raise SessionNotFoundError(f"There is no session {session_id!r}.", sessions=[session_id])
        if record.stats is None:
            raise SessionFolderError(f"{record.session_path}: {record.problem}")
        return record.stats

    def compute_and_cache_stats(self, session_id: str) -> SessionStats:
        """Compute the stats and cache them. If the manifest cannot be read, good earlier stats stay.

        Raises:
            SessionNotFoundError: There is no such session folder.
            SessionFolderError: It cannot be read, and no earlier stats exist.
        """
        self._library.compute(session_id, force=True)
        return self.get_or_compute_stats(session_id)

    refresh_stats = compute_and_cache_stats

    def list_all_stats(self) -> list[SessionStats]:
        """Return all cached stats, newest session first. Touches no folder."""
        found: list[SessionStats] = []
        if self._library.exists():
            for missing in (False, True):
                query = SessionFilter(missing=missing, limit=None)
                records = self._library.find(query, fresh=False).sessions
                found += [record.stats for record in records if record.stats is not None]
        return sorted(found, key=lambda stats: str(stats.session_created_at), reverse=True)

    def delete_stats(self, session_id: str) -> bool:
        """Delete the cached stats and return whether there were any. Metadata stays."""
        return self._library.delete_stats(session_id)
