"""Sessions written straight into a database, with the records that are to be shown of them."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sdgen_admin.db import facts
from sdgen_admin.db.connection import Database
from sdgen_admin.db.facts import NO_STATE, FolderState
from sdgen_admin.db.roots import register
from sdgen_admin.db.transaction import transaction
from sdgen_admin.models.instants import local_time
from sdgen_admin.models.metadata import SessionMetadata
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import created_at
from sdgen_admin.models.stats import STATS_VERSION, SessionStats
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.opened import opened

ROOTS = ("images", "more", "elsewhere")
"""The roots that a database knows; the last one is not configured."""
CONFIGURED = ROOTS[:2]
NOW = datetime(2025, 11, 20, 12)

FACTS: dict[str, Any] = {
    "source": "manifest", "confidence": "high", "problem": None, "run_status": "completed", "scheduler": "karras",
    "theme": None, "style": "default", "seed_list": None, "images_recorded": 6, "seed_min": 42, "seed_max": 42,
    "seed_run": "fixed", "pools": {"Hair": 4}, "sd_model": "ponyXL", "template_version": "2.0",
    "generation_mode": "combinatorial", "seed_mode": "fixed", "seed_base": 42, "resolved_prompt": "a portrait",
    "negative_prompt": "blurry", "width": 832, "height": 1216, "steps": 28, "cfg_scale": 6.5,
    "sampler_name": "Euler a", "images_expected": 6, "images_actual": 6, "completion_percentage": 100.0,
    "is_seed_sweep": False, "placeholders": {"Hair": 2}, "variations_summary": {"Hair": ("bob", "braid")},
    "manifest_generated_at": datetime(2025, 11, 7, 12, 0, 1), "stats_computed_at": NOW,
    "stats_version": STATS_VERSION,
}  # fmt: skip
"""The facts of an ordinary session."""
IN_STATS = frozenset(SessionStats.model_fields)


@dataclass(frozen=True)
class Written:
    """A session that was written."""

    session_id: str
    root: str = CONFIGURED[0]
    facts: Mapping[str, Any] | None = field(default_factory=dict)
    """Laid over `FACTS`; None: nothing was ever computed."""
    problem: str | None = None
    """Of a session of which nothing was computed."""
    state: FolderState = NO_STATE
    is_missing: bool = False
    is_outdated: bool = False


@dataclass(frozen=True)
class Said:
    """A row of metadata that another program wrote."""

    session_id: str
    root: str | None = None
    """The root in which its path lies; None: in none that the database knows."""
    stored: Mapping[str, Any] = field(default_factory=dict)
    """The columns as they are stored."""
    meant: Mapping[str, Any] = field(default_factory=dict)
    """Those that mean something else than what is stored."""


class Collection(NamedTuple):
    """A collection with what is to be shown of it."""

    library: SessionLibrary
    records: Sequence[SessionRecord]
    folder: Path


@contextmanager
def collection_of(
    sessions: Sequence[Written], said: Sequence[Said] = (), root: str | None = None
) -> Iterator[Collection]:
    """Give the collection of the configured roots, or of one of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "sessions.db"
        write(path, sessions, said)
        library = SessionLibrary([folder / name for name in CONFIGURED], path, root=root)
        yield Collection(library, records(folder, sessions, said, root), folder)


def write(path: Path, sessions: Sequence[Written], said: Sequence[Said] = ()) -> None:
    """Write a database; its roots lie beside it."""
    roots = [Root(name, str(path.parent / name)) for name in ROOTS]
    configured = roots[: len(CONFIGURED)]
    with opened(Database(path), configured, configured, for_writing=True, to_make=True) as collection:
        with transaction(collection.connection):
            for root, root_id in register(collection.connection, roots).items():
                _write_facts(collection.connection, root_id, [s for s in sessions if s.root == root.name])
                if root in configured:
                    collection.ids[root] = root_id
            for row in said:
                columns = {"session_id": row.session_id, **_stored(path.parent, row)}
                collection.connection.execute(
                    f"INSERT INTO session_metadata ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                    tuple(columns.values()),
                )
        collection.finish()


