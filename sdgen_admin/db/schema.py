"""This tool's own tables, all named `sdgen_admin_…`, and what a database has of them.

They hold the truth. Of the tables shared with other programs, `db/shared/` knows the layouts.
"""

import sqlite3
from enum import Enum, auto
from typing import NamedTuple

from sdgen_admin.db.shared.metadata_table import CREATE_METADATA, has_key, require_readable, why_unchangeable
from sdgen_admin.models.fields import FIELDS, Kind

OWN_VERSION = 2
"""The version of the tables below. Raise it with every change of them that is more than an index."""

_TYPES = {Kind.TEXT: "TEXT", Kind.INTEGER: "INTEGER", Kind.REAL: "REAL", Kind.FLAG: "INTEGER", Kind.TIME: "TEXT",
          Kind.LIST: "TEXT", Kind.OBJECT: "TEXT"}  # fmt: skip
_LOOKED_AT = ("missing", "problem", "stats_version")
"""What is read of every session to know what is outdated: SQLite finds a row's first columns faster than its last."""
_FACTS = tuple(
    (field.name, _TYPES[field.kind])
    for field in sorted(FIELDS, key=lambda field: field.name not in _LOOKED_AT)
    if field.is_stored
)

FACT_COLUMNS = tuple(name for name, _ in _FACTS)
"""The columns that are a field of the registry."""

STATE_COLUMNS = (
    "root_id", "session_id", "folded", "created_at", "twin", "changed",
    "folder_mtime_ns", "manifest_mtime_ns", "manifest_size", "changed_ns", "gap_ns", "first_image_ns", "last_image_ns",
    "prompt_id", "variations_id",
)  # fmt: skip
"""What else a row has: whose it is, the folder's fingerprint, instants, and where its long texts are."""

READY_COLUMNS = ("first_image_at", "last_image_at", "seeds_from", "seeds_to", "seeds_mode", "explores_seeds")
"""What mirrors need but SQL cannot compute, such as local times; see `db/shared/ready.py`."""

COLUMNS = (*STATE_COLUMNS, *READY_COLUMNS, *FACT_COLUMNS)

TABLES = {
    "sdgen_admin_version": "(version INTEGER NOT NULL, changed INTEGER NOT NULL)",
    # `prefix` is the path with a separator at its end.
    "sdgen_admin_roots": """(
        id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, real_path TEXT NOT NULL,
        former_paths TEXT NOT NULL)""",
    # Narrow: long texts stand once, in the tables below.
    "sdgen_admin_sessions": f"""(
        id INTEGER PRIMARY KEY, root_id INTEGER NOT NULL, session_id TEXT NOT NULL,
        folder_mtime_ns INTEGER, manifest_mtime_ns INTEGER, manifest_size INTEGER,
        {", ".join(f"{name} {kind}" for name, kind in _FACTS)},
        folded TEXT NOT NULL, created_at TEXT NOT NULL, twin INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL,
        changed_ns INTEGER, gap_ns INTEGER, first_image_ns INTEGER, last_image_ns INTEGER,
        prompt_id INTEGER, variations_id INTEGER,
        first_image_at TEXT, last_image_at TEXT, seeds_from INTEGER, seeds_to INTEGER, seeds_mode TEXT,
        explores_seeds INTEGER,
        UNIQUE (session_id, root_id))""",
    # Few rows: what may still change without a trace. The id is the session's.
    "sdgen_admin_unsettled": """(
        id INTEGER PRIMARY KEY, folder_mtime_ns INTEGER, manifest_mtime_ns INTEGER, manifest_size INTEGER,
        seen_ns INTEGER NOT NULL)""",
    # A digest is the key: no second copy of a text in an index.
    "sdgen_admin_prompts": """(
        id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, prompt TEXT NOT NULL, negative TEXT NOT NULL)""",
    # Apart from the prompts: a search reads these alone, half as much.
    "sdgen_admin_folded": "(id INTEGER PRIMARY KEY, folded TEXT NOT NULL)",
    "sdgen_admin_variations": """(
        id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, placeholders TEXT NOT NULL,
        variations_summary TEXT NOT NULL, pools TEXT NOT NULL, names TEXT NOT NULL, count INTEGER NOT NULL,
        combinations INTEGER NOT NULL)""",
    # Old and new value have no type, so that SQLite keeps them exactly as the shared table had them.
    "sdgen_admin_history": """(
        group_id INTEGER NOT NULL, changed_at TEXT NOT NULL, undoes INTEGER,
        session_id TEXT NOT NULL, field TEXT NOT NULL, old_value, new_value,
        PRIMARY KEY (group_id, session_id, field)) WITHOUT ROWID""",
}
"""This tool's tables, with what follows their names in CREATE TABLE."""

