"""The table `session_metadata` in the form that all programs share. Never alter it, drop it, or put a trigger on it."""

import sqlite3

from sdgen_admin.errors import ForeignLayoutError

METADATA_COLUMNS = (
    "session_id", "session_path", "is_test", "is_complete", "is_favorite", "user_rating", "user_note", "tags",
    "auto_metadata", "created_at", "updated_at",
)  # fmt: skip

CREATE_METADATA = """(
    session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
    is_test INTEGER DEFAULT 0, is_complete INTEGER DEFAULT 1, is_favorite INTEGER DEFAULT 0,
    user_rating TEXT, user_note TEXT, tags TEXT, auto_metadata TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
)"""


def require_metadata_columns(connection: sqlite3.Connection) -> None:
    """Raise ForeignLayoutError if the table lacks one of the columns that programs share."""
    present = {row[0] for row in connection.execute("SELECT name FROM pragma_table_xinfo('session_metadata')")}
    if lacking := [column for column in METADATA_COLUMNS if column not in present]:
        raise ForeignLayoutError(
            f"The table session_metadata lacks {', '.join(lacking)}.", table="session_metadata", lacking=lacking
        )
