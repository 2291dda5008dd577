"""The shared table `session_metadata`: what people typed. Nothing here writes a column that was not changed."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sdgen_admin.db.functions import composed, parse_tags
from sdgen_admin.db.history import Group, record_changes, record_creation, record_deletion
from sdgen_admin.db.rows import as_text, from_json, given, is_true, lenient, to_json
from sdgen_admin.db.schema import METADATA_COLUMNS
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata, SessionMetadataUpdate

_SELECT = f"SELECT {', '.join(METADATA_COLUMNS)} FROM session_metadata"


def get_metadata(connection: sqlite3.Connection, session_id: str) -> SessionMetadata | None:
    """Return what was said about one session, None where nothing was."""
    row = connection.execute(f"{_SELECT} WHERE session_id = ?", (session_id,)).fetchone()
    return None if row is None else metadata_from_row(row)


def iterate_metadata(connection: sqlite3.Connection) -> Iterator[SessionMetadata]:
    """Yield all metadata, last changed first."""
    for row in connection.execute(f"{_SELECT} WHERE session_id IS NOT NULL ORDER BY updated_at DESC, session_id"):
        yield metadata_from_row(row)


def delete_metadata(connection: sqlite3.Connection, session_id: str, group: Group) -> bool:
    """Delete one session's metadata, and its stats as the foreign key asks; return whether it was there."""
    record_deletion(connection, group, session_id)
    deleted = connection.execute("DELETE FROM session_metadata WHERE session_id = ?", (session_id,)).rowcount > 0
    if deleted:
        connection.execute("DELETE FROM session_stats WHERE session_id = ?", (session_id,))
    return deleted


def update_metadata(
    connection: sqlite3.Connection, session_id: str, session_path: str, update: SessionMetadataUpdate, group: Group
) -> MetadataChange:
    """Apply `update` to one session, making its row where there is none, and record it in the history.

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


def tag_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return every tag in use with the number of sessions that have it, the most used first."""
    counts = Counter(
        tag
        for (text,) in connection.execute("SELECT tags FROM session_metadata WHERE tags IS NOT NULL")
        for tag in parse_tags(text)
    )
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
    auto = from_json(values["auto_metadata"])
    values["auto_metadata"] = values["auto_metadata"] if auto is None else auto
    return lenient(SessionMetadata, given(values))
