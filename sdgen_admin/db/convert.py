"""From the earlier form of this tool's tables to the present one, in one transaction.

In version 1 facts lay in `session_stats`, which this tool had created with 26 columns of its own, and
`sdgen_admin_sessions` held fingerprints beside them. What the present form has and that one lacked is computed when
the sessions are next looked at: until then they are outdated.
"""

import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sdgen_admin.db import facts
from sdgen_admin.db.roots import register
from sdgen_admin.db.schema import make_tables
from sdgen_admin.db.shared import mirror
from sdgen_admin.db.values import as_text, as_time, from_json, given, is_true, lenient, quoted
from sdgen_admin.models.enums import Confidence, Source
from sdgen_admin.models.instants import instant_ns
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import is_session_id
from sdgen_admin.models.stats import SessionStats

_EARLIER_VERSION = 1
_BATCH = 1000
_STATS = (
    "session_id", "session_path", "sd_model", "template_version", "generation_mode", "seed_mode", "seed_base",
    "resolved_prompt", "negative_prompt", "width", "height", "steps", "cfg_scale", "sampler_name",
    "images_expected", "images_actual", "completion_percentage", "is_seed_sweep", "placeholders_json",
    "variations_summary_json", "session_created_at", "manifest_generated_at", "first_image_created_at",
    "last_image_created_at", "stats_computed_at",
)  # fmt: skip
_TIMES = ("manifest_generated_at", "first_image_created_at", "last_image_created_at", "stats_computed_at")
_OWN = ("missing", "problem", "status", "scheduler", "theme", "style", "seed_list")
_KEPT = ("problem", "run_status", "scheduler", "theme", "style", "seed_list")
_OF_A_PLAN = ("images_expected", "completion_percentage", "is_seed_sweep", "placeholders", "variations_summary")
_NEW = ("images_recorded", "seed_min", "seed_max", "seed_run", "pools")


def convert(connection: sqlite3.Connection) -> None:
    """Convert the database. To be called inside a write transaction, after a copy was made."""
    has_stats = _set_aside(connection)
    if has_stats:
        connection.execute("DROP TABLE main.session_stats")
    connection.execute("DROP TABLE main.sdgen_admin_sessions")
    connection.execute("DROP TABLE main.sdgen_admin_version")
    _drop_indexes_of_metadata(connection)
    make_tables(connection)
    if has_stats:
        mirror.create(connection)
        _convert_rows(connection)
    _drop_copies(connection)


def convert_in_memory(connection: sqlite3.Connection) -> None:
    """Fill tables in memory, which hide those of the file, from what the file has in the earlier form."""
    if _set_aside(connection):
        _convert_rows(connection)
    _drop_copies(connection)


def _set_aside(connection: sqlite3.Connection) -> bool:
    """Copy the earlier tables to where their names are free; return whether `session_stats` was this tool's."""
    connection.execute("CREATE TEMP TABLE sdgen_admin_earlier AS SELECT * FROM main.sdgen_admin_sessions")
    present = {row[1] for row in connection.execute("PRAGMA main.table_xinfo(session_stats)")}
    is_ours = set(_STATS) <= present and "session_name" not in present
    if is_ours:
        connection.execute("CREATE TEMP TABLE sdgen_admin_earlier_stats AS SELECT * FROM main.session_stats")
    return is_ours


def _drop_indexes_of_metadata(connection: sqlite3.Connection) -> None:
    """Drop the indexes that this tool had on the shared table; nothing asks them any more."""
    names = connection.execute(
        """SELECT name FROM main.sqlite_master
           WHERE type = 'index' AND tbl_name = 'session_metadata' AND name GLOB 'sdgen_admin_*'"""
    ).fetchall()
    for (name,) in names:
        connection.execute(f"DROP INDEX main.{quoted(name)}")


def _drop_copies(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE IF EXISTS temp.sdgen_admin_earlier")
    connection.execute("DROP TABLE IF EXISTS temp.sdgen_admin_earlier_stats")


def _convert_rows(connection: sqlite3.Connection) -> None:
    batches: dict[str, list[tuple[str, dict[str, Any], bool]]] = {}
    for folder, name, fields, missing in _rows(connection):
        batch = batches.setdefault(folder, [])
        batch.append((name, fields, missing))
        if len(batch) >= _BATCH:
            _store(connection, folder, batch)
            batch.clear()
    for folder, batch in batches.items():
        _store(connection, folder, batch)


def _store(connection: sqlite3.Connection, folder: str, batch: list[tuple[str, dict[str, Any], bool]]) -> None:
    """Store converted rows under the root that held them, whether or not that is configured now."""
    root = Root(os.path.basename(folder), folder)
    root_id = register(connection, [root])[root]
    facts.put(connection, root_id, [(name, fields, _state(fields)) for name, fields, _ in batch])
    facts.mark_outdated(connection, root_id, [name for name, _, _ in batch])
    facts.mark_missing(connection, root_id, [name for name, _, missing in batch if missing], missing=True)


def _state(fields: dict[str, Any]) -> facts.FolderState:
    """Return what is known of the folder: no fingerprint, but when its images were made."""
    first, last = fields["first_image_created_at"], fields["last_image_created_at"]
    return facts.NO_STATE._replace(
        first_image_ns=None if first is None else instant_ns(first),
        last_image_ns=None if last is None else instant_ns(last),
    )


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    """Yield root folder, id, fields of record and stats, and whether it is missing, of each session with facts."""
    rows = connection.execute(
        f"""SELECT {", ".join(f"t.{name}" for name in _STATS)}, {", ".join(f"o.{name}" for name in _OWN)}
            FROM temp.sdgen_admin_earlier_stats t LEFT JOIN temp.sdgen_admin_earlier o USING (session_id)
            ORDER BY t.session_id"""
    )
    for row in rows:
        values = dict(zip((*_STATS, *_OWN), row, strict=True))
        name, path = values["session_id"], as_text(values["session_path"]) or ""
        if isinstance(name, str) and is_session_id(name) and os.path.isabs(path) and os.path.basename(path) == name:
            yield os.path.dirname(path), name, _fields(values | {"session_path": path}), is_true(values["missing"])


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of record and stats. Other programs wrote to that table, too: what does not fit is left out."""
    read = {name: as_time(values[name]) for name in _TIMES}
    read["placeholders"] = from_json(values["placeholders_json"])
    read["variations_summary"] = from_json(values["variations_summary_json"])
    stats = lenient(SessionStats, given(values | read))
    record = lenient(
        SessionRecord, given(values | {"run_status": values["status"], "seed_list": from_json(values["seed_list"])})
    )
    is_planned = stats.generation_mode is not None or stats.sd_model is not None
    fields = dict.fromkeys(_NEW) | {name: getattr(record, name) for name in _KEPT}
    fields |= {name: getattr(stats, name) for name in SessionStats.model_fields}
    fields |= {
        "stats_computed_at": stats.stats_computed_at or datetime.now(),
        "stats_version": _EARLIER_VERSION,
        "source": (Source.MANIFEST if is_planned else Source.FOLDER).value,
        "confidence": (Confidence.HIGH if is_planned else Confidence.LOW).value,
    }
    return fields if is_planned else fields | dict.fromkeys(_OF_A_PLAN)
