"""Databases in the earlier form of this tool's tables, in which the facts lay in `session_stats`."""

import json
from pathlib import Path

from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import CONTRACT, plain

INDEXES_OF_METADATA = ("sdgen_admin_metadata_updated", "sdgen_admin_metadata_tags", "sdgen_admin_search_note")

SCRIPT = f"""{CONTRACT}
CREATE TABLE sdgen_admin_sessions (
    session_id TEXT PRIMARY KEY, stats_computed_at TEXT,
    folder_mtime_ns INTEGER, manifest_mtime_ns INTEGER, manifest_size INTEGER,
    missing INTEGER NOT NULL DEFAULT 0, stale INTEGER NOT NULL DEFAULT 0, problem TEXT,
    status TEXT, scheduler TEXT, theme TEXT, style TEXT, seed_list TEXT
) WITHOUT ROWID;
CREATE TABLE sdgen_admin_history (
    group_id INTEGER NOT NULL, changed_at TEXT NOT NULL, undoes INTEGER,
    session_id TEXT NOT NULL, field TEXT NOT NULL, old_value, new_value,
    PRIMARY KEY (group_id, session_id, field)
) WITHOUT ROWID;
CREATE TABLE sdgen_admin_version (version INTEGER NOT NULL);
INSERT INTO sdgen_admin_version VALUES (1);
CREATE INDEX sdgen_admin_stats_created ON session_stats(session_created_at DESC, session_id, sd_model);
CREATE INDEX sdgen_admin_metadata_updated ON session_metadata(updated_at DESC, session_id);
CREATE INDEX sdgen_admin_metadata_tags ON session_metadata(tags) WHERE tags IS NOT NULL;
CREATE INDEX sdgen_admin_search_note ON session_metadata(session_id, user_note) WHERE user_note IS NOT NULL;
CREATE INDEX sdgen_admin_status ON sdgen_admin_sessions(status, missing, session_id) WHERE status IS NOT NULL;
CREATE INDEX sdgen_admin_history_session ON sdgen_admin_history(session_id, group_id);
"""
"""What version 1 created, with one index of each kind that it had."""


def write_in_earlier_form(library: SessionLibrary, path: Path) -> None:
    """Write what a library's database holds to a new file, as the earlier version would have it."""
    records = library.find(SessionFilter(limit=None), fresh=False).sessions
    with plain(path) as connection:
        connection.executescript(SCRIPT)
        for record in records:
            for table, row in (("session_stats", _stats_row(record)), ("sdgen_admin_sessions", _own_row(record))):
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        connection.commit()
        connection.execute("ATTACH ? AS present", (library.db_path,))
        for table in ("session_metadata", "sdgen_admin_history"):
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM present.{table}")


def _stats_row(record: SessionRecord) -> dict[str, object]:
    assert record.stats is not None
    row = record.stats.model_dump(mode="json")
    for name in ("placeholders", "variations_summary"):
        value = row.pop(name)
        row[f"{name}_json"] = None if value is None else json.dumps(value)
    return row | {"stats_version": 1}


def _own_row(record: SessionRecord) -> dict[str, object]:
    assert record.stats is not None
    assert record.stats.stats_computed_at is not None
    return {
        "session_id": record.session_id,
        "stats_computed_at": record.stats.stats_computed_at.isoformat(),
        "status": record.run_status,
        "scheduler": record.scheduler,
        "theme": record.theme,
        "style": record.style,
        "seed_list": None if record.seed_list is None else json.dumps(record.seed_list),
    }
