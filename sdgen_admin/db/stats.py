"""The shared table `session_stats`."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from sdgen_admin.db.rows import as_text, from_json, given, is_true, lenient, to_iso, to_json
from sdgen_admin.db.schema import STATS_COLUMNS
from sdgen_admin.models.stats import SessionStats

_UPSERT = (
    f"INSERT INTO session_stats ({', '.join(STATS_COLUMNS)}) VALUES ({', '.join('?' * len(STATS_COLUMNS))})"
    f" ON CONFLICT (session_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in STATS_COLUMNS[1:])}"
)
_DEFAULTS: dict[str, Any] = {
    name: field.default for name, field in SessionStats.model_fields.items() if not field.is_required()
}
_row: Callable[[dict[str, Any]], tuple[Any, ...]] = itemgetter(*STATS_COLUMNS)
_TIMES = (
    "session_created_at", "manifest_generated_at", "first_image_created_at", "last_image_created_at",
    "stats_computed_at",
)  # fmt: skip
_OBJECTS = ("placeholders", "variations_summary")
_SELECT = f"SELECT {', '.join(STATS_COLUMNS)} FROM session_stats"


def put_stats(connection: sqlite3.Connection, stats: Iterable[dict[str, Any]]) -> None:
    """Write the stats of sessions, fields of `SessionStats`, in place of earlier ones.

    Columns that other programs added keep their values.
    """
    connection.executemany(_UPSERT, map(_to_row, stats))


def get_stats(connection: sqlite3.Connection, session_id: str) -> SessionStats | None:
    """Return one session's stats, None where there are none."""
    row = connection.execute(f"{_SELECT} WHERE session_id = ?", (session_id,)).fetchone()
    return None if row is None else stats_from_row(row)


def iterate_stats(connection: sqlite3.Connection) -> Iterator[SessionStats]:
    """Yield all stats, newest session first."""
    for row in connection.execute(
        f"{_SELECT} WHERE session_id IS NOT NULL ORDER BY session_created_at DESC, session_id"
    ):
        yield stats_from_row(row)


def delete_stats(connection: sqlite3.Connection, session_ids: Iterable[str]) -> int:
    """Delete stats and return how many there were."""
    cursor = connection.executemany("DELETE FROM session_stats WHERE session_id = ?", ((name,) for name in session_ids))
    return cursor.rowcount


def ids_with_stats(connection: sqlite3.Connection) -> set[str]:
    """Return the ids of the sessions that have stats."""
    return {row[0] for row in connection.execute("SELECT session_id FROM session_stats") if isinstance(row[0], str)}


def has_good_stats(connection: sqlite3.Connection, session_id: str) -> bool:
    """Whether there are stats that came from a manifest."""
    row = connection.execute(
        "SELECT generation_mode IS NOT NULL OR sd_model IS NOT NULL FROM session_stats WHERE session_id = ?",
        (session_id,),
    ).fetchone()
    return row is not None and bool(row[0])


def stats_from_row(row: Sequence[Any]) -> SessionStats:
    """Return the model of a row with the columns of `STATS_COLUMNS`."""
    values = dict(zip(STATS_COLUMNS, row, strict=True))
    for name in ("session_id", "session_path"):
        values[name] = as_text(values[name]) or ""
    for name in _OBJECTS:
        values[name] = from_json(values.pop(f"{name}_json"))
    values["is_seed_sweep"] = is_true(values["is_seed_sweep"])
    return lenient(SessionStats, given(values))


def _to_row(stats: dict[str, Any]) -> tuple[Any, ...]:
    values = _DEFAULTS | stats
    for name in _TIMES:
        values[name] = to_iso(values[name])
    for name in _OBJECTS:
        values[f"{name}_json"] = None if values[name] is None else to_json(values[name])
    return _row(values)
