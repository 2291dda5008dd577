"""Another program that shares the database: plain `sqlite3`, and the tables as other programs make them."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdgen_admin.models.session_id import created_at

METADATA = """
CREATE TABLE IF NOT EXISTS session_metadata (
    session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
    is_test INTEGER DEFAULT 0, is_complete INTEGER DEFAULT 1, is_favorite INTEGER DEFAULT 0,
    user_rating TEXT, user_note TEXT, tags TEXT, auto_metadata TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
"""
"""The shared table, to the letter."""

WEB_UI = f"""
CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER PRIMARY KEY, description TEXT NOT NULL, applied_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS session_stats (
    session_name TEXT PRIMARY KEY,
    sd_model TEXT, sampler_name TEXT, scheduler TEXT, cfg_scale REAL, steps INTEGER, width INTEGER, height INTEGER,
    images_requested INTEGER DEFAULT 0, images_actual INTEGER DEFAULT 0, completion_percent REAL DEFAULT 0.0,
    placeholders_count INTEGER DEFAULT 0, placeholders TEXT,
    variations_theoretical INTEGER DEFAULT 0, variations_summary TEXT,
    session_type TEXT DEFAULT 'normal', is_seed_sweep INTEGER DEFAULT 0,
    seed_min INTEGER, seed_max INTEGER, seed_mode TEXT,
    session_created_at TEXT, stats_computed_at TEXT NOT NULL,
    completion_threshold REAL DEFAULT 0.95
);
{METADATA}
CREATE INDEX IF NOT EXISTS idx_stats_model ON session_stats(sd_model);
CREATE INDEX IF NOT EXISTS idx_stats_seed_sweep ON session_stats(is_seed_sweep);
CREATE INDEX IF NOT EXISTS idx_stats_created_at ON session_stats(session_created_at DESC);
CREATE INDEX IF NOT EXISTS idx_stats_completion ON session_stats(completion_percent);
"""
"""What the web UI makes when it starts, version 1 of its layout."""

CONTRACT = """
CREATE TABLE session_metadata (
    session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
    is_test INTEGER DEFAULT 0, is_complete INTEGER DEFAULT 1, is_favorite INTEGER DEFAULT 0,
    user_rating TEXT, user_note TEXT, tags TEXT, auto_metadata TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE session_stats (
    session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
    sd_model TEXT, template_version TEXT, generation_mode TEXT, seed_mode TEXT, seed_base INTEGER,
    resolved_prompt TEXT, negative_prompt TEXT,
    width INTEGER, height INTEGER, steps INTEGER, cfg_scale REAL, sampler_name TEXT,
    images_expected INTEGER, images_actual INTEGER, completion_percentage REAL,
    is_seed_sweep INTEGER DEFAULT 0,
    placeholders_json TEXT, variations_summary_json TEXT,
    session_created_at TEXT, manifest_generated_at TEXT, first_image_created_at TEXT, last_image_created_at TEXT,
    stats_computed_at TEXT NOT NULL, stats_version INTEGER DEFAULT 1,
    FOREIGN KEY (session_id) REFERENCES session_metadata(session_id) ON DELETE CASCADE
);
CREATE INDEX idx_session_stats_model ON session_stats(sd_model);
CREATE INDEX idx_session_stats_seed_sweep ON session_stats(is_seed_sweep);
CREATE INDEX idx_session_stats_completion ON session_stats(completion_percentage);
CREATE INDEX idx_session_stats_created_at ON session_stats(session_created_at DESC);
"""
"""The shared tables as they were designed, whose statistics no program that people run makes like this."""

LONG_AGO = "2025-01-01T00:00:00"


@contextmanager
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection as any program opens one; what it writes is committed at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def make_database(path: Path, *, journal_mode: str = "delete", script: str = WEB_UI) -> None:
    """Make the shared tables as the web UI does when it starts, or as another script does."""
    with plain(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
        connection.executescript(script)


def write_metadata(path: Path, session_id: str | bytes | None, **columns: Any) -> None:
    """Write a metadata row over any that is there."""
    _replace(path, "session_metadata", {"created_at": LONG_AGO, "updated_at": LONG_AGO}, session_id, columns)


def write_stats(path: Path, session_id: str | bytes | None, **columns: Any) -> None:
    """Write a stats row over any that is there, whichever layout the table has."""
    created = created_at(session_id) if isinstance(session_id, str) else None
    defaults = {"stats_computed_at": LONG_AGO, "session_created_at": created.isoformat() if created else None}
    _replace(path, "session_stats", defaults, session_id, columns)


def _replace(
    path: Path, table: str, defaults: dict[str, Any], session_id: str | bytes | None, columns: dict[str, Any]
) -> None:
    if not path.exists():
        make_database(path)
    with plain(path) as connection:
        row = {_key(connection, table): session_id, **defaults, **columns}
        if "session_path" in _columns(connection, table):
            row = {"session_path": f"/elsewhere/{session_id!s}"} | row
        connection.execute(
            f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
            tuple(row.values()),
        )


def _key(connection: sqlite3.Connection, table: str) -> str:
    return "session_name" if "session_name" in _columns(connection, table) else "session_id"


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    """Return a table's rows, ordered by session id, values as they are stored."""
    with plain(path) as connection:
        connection.row_factory = sqlite3.Row
        key = _key(connection, table)
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {key}")]


def row(path: Path, table: str, session_id: str) -> dict[str, Any] | None:
    """Return one session's row in a table, None if there is none."""
    found = (row for row in rows(path, table) if row.get("session_name", row.get("session_id")) == session_id)
    return next(found, None)


def digest(path: Path) -> str:
    """Return what changes when any byte of a file does."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def damage(path: Path, *pages: int, byte: bytes = b"\xff") -> None:
    """Fill pages of a database, counted from 1, with one byte; without pages, all but the first."""
    size = page_size(path)
    with path.open("r+b") as file:
        for page in pages or range(2, path.stat().st_size // size + 1):
            file.seek((page - 1) * size)
            file.write(byte * size)


def page_size(path: Path) -> int:
    """Return the bytes of a page of a database."""
    with plain(path) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(size)
