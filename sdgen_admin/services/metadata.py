"""What people say about sessions: likes, ratings, notes and tags."""

import os
from collections.abc import Iterable

from sdgen_admin.db import metadata as table
from sdgen_admin.db.connection import LOCK_TIMEOUT, Database
from sdgen_admin.db.history import start_group
from sdgen_admin.db.sessions import get_known
from sdgen_admin.db.transaction import transaction
from sdgen_admin.disk.collection import require_folders
from sdgen_admin.disk.root import is_storable, session_path
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata, SessionMetadataUpdate


class SessionMetadataService:
    """Reads and changes the metadata of sessions.

    Args:
        db_path: The database file; made with its folder at the first write.
        lock_timeout: Seconds to wait for another program's lock.

    Every method raises DatabaseError where the database cannot be used.
    """

    def __init__(self, db_path: str | os.PathLike[str], *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._database = Database(db_path, timeout=lock_timeout)

    def get_metadata(self, session_id: str) -> SessionMetadata | None:
        """Return what was said about a session, None where nothing was."""
        with self._database.open(to_make=False) as connection:
            return table.get_metadata(connection, session_id)

    def list_all_metadata(self) -> list[SessionMetadata]:
        """Return all metadata, last changed first."""
        with self._database.open(to_make=False) as connection:
            return list(table.iterate_metadata(connection))

    def upsert_metadata(
        self, session_id: str, session_path: str | os.PathLike[str], update: SessionMetadataUpdate
    ) -> SessionMetadata:
        """Change a session's metadata, making its row where there is none, and return what is stored then.

        Only the fields given in `update` change; see `SessionMetadataUpdate`.
        """
        with self._database.open(for_writing=True) as connection, transaction(connection):
            group = start_group(connection)
            return table.update_metadata(connection, session_id, os.fspath(session_path), update, group).after

    def add_tags(self, session_id: str, session_path: str | os.PathLike[str], tags: Iterable[str]) -> SessionMetadata:
        """Add tags, atomically: nothing that another program adds at the same moment is lost.

        Raises:
            pydantic.ValidationError: A tag is not 1 to 50 letters, digits, `-` and `_`.
        """
        return self.upsert_metadata(session_id, session_path, SessionMetadataUpdate(add_tags=tuple(tags)))

    def remove_tags(
        self, session_id: str, session_path: str | os.PathLike[str], tags: Iterable[str]
    ) -> SessionMetadata:
        """Remove tags, atomically; those that are not there do no harm."""
        return self.upsert_metadata(session_id, session_path, SessionMetadataUpdate(remove_tags=tuple(tags)))

    def delete_metadata(self, session_id: str) -> bool:
        """Delete a session's metadata and with it, in the same transaction, its stats; return whether it had any."""
        with self._database.open(for_writing=True) as connection, transaction(connection):
            return table.delete_metadata(connection, session_id, start_group(connection))


def update_metadata(
    database: Database, images_dir: str, session_ids: list[str], update: SessionMetadataUpdate, *, dry_run: bool
) -> tuple[MetadataChange, ...]:
    """Change the metadata of many sessions in one transaction; see `SessionLibrary.update_metadata`."""
    if not session_ids:
        return ()
    if not database.exists():
        require_folders(images_dir, session_ids)
    with database.open(for_writing=not dry_run, to_make=not dry_run) as connection:
        # Before the lock is taken, so that nobody has to wait for it.
        unknown = [name for name in session_ids if not (is_storable(name) and get_known(connection, name))]
        require_folders(images_dir, unknown)
        with transaction(connection, keep=not dry_run):
            group = start_group(connection)
            return tuple(
                table.update_metadata(connection, name, session_path(images_dir, name), update, group)
                for name in session_ids
            )