HISTORY_COLUMNS = ("group_id", "changed_at", "undoes", "session_id", "field", "old_value", "new_value")

INDEXES = {
    # Walked backwards for a list, newest first: rows arrive oldest first, and an index that they are added to at its
    # left edge would have its pages half empty. It has what filters ask most, so that the rows are read for the page.
    "sdgen_admin_newest": """sdgen_admin_sessions (created_at, session_id DESC, root_id DESC, missing, twin,
        is_seed_sweep, completion_percentage, images_actual, run_status, changed_ns, gap_ns, source, sd_model, problem,
        prompt_id, folded)""",
    "sdgen_admin_history_session": "sdgen_admin_history (session_id, group_id)",
    "sdgen_admin_history_undoes": "sdgen_admin_history (undoes, group_id) WHERE undoes IS NOT NULL",
}


class Form(Enum):
    """Which form of this tool's tables a database has."""

    NONE = auto()
    EARLIER = auto()
    """Version 1: facts lay in the shared table `session_stats`."""
    PRESENT = auto()
    NEWER = auto()


class Schema(NamedTuple):
    """What a database has of the tables that this tool uses."""

    form: Form
    version: int
    """The version of this tool's tables; 0 if there are none."""
    has_metadata_table: bool
    has_metadata: bool
    """Whether anybody has said anything."""
    has_metadata_key: bool
    """Whether no two rows of metadata can have the same id."""
    metadata_problem: str | None
    """Why metadata can only be read, if so."""
    has_mirror: bool
    """Whether there is a `session_stats`, whatever it is."""
    lacks: tuple[str, ...]
    """The tables and indexes of the present form that are not there."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is to be made."""
        return self.form is Form.PRESENT and self.has_metadata_table and self.has_mirror and not self.lacks

    @property
    def needs_first_use_backup(self) -> bool:
        """Whether there is metadata that this tool never touched, or a form that is to be converted."""
        return self.form is Form.EARLIER or (self.has_metadata and self.form is Form.NONE)


def read_schema(connection: sqlite3.Connection) -> Schema:
    """Return what the database has.

    Raises:
        ForeignLayoutError: `session_metadata` does not have the columns that programs share.
    """
    there = {name.lower() for (name,) in connection.execute("SELECT name FROM main.sqlite_master")}
    has_table = "session_metadata" in there
    if has_table:
        require_readable(connection)
    has_metadata = has_table and bool(connection.execute("SELECT 1 FROM main.session_metadata LIMIT 1").fetchall())
    version = own_version(connection, there)
    return Schema(
        form=_form(version),
        version=version,
        has_metadata_table=has_table,
        has_metadata=has_metadata,
        has_metadata_key=not has_table or has_key(connection),
        metadata_problem=why_unchangeable(connection),
        has_mirror="session_stats" in there,
        lacks=tuple(name for name in (*TABLES, *INDEXES) if name not in there),
    )


def _form(version: int) -> Form:
    if version > OWN_VERSION:
        return Form.NEWER
    if version == OWN_VERSION:
        return Form.PRESENT
    return Form.EARLIER if version else Form.NONE


def own_version(connection: sqlite3.Connection, there: set[str]) -> int:
    """Return the version of this tool's tables, 0 if there are none.

    Args:
        connection: The database.
        there: The names in it, in lower case.
    """
    if "sdgen_admin_version" not in there:
        return 0
    (version,) = connection.execute("SELECT max(version) FROM main.sdgen_admin_version").fetchone()
    return version if isinstance(version, int) else 0


def make_tables(connection: sqlite3.Connection, *, temporary: bool = False) -> None:
    """Make the tables that are not there. To be called inside a write transaction."""
    kind = "TEMP TABLE" if temporary else "TABLE"
    if not temporary:
        connection.execute(f"CREATE TABLE IF NOT EXISTS session_metadata {CREATE_METADATA}")
    for name, definition in TABLES.items():
        connection.execute(f"CREATE {kind} IF NOT EXISTS {name} {definition}")
    schema = "temp." if temporary else "main."
    if connection.execute(f"SELECT 1 FROM {schema}sdgen_admin_version").fetchone() is None:
        connection.execute(f"INSERT INTO {schema}sdgen_admin_version VALUES ({OWN_VERSION}, 0)")


def make_indexes(connection: sqlite3.Connection) -> None:
    """Make the indexes that are not there: over many rows at once they take a fraction of the time."""
    for name, on in INDEXES.items():
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {on}")


def next_change(connection: sqlite3.Connection) -> int:
    """Return the number of the write that is under way; it grows with each."""
    connection.execute("UPDATE sdgen_admin_version SET changed = changed + 1")
    (changed,) = connection.execute("SELECT max(changed) FROM sdgen_admin_version").fetchone()
    return int(changed)
