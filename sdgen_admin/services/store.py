"""What was read of sessions, into the database: one transaction for many."""

import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from sdgen_admin.db import facts, unsettled
from sdgen_admin.disk.clock import DAY_NS, STEP_NS, hides_for_ns
from sdgen_admin.disk.fingerprint import Fingerprint
from sdgen_admin.disk.folder import SessionReading
from sdgen_admin.disk.roots import is_offline
from sdgen_admin.models.enums import Source
from sdgen_admin.models.roots import Root
from sdgen_admin.services.opened import OpenCollection
from sdgen_admin.services.outcome import Outcome
from sdgen_admin.stats.rules import compute_fields


def store_readings(
    opened: OpenCollection, root: Root, readings: list[SessionReading], outcome: Outcome, began_ns: int
) -> None:
    """Store the facts that follow from `readings` in one transaction, then note in `outcome` what came of them.

    A session that vanished meanwhile is neither computed nor failed.

    Args:
        opened: The collection.
        root: The root that holds the sessions.
        readings: What was read. What is stored is taken out of it, so that after an interrupt the rest can be stored.
        outcome: Told what came of them.
        began_ns: When the first of them began, by our clock.
    """
    if not readings:
        return
    now = datetime.now().astimezone()
    # Computed before the lock is taken, so that nobody has to wait for it.
    computed = {reading.session_id: compute_fields(reading, now) for reading in readings if reading.is_readable}
    hides_for = hides_for_ns(root.path)

    def is_settled(session_id: str, fingerprint: Fingerprint, seen: unsettled.Seen | None) -> bool:
        if not _is_settled(fingerprint, seen, began_ns, hides_for):
            return False
        # A symlink may lead to another drive. Only what has changed lately is worth the question.
        folder = os.path.join(root.path, session_id)
        return _is_settled(fingerprint, seen, began_ns, DAY_NS) or not os.path.islink(folder)

    def store() -> None:
        connection, root_id = opened.connection, opened.ids[root]
        seen = unsettled.first_seen(connection, root_id)
        settled = {
            reading.session_id: fingerprint
            for reading in readings
            if (fingerprint := reading.fingerprint) is not None
            and is_settled(reading.session_id, fingerprint, seen.get(reading.session_id))
        }
        here = [reading for reading in readings if not reading.is_gone]
        kept = [reading for reading in here if _cannot_tell(reading) and _has_good_facts(opened, root, reading)]
        rest = [reading for reading in here if reading not in kept]
        facts.put(
            connection,
            root_id,
            [(r.session_id, computed[r.session_id], _state(r, settled)) for r in rest if r.session_id in computed],
        )
        facts.put_without_stats(
            connection, root_id, [(r.session_id, r.problem) for r in rest if r.session_id not in computed]
        )
        facts.keep_outdated(connection, root_id, [(r.session_id, r.problem, _state(r, settled)) for r in kept])
        unsettled.note(
            connection,
            root_id,
            {r.session_id: r.fingerprint for r in here if r.fingerprint and r.session_id not in settled},
            settled=settled.keys() & seen.keys(),
            now_ns=time.time_ns(),
        )
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


def _is_settled(fingerprint: Fingerprint, seen: unsettled.Seen | None, began_ns: int, hides_for_ns: int) -> bool:
    """Whether no change after the reading can leave the fingerprint as it is.

    It is so if all is old enough by our clock. The drive may have another, which cannot be asked, since nothing is
    written there. But if the same was seen a while ago, the drive's clock has advanced since, even if it is wrong.
    """
    if began_ns - fingerprint.changed_ns >= hides_for_ns:
        return True
    return seen is not None and seen.fingerprint == fingerprint and began_ns - seen.since_ns >= STEP_NS


def _state(reading: SessionReading, settled: Mapping[str, Fingerprint]) -> facts.FolderState:
    folder_mtime_ns, manifest_mtime_ns, manifest_size = settled.get(reading.session_id) or (None, None, None)
    return facts.FolderState(
        folder_mtime_ns=folder_mtime_ns,
        manifest_mtime_ns=manifest_mtime_ns,
        manifest_size=manifest_size,
        changed_ns=reading.changed_ns,
        gap_ns=reading.gap_ns,
        first_image_ns=reading.first_image_ns,
        last_image_ns=reading.last_image_ns,
    )
