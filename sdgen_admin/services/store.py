"""What was read of sessions, into the database: one transaction for many."""

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sdgen_admin.db.rows import to_iso, to_json
from sdgen_admin.db.sessions import SessionState, get_known, keep_stale, mark_missing, put_states
from sdgen_admin.db.stats import has_good_stats, put_stats
from sdgen_admin.db.transaction import transaction
from sdgen_admin.disk.folder import SessionReading
from sdgen_admin.disk.manifest import ManifestFacts
from sdgen_admin.disk.root import session_path
from sdgen_admin.models.enums import RunStatus
from sdgen_admin.stats.rules import compute_fields

if TYPE_CHECKING:
    from sdgen_admin.services.compute import Outcome

_RUN_STATUSES = frozenset(RunStatus)


def store_readings(
    connection: sqlite3.Connection, images_dir: str, readings: list[SessionReading], outcome: "Outcome"
) -> None:
    """Write the stats that follow from `readings` in one transaction, then note in `outcome` what came of them.

    A session that vanished meanwhile is neither computed nor failed. What is stored is taken out of `readings`, so
    that after an interrupt the rest of them can still be stored.
    """
    if not readings:
        return
    now = datetime.now()
    # Computed before the lock is taken, so that nobody has to wait for it.
    computed = {
        reading.session_id: compute_fields(reading, session_path(images_dir, reading.session_id), now)
        for reading in readings
        if reading.is_readable
    }
    with transaction(connection):
        kept = [reading for reading in readings if reading.problem and _is_to_be_kept(connection, reading)]
        gone = [reading.session_id for reading in readings if reading.is_gone]
        known_gone = [name for name in gone if get_known(connection, name)]
        passed_over = {*gone, *(reading.session_id for reading in kept)}
        rest = [reading for reading in readings if reading.session_id not in passed_over]
        put_stats(connection, [computed[reading.session_id] for reading in rest if reading.is_readable])
        put_states(connection, [_state(reading, computed.get(reading.session_id)) for reading in rest])
        keep_stale(connection, [_state(reading, None) for reading in kept if not reading.is_gone])
        mark_missing(connection, known_gone, missing=True)
    here = [reading for reading in readings if not reading.is_gone]
    readings.clear()
    outcome.computed += sum(reading.is_readable for reading in here)
    outcome.failures |= {reading.session_id for reading in here if not reading.is_readable}
    outcome.problems |= {reading.session_id: reading.problem for reading in here if reading.problem is not None}


def _is_to_be_kept(connection: sqlite3.Connection, reading: SessionReading) -> bool:
    """Whether good stats are there that this reading, of what cannot be read now, must not replace."""
    cannot_read = reading.has_manifest or not reading.is_readable
    return cannot_read and has_good_stats(connection, reading.session_id)


def _state(reading: SessionReading, stats: dict[str, Any] | None) -> SessionState:
    facts = reading.manifest or ManifestFacts()
    folder_mtime_ns, manifest_mtime_ns, manifest_size = reading.fingerprint or (None, None, None)
    return SessionState(
        session_id=reading.session_id,
        stats_computed_at=to_iso(stats["stats_computed_at"]) if stats else None,
        folder_mtime_ns=folder_mtime_ns,
        manifest_mtime_ns=manifest_mtime_ns,
        manifest_size=manifest_size,
        missing=False,
        stale=False,
        problem=reading.problem,
        status=facts.status if facts.status in _RUN_STATUSES else None,
        scheduler=facts.scheduler,
        theme=facts.theme,
        style=facts.style,
        seed_list=to_json(facts.seed_list) if facts.seed_list else None,
    )
