"""Sessions with all that is known of them, out of the database."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sdgen_admin.db.expressions import IN_NS, Scope, expression
from sdgen_admin.db.query import JOINS, Query
from sdgen_admin.db.shared.metadata import metadata_from_row
from sdgen_admin.db.shared.metadata_table import METADATA_COLUMNS
from sdgen_admin.db.values import from_json, given, lenient
from sdgen_admin.models.fields import FIELDS, Home, Kind
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.instants import local_time
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import SessionStats

_COMPUTED = ("complete", "images_per_minute")
"""What a record tells by itself."""
_SHOWN = tuple(field for field in FIELDS if field.home is not Home.METADATA and field.name not in _COMPUTED)
_STATS = tuple(field.name for field in _SHOWN if field.home is Home.STATS)
_AS_JSON = tuple(field.name for field in _SHOWN if field.kind in (Kind.LIST, Kind.OBJECT))
_AT_ONCE = 500

Found = tuple[int, Iterator[SessionRecord]]


def _columns(scope: Scope) -> str:
    shown = [expression(field, scope) for field in _SHOWN]
    return ", ".join([*shown, *(f"m.{name}" for name in METADATA_COLUMNS)])


def select(connection: sqlite3.Connection, query: SessionFilter, scope: Scope) -> Found:
    """Return how many sessions match before paging, and those of the page.

    Without a limit, only their row ids are taken at once and the rest as it is asked for, many sessions at a time: who
    reads slowly must neither hold all in memory nor, by an open query, keep others from writing.
    """
    built = Query(query, scope)
    if query.limit is None:
        rows = connection.execute(built.statement("s.id"), built.values).fetchall()
        return rows[0][0], _by_row_id(connection, [row[1] for row in rows if row[1] is not None], scope)
    rows = connection.execute(built.statement(f"s.id, {_columns(scope)}"), built.values).fetchall()
    return rows[0][0], (_record(row[2:]) for row in rows if row[1] is not None)


def select_keys(connection: sqlite3.Connection, query: SessionFilter, scope: Scope) -> list[tuple[int, str]]:
    """Return root id and session id of all sessions that match, whatever page the filter asks for."""
    built = Query(query.model_copy(update={"limit": None, "offset": 0}), scope)
    rows = connection.execute(built.statement("s.root_id, s.session_id"), built.values).fetchall()
    return [(root_id, session_id) for _, root_id, session_id in rows if session_id is not None]


def get_record(connection: sqlite3.Connection, root_id: int, session_id: str, scope: Scope) -> SessionRecord | None:
    """Return all that is known of one session, None if it is not recorded."""
    return next(records_of(connection, [(root_id, session_id)], scope), None)


def records_of(
    connection: sqlite3.Connection, keys: Iterable[tuple[int, str]], scope: Scope
) -> Iterator[SessionRecord]:
    """Yield all that is known of some sessions, named by root id and session id."""
    statement = "SELECT id FROM sdgen_admin_sessions WHERE root_id = ? AND session_id = ?"
    found = (connection.execute(statement, key).fetchone() for key in keys)
    return _by_row_id(connection, [row[0] for row in found if row is not None], scope)


def model_counts(connection: sqlite3.Connection, scope: Scope) -> dict[str, int]:
    """Return every model with the number of sessions that used it, the most used first."""
    rows = connection.execute(
        f"""SELECT sd_model, count(*) FROM sdgen_admin_sessions s WHERE sd_model IS NOT NULL AND missing = 0
            AND {scope.condition} GROUP BY 1 ORDER BY 2 DESC, 1"""
    )
    return dict(rows.fetchall())


def _by_row_id(connection: sqlite3.Connection, row_ids: Sequence[int], scope: Scope) -> Iterator[SessionRecord]:
    for start in range(0, len(row_ids), _AT_ONCE):
        some = row_ids[start : start + _AT_ONCE]
        marks = ", ".join(f"({place}, ?)" for place in range(len(some)))
        rows = connection.execute(
            f"WITH asked (place, id) AS (VALUES {marks}) SELECT {_columns(scope)}"
            f" FROM asked JOIN sdgen_admin_sessions s ON s.id = asked.id {' '.join(JOINS.values())} ORDER BY place",
            some,
        ).fetchall()
        yield from map(_record, rows)


def _record(row: Sequence[Any]) -> SessionRecord:
    """Return the record of a row with the columns of `_columns`."""
    values = dict(zip((field.name for field in _SHOWN), row, strict=False))
    for name in _AS_JSON:
        values[name] = from_json(values[name])
    for name in IN_NS:
        values[name] = local_time(values[name])
    metadata = row[len(_SHOWN) :]
    stats = None
    if values["stats_computed_at"] is not None:
        identity = {name: values[name] for name in ("session_id", "session_path")}
        stats = lenient(SessionStats, identity | given({name: values.pop(name) for name in _STATS}))
    values |= {"stats": stats, "metadata": None}
    if metadata[0] is not None:  # the folder is where its root is now, wherever it was when the row was written
        here = {"session_path": values["session_path"]}
        values["metadata"] = metadata_from_row(metadata).model_copy(update=here)
    return lenient(SessionRecord, given(values))
