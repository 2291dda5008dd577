"""Images roots: whether they are there, and which of their folders are sessions."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sdgen_admin.disk.spelling import may_be_spelled_otherwise
from sdgen_admin.errors import ImagesRootError
from sdgen_admin.models.session_id import created_at, is_session_id, is_storable, visible


@dataclass(slots=True)
class RootListing:
    """What an images root holds."""

    session_ids: list[str] = field(default_factory=list)
    """Session folders, in the order in which the file system gives them."""
    undecodable: list[str] = field(default_factory=list)
    """Session folders whose name is not valid UTF-8, made visible."""
    passed_over: int = 0
    """How many other entries there are."""


def list_root(images_dir: str) -> RootListing:
    """List the session folders directly under `images_dir`. A symlink to a folder counts.

    Raises:
        ImagesRootError: The images root is not there, is not a folder or cannot be read.
    """
    listing = RootListing()
    for name, is_folder in _entries(images_dir):
        if created_at(name) is None or not is_folder:
            listing.passed_over += 1
        elif name.isascii() or is_storable(name):
            listing.session_ids.append(name)
        else:
            listing.undecodable.append(visible(name))
    return listing


_FEW = 50
"""So many folders are looked for one by one; from there on, listing the root is faster."""


class SessionFolders:
    """The session folders of a root, asked for by name.

    A name counts only if it is spelled as in the root's listing: a drive that folds case or Unicode forms opens a
    folder by other spellings, too. The root is listed only if that cannot be told otherwise, and only once.

    Args:
        images_dir: The images root. If it cannot be read, it holds nothing.
    """

    def __init__(self, images_dir: str) -> None:
        self._images_dir = images_dir
        self._listed: frozenset[str] | None = None

    def __contains__(self, session_id: str) -> bool:
        if self._listed is not None:
            return session_id in self._listed
        if not is_session_id(session_id) or not os.path.isdir(os.path.join(self._images_dir, session_id)):
            return False
        return not may_be_spelled_otherwise(self._images_dir, session_id) or session_id in self.listed

    def among(self, session_ids: Sequence[str]) -> set[str]:
        """Return those of some names that are there."""
        if len(session_ids) > _FEW:
            return set(self.listed.intersection(session_ids))
        return {name for name in session_ids if name in self}

    @property
    def listed(self) -> frozenset[str]:
        """The names of all of them."""
        if self._listed is None:
            try:
                self._listed = frozenset(list_root(self._images_dir).session_ids)
            except ImagesRootError:
                self._listed = frozenset()
        return self._listed


def is_offline(images_dir: str) -> bool:
    """Whether a root that should hold sessions is absent, unreadable or empty, as an unmounted drive's place is."""
    try:
        return not any(is_folder and created_at(name) is not None for name, is_folder in _entries(images_dir))
    except ImagesRootError:
        return True


def _entries(images_dir: str) -> Iterator[tuple[str, bool]]:
    try:
        with os.scandir(images_dir) as entries:
            for entry in entries:
                try:
                    yield entry.name, entry.is_dir()
                except OSError:  # a symlink that leads round in a circle
                    yield entry.name, False
    except (OSError, ValueError) as error:  # ValueError: a null character, which no path can hold
        reason = str(getattr(error, "strerror", error))
        raise ImagesRootError(
            f"Cannot read the images root {visible(images_dir)}: {reason}.", root=images_dir, reason=reason
        ) from error
