"""Looking at the images roots: which can be read, what they hold, and which have moved."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sdgen_admin.db import facts
from sdgen_admin.db.connection import Database
from sdgen_admin.db.facts import Known
from sdgen_admin.db.roots import RecordedRoot, move, needs_registering, recorded_roots, session_ids_in
from sdgen_admin.disk.roots import RootListing, list_root
from sdgen_admin.disk.spelling import is_same_folder
from sdgen_admin.errors import ImagesRootError
from sdgen_admin.models.roots import Root, database_beside
from sdgen_admin.services.opened import OpenCollection


@dataclass
class Look:
    """What looking at a root found."""

    root: Root
    known: list[Known]
    """What the database knew of its sessions before."""
    listing: RootListing | None
    """What it holds; None if it is offline: absent, unreadable, or empty though sessions of it are recorded."""
    error: ImagesRootError | None = None
    """Why it cannot be read."""


def look_at_roots(opened: OpenCollection) -> list[Look]:
    """Look at all configured roots, let collections that moved keep what is known of them, and record the roots.

    Raises:
        ImagesRootError: No root can be read, and none has recorded sessions that could be shown instead.
    """
    looks = [_look(opened, root) for root in opened.roots]
    if _move(opened, looks):
        looks = [_look(opened, root) for root in opened.roots]
    require_any(looks)
    _leave_to_the_first(opened, looks)
    readable = [look.root for look in looks if look.listing is not None]
    # Another process may have recorded one of them since this one read which there are.
    if needs_registering(opened.connection, readable) or not opened.ids.keys() >= set(readable):
        opened.register(readable)
    return looks


def follow_moves(opened: OpenCollection) -> None:
    """Look at the roots if one that the database does not know may be where one that is gone has moved to."""
    if all(root in opened.ids for root in opened.roots) or not any(_gone(opened)):
        return
    with suppress(ImagesRootError):  # which is said by whoever needs a folder
        look_at_roots(opened)


def _gone(opened: OpenCollection) -> Iterator[RecordedRoot]:
    """Yield the recorded roots that are neither configured nor on disk any more."""
    known = opened.first_roots
    return (
        root for root in recorded_roots(opened.connection) if root.id not in known and not os.path.exists(root.path)
    )


def require_any(looks: list[Look]) -> None:
    """Raise ImagesRootError if no root can be read and none has recorded sessions."""
    if all(look.listing is None and not look.known for look in looks):
        raise next(look.error for look in looks if look.error is not None)


def _look(opened: OpenCollection, root: Root) -> Look:
    # First what is known, then what is there: a session made in between is not taken for gone.
    known = facts.get_known(opened.connection, opened.ids[root]) if root in opened.ids else []
    try:
        listing = list_root(root.path)
    except ImagesRootError as error:
        return Look(root, known, None, error)
    is_empty = bool(known) and not listing.session_ids
    return Look(root, known, None if is_empty else listing)


def _move(opened: OpenCollection, looks: list[Look]) -> bool:
    """Let a root that is gone hand what is known of it to the one that holds more than half of its sessions."""
    moved = False
    for old in _gone(opened):
        ids = session_ids_in(opened.connection, old.id)
        for look in looks:
            here = set(look.listing.session_ids) if look.listing is not None else set()
            if 2 * len(ids & here) > len(ids):
                new_id = opened.ids.get(look.root)
                opened.write(lambda: move(opened.connection, old, look.root, new_id))  # noqa: B023 -- done at once
                opened.read_ids()  # another process may have been faster, and made other ids
                moved = True
                break
    return moved


def _leave_to_the_first(opened: OpenCollection, looks: list[Look]) -> None:
    """If the same folder stands in two roots, one of them holding a symlink to it, it is the first root's session."""
    seen: dict[str, list[str]] = {}
    for look in looks if len(looks) > 1 else ():
        if look.listing is None:
            continue
        twice = set()
        for name in look.listing.session_ids:
            path = os.path.join(look.root.path, name)
            if any(is_same_folder(other, path) for other in seen.setdefault(name, [])):
                twice.add(name)
            seen[name].append(path)
        if twice:
            look.listing.session_ids = [name for name in look.listing.session_ids if name not in twice]
            # Recorded when this root was configured alone, say.
            if known := [entry.session_id for entry in look.known if entry.session_id in twice]:
                root_id = opened.ids[look.root]
                opened.write(lambda: facts.forget(opened.connection, root_id, known))  # noqa: B023 -- done at once
                look.known = [entry for entry in look.known if entry.session_id not in twice]


def has_database_or_sessions(database: Database, roots: Sequence[Root]) -> bool:
    """Whether there is a database, or a session to make one for.

    Raises:
        ImagesRootError: There is no database, and no root can be read.
    """
    if database.exists():
        return True
    errors = []
    for root in roots:
        try:
            if list_root(root.path).session_ids:
                return True
        except ImagesRootError as error:
            errors.append(error)
    if len(errors) == len(roots):
        raise errors[0]
    return False


def may_make_database(database: Database, roots: Sequence[Root], *, to_write: bool = False) -> bool:
    """Whether to make the database if there is none: not for nothing, and not where a drive is yet to be mounted.

    If no root beside it can be read, a drive that is mounted there later would hide what was typed.

    Raises:
        ImagesRootError: No root can be read, or, if it is `to_write`, none of those that the database lies beside.
    """
    if database.exists() or not has_database_or_sessions(database, roots):
        return database.exists()
    error = None
    for root in roots:
        if database.path == database_beside([root]):
            try:
                list_root(root.path)
            except ImagesRootError as problem:
                error = error or problem
            else:
                return True
    if error is not None and to_write:
        raise error
    return error is None