def _write_facts(connection: sqlite3.Connection, root_id: int, sessions: Sequence[Written]) -> None:
    with_facts = [(s.session_id, fields(s), s.state) for s in sessions if s.facts is not None]
    without = [(s.session_id, s.problem) for s in sessions if s.facts is None]
    facts.put(connection, root_id, with_facts)
    facts.put_without_stats(connection, root_id, without)
    facts.mark_missing(connection, root_id, [s.session_id for s in sessions if s.is_missing], missing=True)
    facts.mark_outdated(connection, root_id, [s.session_id for s in sessions if s.is_outdated])


def fields(session: Written) -> dict[str, Any]:
    """Return the fields of record and stats of a session that was computed."""
    times = {
        "session_created_at": created_at(session.session_id),
        "first_image_created_at": local_time(session.state.first_image_ns),
        "last_image_created_at": local_time(session.state.last_image_ns),
        "stats_computed_at": NOW + timedelta(hours=ROOTS.index(session.root)),  # never the same for one id
    }
    return FACTS | times | dict(session.facts or {})


def records(
    folder: Path, sessions: Sequence[Written], said: Sequence[Said] = (), root: str | None = None
) -> list[SessionRecord]:
    """Return the records that are to be shown, those of the first root first."""
    adopted = [
        Written(row.session_id, row.root, None, is_missing=True)
        for row in said
        if row.root in CONFIGURED and not any(s.session_id == row.session_id and s.root in CONFIGURED for s in sessions)
    ]
    everything = [*sessions, *adopted]
    shown = [name for name in CONFIGURED if root in (None, name)]
    return [
        _record(folder, session, everything, said) for name in shown for session in everything if session.root == name
    ]


def _record(folder: Path, session: Written, sessions: Sequence[Written], said: Sequence[Said]) -> SessionRecord:
    row = next((row for row in said if row.session_id == session.session_id), None)
    owner = _owner(session, sessions, row)
    values: dict[str, Any] = {
        "session_id": session.session_id,
        "session_path": os.path.join(folder / session.root, session.session_id),
        "root": session.root,
        "created_at": created_at(session.session_id),
        "problem": session.problem,
        "missing": session.is_missing,
        "outdated": session.is_outdated,
    }
    if session.facts is not None:
        stats = fields(session)
        values |= {name: value for name, value in stats.items() if name not in IN_STATS and value is not None}
        identity = {name: values[name] for name in ("session_id", "session_path")}
        values["stats"] = SessionStats.model_validate(
            identity | {name: value for name, value in stats.items() if name in IN_STATS}
        )
        values["outdated"] |= stats["stats_version"] < STATS_VERSION
        values["status"] = _status(stats["run_status"], session.state)
        values["duration"] = _duration(session)
    if owner is not None:
        name = owner if owner in CONFIGURED else str(folder / owner)
        twin = f"A session in the root {name} has the same id, and the metadata belongs to that one."
        values["problem"] = values["problem"] or twin
    elif row is not None:
        values["metadata"] = SessionMetadata.model_validate(
            {"session_id": row.session_id, **_stored(folder, row), **row.meant, "session_path": values["session_path"]}
        )
    return SessionRecord.model_validate(values)


def _duration(session: Written) -> float | None:
    first, last, created = session.state.first_image_ns, session.state.last_image_ns, created_at(session.session_id)
    assert created is not None
    day = 24 * 3600
    if first is None or last is None or last - first > 30 * day * 10**9:
        return None
    too_early = first / 1e9 < created.replace(tzinfo=UTC).timestamp() - day
    return None if too_early else (last - first) / 1e9


def _owner(session: Written, sessions: Sequence[Written], row: Said | None) -> str | None:
    """Return the root whose session the metadata belongs to, if that is another one's."""
    if session.is_missing:
        return None
    here = [
        name
        for name in ROOTS
        if any(s.session_id == session.session_id and s.root == name and not s.is_missing for s in sessions)
    ]
    owner = row.root if row is not None and row.root in here else here[0]
    return None if owner == session.root else owner


def _status(run_status: str | None, state: FolderState) -> str:
    if run_status != "ongoing":
        return run_status or "unknown"
    silent_ns = datetime.now().timestamp() * 1e9 - (state.changed_ns or 0)
    return "stalled" if silent_ns > max(600e9, 10 * (state.gap_ns or 0)) else "running"


def _stored(folder: Path, row: Said) -> dict[str, Any]:
    path = folder / (row.root or "nowhere") / row.session_id
    return {"session_path": str(path), "created_at": "2025-11-01T00:00:00", "updated_at": "2025-11-01T00:00:00"} | dict(
        row.stored
    )
