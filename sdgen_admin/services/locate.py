"""From a session's name to its root and id: by key in the database, else by the folders' listings."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sdgen_admin.db import facts
from sdgen_admin.disk.roots import is_offline, list_root
from sdgen_admin.disk.spelling import is_same_folder, is_same_root, listed_name
from sdgen_admin.errors import ImagesRootError, SessionNotFoundError
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import is_storable, typed_id, visible
from sdgen_admin.services.opened import Key, OpenCollection


@dataclass
class Locator:
    """Finds sessions among the roots that are asked for. An id counts only if it is spelled as on disk.

    Args:
        opened: The collection.
        is_fresh: Whether to look at the folders, too.
    """

    opened: OpenCollection
    is_fresh: bool = True

    def find(self, name: str) -> Key | None:
        """Return the session that an id, or the path of a session folder, names exactly; None if there is none."""
        folder, session_id = _split(name)
        roots = self.opened.shown if folder is None else self._roots_at(folder)
        found = self._recorded(session_id, roots)
        if found is None or not self.is_fresh:
            return found or self._on_disk(session_id, roots)
        # One that has just appeared in an earlier root comes first, and any other if this one has just been moved away.
        if session_id in self.opened.folders(found.root) or is_offline(found.root.path):
            roots = roots[: roots.index(found.root)]
        return self._on_disk(session_id, roots) or found

    def find_typed(self, text: str) -> Key | None:
        """Return the session that a person or a program names exactly: as `find`, or as an id is shown.

        A path may be spelled as the drive takes it.
        """
        found = self.find(text)
        if found is None and (meant := typed_id(text)) != text:
            found = self.find(meant)
        folder, session_id = _split(text)
        if found is None and folder is not None and self.is_fresh:
            found = self.find(os.path.join(folder, listed_name(folder, session_id)))
        return found

    def name_of(self, key: Key) -> str:
        """Return what names a session: its id, or its folder's path if the id alone names another root's session."""
        return key.session_id if self.find(key.session_id) == key else os.path.join(key.root.path, key.session_id)

    def require(self, name: str) -> Key:
        """Return the session that `name` names. Raises SessionNotFoundError if there is none."""
        key = self.find(name)
        if key is None:
            raise no_such_session([name])
        return key

    def require_folders(self, keys: Sequence[Key]) -> None:
        """Raise SessionNotFoundError, or ImagesRootError if the root is offline, for a session without a folder."""
        by_root: dict[Root, list[str]] = {}
        for key in keys:
            by_root.setdefault(key.root, []).append(key.session_id)
        here = {root: self.opened.folders(root).among(ids) for root, ids in by_root.items()}
        for key in keys:
            if key.session_id not in here[key.root]:
                path = key.root.path
                if not list_root(path).session_ids:
                    message = f"The images root {visible(path)} is empty, although sessions of it are recorded."
                    raise ImagesRootError(message, root=path, reason="it is empty")
                raise no_such_session([key.session_id])

    def _recorded(self, session_id: str, roots: Sequence[Root]) -> Key | None:
        """Return the first root's session with this id, one whose folder is there before one whose folder is gone."""
        ids = [self.opened.ids[root] for root in roots if root in self.opened.ids]
        root_id = facts.find_id(self.opened.connection, session_id, ids) if is_storable(session_id) else None
        return None if root_id is None else Key(self.opened.root_of(root_id), session_id)

    def _on_disk(self, session_id: str, roots: Sequence[Root]) -> Key | None:
        if not self.is_fresh:
            return None
        found = next((root for root in roots if session_id in self.opened.folders(root)), None)
        if found is None:
            return None
        path = os.path.join(found.path, session_id)
        for root in self.opened.roots[: self.opened.roots.index(found)]:
            if session_id in self.opened.folders(root) and is_same_folder(os.path.join(root.path, session_id), path):
                # A symlink: it is the first root's session.
                return Key(root, session_id) if root in self.opened.shown else None
        return Key(found, session_id)

    def _roots_at(self, folder: str) -> list[Root]:
        return [root for root in self.opened.shown if is_same_root(root.path, folder)]


def _split(name: str) -> tuple[str | None, str]:
    """Return the folder that a name leads to, None if it is an id alone, and the id."""
    is_path = os.sep in name or (os.altsep is not None and os.altsep in name)
    if not is_path or "\0" in name:
        return None, name
    try:
        folder, session_id = os.path.split(os.path.abspath(os.path.expanduser(name)))
    except FileNotFoundError:  # relative to a current folder that is gone
        return None, name
    return folder, session_id


def id_of(name: str) -> str:
    """Return the id that a name is, or with which the path of a session folder ends."""
    return _split(name)[1]


def no_such_session(names: Sequence[str], near: Iterable[str] = (), *, is_latest: bool = False) -> SessionNotFoundError:
    """Return the error for names that name no session."""
    if is_latest:
        message = "There is no latest session: none has a folder."
    elif len(names) == 1:
        message = f"There is no session {names[0]!r}."
    else:
        message = f"{len(names):,} of the sessions named do not exist."
    return SessionNotFoundError(message, sessions=list(names), near=list(near), latest=is_latest)
