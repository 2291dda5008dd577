"""The images root: whether it is there, and which of its folders are sessions."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sdgen_admin.errors import ImagesRootError, SessionNotFoundError

_DATED = re.compile(r"[0-9]{4}(-?)[0-9]{2}\1[0-9]{2}_(?:[01][0-9]|2[0-3])[0-9]{4}")


def created_at(name: str) -> datetime | None:
    """Return the local time with which a session folder's name starts, or None where `name` is no session's.

    The two forms are `YYYYMMDD_HHMMSS…` and `YYYY-MM-DD_HHMMSS…`, each a real date and time.
    """
    match = _DATED.match(name)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[0])
    except ValueError:
        return None


def is_session_id(text: str) -> bool:
    """Whether `text` is a session folder's name and nothing but a name: never a path to elsewhere."""
    is_name = os.path.basename(text) == text and "\0" not in text and is_storable(text)
    return is_name and created_at(text) is not None


def is_storable(name: str) -> bool:
    """Whether a name on disk is valid UTF-8, which the database needs."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def visible(name: str) -> str:
    """Return a name on disk with the bytes that are no UTF-8 spelled out in hexadecimal."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def session_path(images_dir: str, session_id: str) -> str:
    """Return the path of a session folder as it is stored and shown: with bytes that are no UTF-8 spelled out."""
    path = os.path.join(images_dir, session_id)
    return path if is_storable(path) else visible(path)


def require_root(images_dir: str) -> None:
    """Raise ImagesRootError where the images root is not there."""
    if not os.path.isdir(images_dir):
        why = "it is no folder" if os.path.exists(images_dir) else "there is no such folder"
        raise _unreadable(images_dir, why)


def has_folder(images_dir: str, session_id: str) -> bool:
    """Whether a text is the name of a session folder that is there."""
    return is_session_id(session_id) and os.path.isdir(os.path.join(images_dir, session_id))


def require_folder(images_dir: str, session_id: str) -> None:
    """Raise SessionNotFoundError where a session has no folder, and ImagesRootError where the images root has none."""
    if has_folder(images_dir, session_id):
        return
    require_root(images_dir)
    raise SessionNotFoundError(
        f"There is no folder {session_id!r} in {visible(images_dir)}.", "See them all with: sdgen-admin list"
    )


@dataclass(slots=True)
class RootListing:
    """What the images root holds."""

    session_ids: list[str] = field(default_factory=list)
    """Session folders, in the order in which the file system gives them."""
    undecodable: list[str] = field(default_factory=list)
    """Session folders whose name is not valid UTF-8, made visible."""
    passed_over: int = 0
    """How many other entries there are."""


def list_root(images_dir: str) -> RootListing:
    """List the session folders directly under `images_dir`. A symlink to a folder counts.

    Raises:
        ImagesRootError: The images root is not there, is no folder or cannot be read.
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


def _entries(images_dir: str) -> Iterator[tuple[str, bool]]:
    try:
        with os.scandir(images_dir) as entries:
            for entry in entries:
                try:
                    yield entry.name, entry.is_dir()
                except OSError:  # a symlink that leads round in a circle
                    yield entry.name, False
    except (OSError, ValueError) as error:  # ValueError: a null character, which no path can hold
        raise _unreadable(images_dir, str(getattr(error, "strerror", error))) from error


def _unreadable(images_dir: str, why: str) -> ImagesRootError:
    return ImagesRootError(
        f"The images root {visible(images_dir)} cannot be read: {why}.",
        "Is the drive mounted? If it is another folder, name it with --images-dir.",
    )
