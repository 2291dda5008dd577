"""The tables: two shared with other programs, to the letter of the contract, and this tool's own.

Everything of this tool's own, tables and indexes, has a name that starts with `sdgen_admin_`.
"""

import sqlite3

from sdgen_admin.errors import ForeignLayoutError

METADATA_COLUMNS = (
    "session_id", "session_path", "is_test", "is_complete", "is_favorite", "user_rating", "user_note", "tags",
    "auto_metadata", "created_at", "updated_at",
)  # fmt: skip

STATS_COLUMNS = (
    "session_id", "session_path", "sd_model", "template_version", "generation_mode", "seed_mode", "seed_base",
    "resolved_prompt", "negative_prompt", "width", "height", "steps", "cfg_scale", "sampler_name",
    "images_expected", "images_actual", "completion_percentage", "is_seed_sweep", "placeholders_json",
    "variations_summary_json", "session_created_at", "manifest_generated_at", "first_image_created_at",
    "last_image_created_at", "stats_computed_at", "stats_version",
)  # fmt: skip

OWN_VERSION = 1
"""The version of this tool's own tables. Raise it with every change of them that is more than an index."""

OWN_COLUMNS = (
    "session_id", "stats_computed_at", "folder_mtime_ns", "manifest_mtime_ns", "manifest_size", "missing", "stale",
    "problem", "status", "scheduler", "theme", "style", "seed_list",
)  # fmt: skip

HISTORY_COLUMNS = ("group_id", "changed_at", "undoes", "session_id", "field", "old_value", "new_value")

_TABLES = {
    "session_metadata": (
        METADATA_COLUMNS,
        """CREATE TABLE session_metadata (
            session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
            is_test INTEGER DEFAULT 0, is_complete INTEGER DEFAULT 1, is_favorite INTEGER DEFAULT 0,
            user_rating TEXT, user_note TEXT, tags TEXT, auto_metadata TEXT,
            created_at TEXT NOT NULL, updated_at TEXT NOT NULL
        )""",
    ),
    "session_stats": (
        STATS_COLUMNS,
        """CREATE TABLE session_stats (
            session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
            sd_model TEXT, template_version TEXT, generation_mode TEXT, seed_mode TEXT, seed_base INTEGER,
            resolved_prompt TEXT, negative_prompt TEXT,
            width INTEGER, height INTEGER, steps INTEGER, cfg_scale REAL, sampler_name TEXT,
            images_expected INTEGER, images_actual INTEGER, completion_percentage REAL,
            is_seed_sweep INTEGER DEFAULT 0,
            placeholders_json TEXT, variations_summary_json TEXT,
            session_created_at TEXT, manifest_generated_at TEXT, first_image_created_at TEXT,
            last_image_created_at TEXT,
            stats_computed_at TEXT NOT NULL, stats_version INTEGER DEFAULT 1,
            FOREIGN KEY (session_id) REFERENCES session_metadata(session_id) ON DELETE CASCADE
        )""",
    ),
    "sdgen_admin_sessions": (
        OWN_COLUMNS,
        """CREATE TABLE sdgen_admin_sessions (
            session_id TEXT PRIMARY KEY, stats_computed_at TEXT,
            folder_mtime_ns INTEGER, manifest_mtime_ns INTEGER, manifest_size INTEGER,
            missing INTEGER NOT NULL DEFAULT 0, stale INTEGER NOT NULL DEFAULT 0, problem TEXT,
            status TEXT, scheduler TEXT, theme TEXT, style TEXT, seed_list TEXT
        ) WITHOUT ROWID""",
    ),
    # Old and new value have no type, so that SQLite keeps them exactly as the shared table had them.
    "sdgen_admin_history": (
        HISTORY_COLUMNS,
        """CREATE TABLE sdgen_admin_history (
            group_id INTEGER NOT NULL, changed_at TEXT NOT NULL, undoes INTEGER,
            session_id TEXT NOT NULL, field TEXT NOT NULL, old_value, new_value,
            PRIMARY KEY (group_id, session_id, field)
        ) WITHOUT ROWID""",
    ),
    "sdgen_admin_version": (("version",), "CREATE TABLE sdgen_admin_version (version INTEGER NOT NULL)"),
}

ASKED = "sd_model, is_seed_sweep, completion_percentage"
"""The columns that filters ask of stats, beside the creation time."""

