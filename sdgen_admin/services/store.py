"""What was read of sessions, into the database: one transaction for many."""

from collections.abc import Sequence
from datetime import datetime

from sdgen_admin.db import facts
from sdgen_admin.disk.folder import SessionReading
from sdgen_admin.disk.roots import is_offline
from sdgen_admin.models.enums import Source
from sdgen_admin.models.roots import Root
from sdgen_admin.services.opened import OpenCollection
from sdgen_admin.services.outcome import Outcome
from sdgen_admin.stats.rules import compute_fields


def store_readings(opened: OpenCollection, root: Root, readings: list[SessionReading], outcome: Outcome) -> None:
    """Store the facts that follow from `readings` in one transaction, then note in `outcome` what came of them.

    A session that vanished meanwhile is neither computed nor failed. What is stored is taken out of `readings`, so
    that after an interrupt the rest of them can still be stored.
    """
    if not readings:
        return
    now = datetime.now()
    # Computed before the lock is taken, so that nobody has to wait for it.
    computed = {reading.session_id: compute_fields(reading, now) for reading in readings if reading.is_readable}

    def store() -> None:
        connection, root_id = opened.connection, opened.ids[root]
        here = [reading for reading in readings if not reading.is_gone]
        kept = [reading for reading in here if _cannot_tell(reading) and _has_good_facts(opened, root, reading)]
        rest = [reading for reading in here if reading not in kept]
        facts.put(
            connection,
            root_id,
            [(r.session_id, computed[r.session_id], _state(r)) for r in rest if r.session_id in computed],
        )
        facts.put_without_stats(
            connection, root_id, [(r.session_id, r.problem) for r in rest if r.session_id not in computed]
        )
        facts.keep_outdated(connection, root_id, [(r.session_id, r.problem, _state(r)) for r in kept])
        gone = [reading.session_id for reading in readings if reading.is_gone]
        if gone and is_offline(root.path):  # the whole root has gone meanwhile, not these sessions
            gone = []
        facts.mark_missing(connection, root_id, gone, missing=True)

    opened.write(store)
    opened.repair_mirror(list(computed))
    _note(readings, outcome)
    readings.clear()


def _note(readings: Sequence[SessionReading], outcome: Outcome) -> None:
    here = [reading for reading in readings if not reading.is_gone]
    outcome.computed += sum(reading.is_readable for reading in here)
    outcome.failures |= {reading.session_id for reading in here if not reading.is_readable}
    outcome.problems |= {reading.session_id: reading.problem for reading in here if reading.problem is not None}


def _cannot_tell(reading: SessionReading) -> bool:
    """Whether the folder, or a manifest that is there, could not be read."""
    return reading.facts is None or (reading.has_manifest and reading.facts.source == Source.FOLDER.value)


def _has_good_facts(opened: OpenCollection, root: Root, reading: SessionReading) -> bool:
    return facts.has_good_facts(opened.connection, opened.ids[root], reading.session_id)


def _state(reading: SessionReading) -> facts.FolderState:
    folder_mtime_ns, manifest_mtime_ns, manifest_size = reading.fingerprint or (None, None, None)
    return facts.FolderState(
        folder_mtime_ns=folder_mtime_ns,
        manifest_mtime_ns=manifest_mtime_ns,
        manifest_size=manifest_size,
        changed_ns=reading.changed_ns,
        gap_ns=reading.gap_ns,
        first_image_ns=reading.first_image_ns,
        last_image_ns=reading.last_image_ns,
    )
