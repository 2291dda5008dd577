"""Images roots: whether they are there, and which of their folders are sessions."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from sdgen_admin.errors import ImagesRootError
from sdgen_admin.models.session_id import created_at, is_session_id, is_storable, visible


def has_folder(images_dir: str, session_id: str) -> bool:
    """Whether a text is the name of a session folder that is there."""
    return is_session_id(session_id) and os.path.isdir(os.path.join(images_dir, session_id))


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


def is_offline(images_dir: str) -> bool:
    """Whether a root that should hold sessions is absent, unreadable or empty, as an unmounted drive's place is."""
    try:
        return not any(is_folder and created_at(name) is not None for name, is_folder in _entries(images_dir))
    except ImagesRootError:
        return True


def is_same_folder(one: str, other: str) -> bool:
    """Whether two paths lead to the same folder; not if either leads nowhere."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


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
