"""The shared table `session_metadata`: what people typed. Nothing here writes a column that was not changed."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sdgen_admin.db.functions import composed, parse_tags
from sdgen_admin.db.history import Group, record_changes, record_creation, record_deletion
from sdgen_admin.db.shared.metadata_table import METADATA_COLUMNS
from sdgen_admin.db.values import as_text, as_time, from_json, given, is_true, lenient, to_json
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata, SessionMetadataUpdate

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
    """Delete one session's metadata and return whether there was any. Stats stay."""
    record_deletion(connection, group, session_id)
    return connection.execute("DELETE FROM session_metadata WHERE session_id = ?", (session_id,)).rowcount > 0


def update_metadata(
    connection: sqlite3.Connection, session_id: str, session_path: str, update: SessionMetadataUpdate, group: Group
) -> MetadataChange:
    """Apply `update` to one session, making its row if there is none, and record it in the history.

    To be called inside a write transaction: tags are read, edited and written in one.
    A change that changes nothing leaves the row as it is, `updated_at` included.
    """
    before = get_metadata(connection, session_id)
    changes = _changed_columns(before, update)
    if not changes:
        after = before or SessionMetadata(session_id=session_id, session_path=session_path)
        return MetadataChange(session_id=session_id, before=before, after=after)
    if before is None:
        make_row(connection, session_id, session_path, group)
    changes["updated_at"] = group.changed_at
    record_changes(connection, group, session_id, changes)
    settings = ", ".join(f"{name} = ?" for name in changes)
    connection.execute(
        f"UPDATE session_metadata SET {settings} WHERE session_id = ?",
        (*changes.values(), session_id),
    )
    after_row = get_metadata(connection, session_id)
    assert after_row is not None
    return MetadataChange(session_id=session_id, before=before, after=after_row)


def make_row(connection: sqlite3.Connection, session_id: str, session_path: str, group: Group) -> None:
    """Make a session's row, in which nothing is said yet, and record that."""
    connection.execute(
        "INSERT INTO session_metadata (session_id, session_path, created_at, updated_at) VALUES (?, ?, ?, ?)",
        (session_id, session_path, group.changed_at, group.changed_at),
    )
    record_creation(connection, group, session_id)


def _changed_columns(before: SessionMetadata | None, update: SessionMetadataUpdate) -> dict[str, Any]:
    """Return the columns that `update` changes, with their new values as the database holds them."""
    old = before or SessionMetadata(session_id="", session_path="")
    wanted: dict[str, Any] = {}
    for name in ("is_test", "is_complete", "is_favorite"):
        value = getattr(update, name)
        if value is not None and value != getattr(old, name):
            wanted[name] = int(value)
    for name in ("user_rating", "user_note"):
        if name in update.model_fields_set and getattr(update, name) != getattr(old, name):
            wanted[name] = getattr(update, name)
    tags = old.tags if update.tags is None else update.tags
    unwanted = set(map(composed, update.remove_tags))
    tags = tuple(tag for tag in tags if composed(tag) not in unwanted)
    tags = tuple(dict.fromkeys(tags + update.add_tags))
    if tags != old.tags:
        wanted["tags"] = to_json(tags)
    return wanted


def tag_counts(connection: sqlite3.Connection, of_collection: str) -> dict[str, int]:
    """Return every tag in use with the number of sessions that have it, the most used first.

    Args:
        connection: The database.
        of_collection: The condition on `s`, a row of `sdgen_admin_sessions`, that a session belongs to the collection.
    """
    texts = connection.execute(
        f"""SELECT m.tags FROM session_metadata m WHERE m.tags IS NOT NULL AND EXISTS (
            SELECT 1 FROM sdgen_admin_sessions s
            WHERE s.session_id = m.session_id AND s.twin = 0 AND {of_collection})"""
    )
    counts = Counter(tag for (text,) in texts for tag in parse_tags(text))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def metadata_from_row(row: Sequence[Any]) -> SessionMetadata:
    """Return the model of a row with the columns of `METADATA_COLUMNS`."""
    values = dict(zip(METADATA_COLUMNS, row, strict=True))
    for name in ("is_test", "is_favorite"):
        values[name] = is_true(values[name])
    values["is_complete"] = values["is_complete"] is None or is_true(values["is_complete"])
    values["tags"] = parse_tags(values["tags"])
    for name in ("session_id", "session_path", "user_rating", "user_note", "auto_metadata"):
        values[name] = as_text(values[name])
    values["session_path"] = values["session_path"] or ""
    for name in ("created_at", "updated_at"):
        values[name] = as_time(values[name])
    auto = from_json(values["auto_metadata"])
    values["auto_metadata"] = values["auto_metadata"] if auto is None else auto
    return lenient(SessionMetadata, given(values))