_INDEXES = {
    "idx_session_stats_model": "session_stats(sd_model)",
    "idx_session_stats_seed_sweep": "session_stats(is_seed_sweep)",
    "idx_session_stats_completion": "session_stats(completion_percentage)",
    "idx_session_stats_created_at": "session_stats(session_created_at DESC)",
    # Every order that a list has, and after it all that a filter asks of stats, so that the rows, a thousand bytes
    # each, are read for the page alone.
    "sdgen_admin_stats_created": f"session_stats(session_created_at DESC, session_id, {ASKED})",
    "sdgen_admin_stats_model": f"session_stats(sd_model COLLATE NOCASE, session_created_at DESC, session_id, {ASKED})",
    "sdgen_admin_stats_images": f"session_stats(images_actual DESC, session_created_at DESC, session_id, {ASKED})",
    "sdgen_admin_stats_completion": "session_stats(completion_percentage DESC, session_created_at DESC, session_id,"
    " sd_model, is_seed_sweep)",
    "sdgen_admin_stats_by_id": f"session_stats(session_id, session_created_at, {ASKED},"
    " stats_computed_at, stats_version)",
    "sdgen_admin_metadata_updated": "session_metadata(updated_at DESC, session_id)",
    # What is asked of metadata and of this tool's own table.
    "sdgen_admin_metadata_liked": "session_metadata(session_id) WHERE is_favorite <> 0",
    "sdgen_admin_metadata_test": "session_metadata(session_id) WHERE is_test <> 0",
    "sdgen_admin_metadata_rating": "session_metadata(user_rating, session_id) WHERE user_rating IS NOT NULL",
    "sdgen_admin_metadata_tags": "session_metadata(tags) WHERE tags IS NOT NULL",
    "sdgen_admin_missing": "sdgen_admin_sessions(session_id) WHERE missing = 1",
    "sdgen_admin_problem": "sdgen_admin_sessions(session_id, missing, problem) WHERE problem IS NOT NULL",
    "sdgen_admin_status": "sdgen_admin_sessions(status, missing, session_id) WHERE status IS NOT NULL",
    "sdgen_admin_history_session": "sdgen_admin_history(session_id, group_id)",
    "sdgen_admin_history_undoes": "sdgen_admin_history(undoes, group_id) WHERE undoes IS NOT NULL",
}

SEARCH_INDEXES = {
    "sdgen_admin_search_prompt": "session_stats(resolved_prompt, negative_prompt, session_id, session_created_at,"
    f" {ASKED})",
    "sdgen_admin_search_negative": "session_stats(negative_prompt, session_id)",
    "sdgen_admin_search_note": "session_metadata(user_note, session_id) WHERE user_note IS NOT NULL",
}
"""What a search of many sessions is faster with. They hold all prompts once more, so `make_search_indexes` decides."""


def missing_parts(connection: sqlite3.Connection) -> list[str]:
    """Return the statements that make what the schema still lacks, none where it is whole.

    Raises:
        ForeignLayoutError: A table has the name of one of ours, but not its columns.
    """
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    statements = []
    for table, (columns, create) in _TABLES.items():
        if table not in there:
            statements.append(create)
            continue
        present = {row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        if lacking := [column for column in columns if column not in present]:
            raise ForeignLayoutError(
                f"The table {table} is not the one that this tool shares: it lacks {', '.join(lacking)}.",
                "Name another database with --db, or update the program that made this one.",
            )
    statements += [f"CREATE INDEX IF NOT EXISTS {name} ON {on}" for name, on in _INDEXES.items() if name not in there]
    if _own_version(connection, there) < OWN_VERSION:
        statements += ["DELETE FROM sdgen_admin_version", f"INSERT INTO sdgen_admin_version VALUES ({OWN_VERSION})"]
    return statements


def is_new_to_metadata(connection: sqlite3.Connection) -> bool:
    """Whether the database holds metadata, and this version of this tool's own tables is yet to be made in it."""
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if "session_metadata" not in there or _own_version(connection, there) >= OWN_VERSION:
        return False
    return connection.execute("SELECT 1 FROM session_metadata LIMIT 1").fetchone() is not None


def _own_version(connection: sqlite3.Connection, there: set[str]) -> int:
    """Return the version of this tool's own tables, 0 where they are not there or older than this number."""
    if "sdgen_admin_version" not in there:
        return 0
    (version,) = connection.execute("SELECT max(version) FROM sdgen_admin_version").fetchone()
    return version if isinstance(version, int) else 0
