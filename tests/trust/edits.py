"""Edits of metadata, and all metadata as it is stored."""

from pathlib import Path
from typing import Any

from sdgen_admin.db.values import quoted
from sdgen_admin.models.metadata import SessionMetadataUpdate
from tests.neighbour import plain


def update(**fields: Any) -> SessionMetadataUpdate:
    return SessionMetadataUpdate.model_validate(fields)


def stored(path: Path) -> list[tuple[Any, ...]]:
    """Return all metadata with type and bytes of every value."""
    with plain(path) as connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(session_metadata)")]
        values = ", ".join(f"typeof({name}), CAST({name} AS BLOB)" for name in map(quoted, columns))
        return connection.execute(f"SELECT {values} FROM session_metadata ORDER BY session_id").fetchall()
