"""What people say about sessions: likes, ratings, notes and tags."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sdgen_admin.db import facts
from sdgen_admin.db.connection import LOCK_TIMEOUT, Database
from sdgen_admin.db.history import Group, recorded
from sdgen_admin.db.roots import path_of, recorded_roots
from sdgen_admin.db.shared import metadata as table, mirror
from sdgen_admin.db.transaction import transaction
from sdgen_admin.disk.roots import SessionFolders, is_offline
from sdgen_admin.disk.spelling import is_same_folder, listed_name
from sdgen_admin.errors import TwinSessionError
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata, SessionMetadataUpdate
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import is_session_id, path_in
from sdgen_admin.services.locate import no_such_session
from sdgen_admin.services.opened import Key, OpenCollection


class SessionMetadataService:
    """Reads and changes the metadata of sessions.

    Args:
        db_path: The database file; made with its folder at the first write.
        lock_timeout: Seconds to wait for another program's lock.

    Every method raises DatabaseError if the database cannot be used.
    """

    def __init__(self, db_path: str | os.PathLike[str], *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._database = Database(db_path, timeout=lock_timeout)

    def get_metadata(self, session_id: str) -> SessionMetadata | None:
        """Return a session's metadata, None if nobody has said anything."""
        with self._database.open(to_make=False) as connection:
            return table.get_metadata(connection, session_id)

    def list_all_metadata(self) -> list[SessionMetadata]:
        """Return all metadata, last changed first."""
        with self._database.open(to_make=False) as connection:
            return list(table.iterate_metadata(connection))

    def upsert_metadata(
        self, session_id: str, session_path: str | os.PathLike[str], update: SessionMetadataUpdate
    ) -> SessionMetadata:
        """Change a session's metadata, making its row if there is none, and return what is stored then.

        Only the fields given in `update` change; see `SessionMetadataUpdate`.

        Raises:
            SessionNotFoundError: The folder is there, but its name is spelled otherwise.
        """
        folder, name = os.path.split(os.path.abspath(session_path))
        if name == session_id and is_session_id(name) and (listed := listed_name(folder, name)) != name:
            raise no_such_session([session_id], near=[listed])
        with self._editing() as (connection, group):
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
        """Delete a session's metadata and return whether there was any. Its stats stay."""
        with self._editing() as (connection, group):
            return table.delete_metadata(connection, session_id, group)

    @contextmanager
    def _editing(self) -> Iterator[tuple[sqlite3.Connection, Group]]:
        """Give the database inside a write transaction, with a group of the history; repair the mirror afterwards."""
        self._database.require_changeable_metadata()
        with self._database.open(for_writing=True) as connection:
            with transaction(connection), recorded(connection) as group:
                yield connection, group
            mirror.try_to_repair(connection, ())


def update_metadata(
    opened: OpenCollection, keys: Sequence[Key], update: SessionMetadataUpdate, *, dry_run: bool
) -> tuple[MetadataChange, ...]:
    """Change the metadata of many sessions in one transaction; see `SessionLibrary.update_metadata`."""
    if not keys:
        return ()
    if not dry_run:
        _record(opened, keys)
    if len(recorded_roots(opened.connection)) > 1:  # another collection may have settled whose the metadata is
        opened.settle()
    _require_own_metadata(opened, keys)

    def edit() -> tuple[MetadataChange, ...]:
        with recorded(opened.connection) as group:
            return tuple(
                table.update_metadata(opened.connection, key.session_id, path, update, group).at(path)
                for key, path in ((key, path_in(key.root.path, key.session_id)) for key in keys)
            )

    changes = opened.write(edit, keep=not dry_run)
    if not dry_run:
        opened.finish()
    return changes


def _record(opened: OpenCollection, keys: Sequence[Key]) -> None:
    """Record sessions that nobody has looked at yet: an edit belongs to one that the collection knows.

    So are sessions with the same id in other configured roots, for the metadata may be theirs.
    """
    named = [key for key in keys if not _is_known(opened, key)]
    twins = [Key(root, key.session_id) for key in named for root in opened.roots if _has_twin(opened, key, root)]
    new = [key for key in dict.fromkeys([*named, *twins]) if not _is_known(opened, key)]
    if roots := [root for root in dict.fromkeys(key.root for key in new) if root not in opened.ids]:
        opened.register(roots)
    unknown: dict[int, list[str]] = {}
    for key in new:
        unknown.setdefault(opened.ids[key.root], []).append(key.session_id)
    if not unknown:
        return
    with transaction(opened.connection):
        for root_id, names in unknown.items():
            facts.add(opened.connection, root_id, names, missing=False)


def _require_own_metadata(opened: OpenCollection, keys: Sequence[Key]) -> None:
    """Raise TwinSessionError if a session's id exists in another root, too, and its metadata is that one's."""
    for key in keys:
        owner = facts.get_twin(opened.connection, opened.ids.get(key.root), key.session_id)
        if owner is None:
            continue
        scope = opened.scope
        if owner in scope.names and _is_gone(opened, owner, key.session_id):
            _mark_gone(opened, owner, key.session_id)
            opened.settle()
            continue
        raise TwinSessionError(
            f"{key.session_id} is in two roots, and its metadata belongs to the one in {scope.names.get(owner, '?')}.",
            session=key.session_id,
            root=scope.names.get(owner),
        )


def _mark_gone(opened: OpenCollection, root_id: int, session_id: str) -> None:
    opened.write(lambda: facts.mark_missing(opened.connection, root_id, [session_id], missing=True))


def _is_gone(opened: OpenCollection, root_id: int, session_id: str) -> bool:
    """Whether a recorded session's folder is not there any more, although its root is."""
    path = path_of(opened.connection, root_id)
    return session_id not in SessionFolders(path) and not is_offline(path)


def _is_known(opened: OpenCollection, key: Key) -> bool:
    root_id = opened.ids.get(key.root)
    return root_id is not None and bool(facts.get_known(opened.connection, root_id, [key.session_id]))


def _has_twin(opened: OpenCollection, key: Key, root: Root) -> bool:
    """Whether another root holds another session with the same id."""
    if root == key.root or key.session_id not in opened.folders(root):
        return False
    return not is_same_folder(os.path.join(root.path, key.session_id), os.path.join(key.root.path, key.session_id))
