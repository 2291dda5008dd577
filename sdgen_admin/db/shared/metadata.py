"""The shared table `session_metadata`: what people typed. Nothing here writes a column that was not changed."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sdgen_admin.db.history import Group, remember
from sdgen_admin.db.shared.metadata_table import METADATA_COLUMNS
from sdgen_admin.db.values import FLAGS, given, lenient, meaning, parse_tags, to_json
from sdgen_admin.errors import EditRefusedError
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata, SessionMetadataUpdate
from sdgen_admin.models.text import composed

_SELECT = f"SELECT {', '.join(METADATA_COLUMNS)} FROM session_metadata"


def get_metadata(connection: sqlite3.Connection, session_id: str) -> SessionMetadata | None:
    """Return one session's metadata, None if nobody has said anything."""
    row = connection.execute(f"{_SELECT} WHERE session_id = ?", (session_id,)).fetchone()
    return None if row is None else metadata_from_row(row)


def iterate_metadata(connection: sqlite3.Connection) -> Iterator[SessionMetadata]:
    """Yield all metadata, last changed first."""
    last_changed = "sdgen_moment(CAST(updated_at AS BLOB)) DESC"
    for row in connection.execute(f"{_SELECT} WHERE session_id IS NOT NULL ORDER BY {last_changed}, session_id"):
        yield metadata_from_row(row)


def delete_metadata(connection: sqlite3.Connection, session_id: str, group: Group) -> bool:
    """Delete one session's metadata and return whether there was any. Stats stay.

    To be called in the body of `recorded`.

    Raises:
        EditRefusedError: Another program's trigger prevents it.
    """
    if get_metadata(connection, session_id) is None:
        return False
    remember(connection, group, session_id)
    delete_row(connection, session_id)
    return True


def update_metadata(
    connection: sqlite3.Connection, session_id: str, session_path: str, update: SessionMetadataUpdate, group: Group
) -> MetadataChange:
    """Apply `update` to one session, making its row if there is none.

    To be called in the body of `recorded`: tags are read, edited and written in one transaction.
    A change that changes nothing leaves the row as it is, `updated_at` included.

    Raises:
        EditRefusedError: Another program's trigger or rule prevents it.
    """
    before = get_metadata(connection, session_id)
    changes = _changed_columns(before, update)
    nothing = SessionMetadata(session_id=session_id, session_path=session_path)
    if not changes:
        return MetadataChange(session_id=session_id, before=before, after=before or nothing)
    if before is None:
        make_row(connection, session_id, session_path, group)
    remember(connection, group, session_id, made=before is None)
    settings = ", ".join(f"{name} = ?" for name in (*changes, "updated_at"))
    with refusals(session_id):
        connection.execute(
            f"UPDATE session_metadata SET {settings} WHERE session_id = ?",
            (*changes.values(), group.changed_at, session_id),
        )
    after = get_metadata(connection, session_id)
    if after is None or all(getattr(after, name) == getattr(before or nothing, name) for name in changes):
        raise ignored(session_id)
    return MetadataChange(session_id=session_id, before=before, after=after)


def make_row(connection: sqlite3.Connection, session_id: str, session_path: str, group: Group) -> None:
    """Make a session's row, in which nothing is said yet. Raises EditRefusedError if a neighbour prevents it."""
    with refusals(session_id):
        connection.execute(
            "INSERT INTO session_metadata (session_id, session_path, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (session_id, session_path, group.changed_at, group.changed_at),
        )


def delete_row(connection: sqlite3.Connection, session_id: str) -> None:
    """Delete a session's row. Raises EditRefusedError if a neighbour prevents it."""
    with refusals(session_id):
        connection.execute("DELETE FROM session_metadata WHERE session_id = ?", (session_id,))
    if get_metadata(connection, session_id) is not None:
        raise ignored(session_id)


def ignored(session_id: str) -> EditRefusedError:
    """Return the error for a session whose row says what it said, although it was changed."""
    return EditRefusedError(
        f"{session_id} cannot be changed: another program's trigger ignores it.", session=session_id
    )


@contextmanager
def refusals(session_id: str) -> Iterator[None]:
    """Raise EditRefusedError, with the neighbour's own words, if a trigger or a rule of the table stops the body."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise EditRefusedError(f"{session_id} cannot be changed: {error}.", session=session_id) from error


def _changed_columns(before: SessionMetadata | None, update: SessionMetadataUpdate) -> dict[str, Any]:
    """Return the columns that `update` changes, with their new values as the database holds them."""
    old = before or SessionMetadata(session_id="", session_path="")
    wanted: dict[str, Any] = {}
    for name in FLAGS:
        value = getattr(update, name)
        if value is not None and value != getattr(old, name):
            wanted[name] = int(value)
    for name in ("user_rating", "user_note"):
        if name in update.model_fields_set and getattr(update, name) != getattr(old, name):
            wanted[name] = getattr(update, name)
    tags = old.tags if update.tags is None else update.tags
    unwanted = set(map(composed, update.remove_tags))
    tags = tuple(tag for tag in tags if composed(tag) not in unwanted)
    there = set(map(composed, tags))
    tags += tuple(tag for tag in update.add_tags if tag not in there)
    if tags != old.tags:
        wanted["tags"] = to_json(tags)
    return wanted


def tag_counts(connection: sqlite3.Connection, of_collection: str) -> dict[str, int]:
    """Return every tag in use, composed, with the number of sessions that have it, the most used first.

    Args:
        connection: The database.
        of_collection: The condition on `s`, a row of `sdgen_admin_sessions`, that a session belongs to the collection.
    """
    texts = connection.execute(
        f"""SELECT m.tags FROM session_metadata m WHERE m.tags IS NOT NULL AND EXISTS (
            SELECT 1 FROM sdgen_admin_sessions s
            WHERE s.session_id = m.session_id AND s.twin = 0 AND {of_collection})"""
    )
    counts = Counter(tag for (text,) in texts for tag in dict.fromkeys(map(composed, parse_tags(text))))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def metadata_from_row(row: Sequence[Any]) -> SessionMetadata:
    """Return the model of a row with the columns of `METADATA_COLUMNS`."""
    values = {name: meaning(name, value) for name, value in zip(METADATA_COLUMNS, row, strict=True)}
    values["session_path"] = values["session_path"] or ""
    return lenient(SessionMetadata, given(values))
