"""A `SessionFilter` as conditions in SQL with bound parameters, and what they find."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from sdgen_admin.db.conditions import VALUE, Conditions
from sdgen_admin.db.listing import JOINS, listing
from sdgen_admin.db.metadata import metadata_from_row
from sdgen_admin.db.rows import as_text, from_json, given, lenient
from sdgen_admin.db.schema import METADATA_COLUMNS, OWN_COLUMNS, STATS_COLUMNS
from sdgen_admin.db.search import has_search_indexes, search_for
from sdgen_admin.db.stats import stats_from_row
from sdgen_admin.disk.root import created_at, session_path
from sdgen_admin.models.enums import RatingFilter
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import COMPLETE_FROM

_COLUMNS = ", ".join(
    f"{table}.{name}"
    for table, names in (("o", OWN_COLUMNS), ("s", STATS_COLUMNS), ("m", METADATA_COLUMNS))
    for name in names
)
_OWN_AT = 1
_STATS_AT = _OWN_AT + len(OWN_COLUMNS)
_METADATA_AT = _STATS_AT + len(STATS_COLUMNS)
_TABLES_AT = (_OWN_AT, _STATS_AT, _METADATA_AT)
_AT_ONCE = 500
_EXTRAS = ("scheduler", "theme", "style")


def conditions_of(query: SessionFilter, *, indexed: bool = False) -> Conditions:
    """Return the conditions of a filter; `indexed` is whether the indexes for a search are there."""
    asked = Conditions()
    _ask_of_stats(query, asked)
    _ask_of_metadata(query, asked)
    _ask_of_own(query, asked)
    if query.search is not None:
        asked.search = search_for(query.search, asked, indexed=indexed)
    return asked


def _ask_of_stats(query: SessionFilter, asked: Conditions) -> None:
    if query.complete is not None:
        asked.stats.append(f"completion_percentage {'>=' if query.complete else '<'} {COMPLETE_FROM}")
    if query.seed_sweep is not None:
        asked.stats.append(f"{'' if query.seed_sweep else 'NOT '}coalesce(is_seed_sweep <> 0, 0)")
    if query.model is not None:
        condition = f"sdgen_contains({VALUE}, {asked.bind(query.model.casefold())})"
        asked.stats.append(f"+sd_model IN {asked.values('session_stats', 'sd_model', condition)}")
    for moment, comparison in ((query.from_date, ">="), (query.to_date, "<=")):
        if moment is not None:
            asked.created.append(f"{{created}} {comparison} {asked.bind(moment.isoformat())}")


def _ask_of_metadata(query: SessionFilter, asked: Conditions) -> None:
    for flag, column in ((query.liked, "is_favorite"), (query.test, "is_test")):
        if flag is not None:
            asked.metadata.ask(f"{column} <> 0", flag)
    for tag in query.tag:
        asked.metadata.ask(f"+tags IN {asked.tags(f'sdgen_has_tag({VALUE}, {asked.bind(tag)})')}")
    if query.untagged:
        asked.metadata.ask(f"+tags IN {asked.tags(f'sdgen_is_tagged({VALUE})')}", wanted=False)
    match query.rating:
        case None:
            pass
        case RatingFilter.NONE:
            asked.metadata.ask("user_rating IS NOT NULL AND user_rating <> ''", wanted=False)
        case RatingFilter.LIKE | RatingFilter.DISLIKE:
            asked.metadata.ask(f"user_rating = {asked.bind(query.rating.value)}")
        case _:
            assert_never(query.rating)
    asked.metadata.is_common = not asked.metadata.wanted  # of most sessions, nothing that is unwanted is said


def _ask_of_own(query: SessionFilter, asked: Conditions) -> None:
    asked.own.ask("missing = 1", query.missing)
    if query.problem is not None:
        asked.own.ask("problem IS NOT NULL", query.problem)
    if query.status is not None:
        asked.own.is_common = True
        asked.own.ask(f"status = {asked.bind(query.status.value)}")


def build(
    query: SessionFilter, columns: str = f"page.session_id, {_COLUMNS}", *, indexed: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return the statement for a filter and its parameters; `indexed` is whether the indexes for a search are there.

    Its rows are the total count and `columns`, by default the session id and the columns of own table, stats and
    metadata; where the page is empty, there is one row with the count and nulls.
    """
    asked = conditions_of(query, indexed=indexed)
    statement = listing(asked, query.sort, reverse=query.reverse, columns=columns)
    limit, reach = (-1, -1) if query.limit is None else (query.limit, min(query.limit + query.offset, LARGEST))
    return statement, asked.parameters | {"limit": limit, "offset": query.offset, "reach": reach}


def select(
    connection: sqlite3.Connection, query: SessionFilter, images_dir: str
) -> tuple[int, Iterator[SessionRecord]]:
    """Return how many sessions match before paging, and those of the page.

    Without a limit, only their ids are taken at once and the rest as it is asked for, many sessions at a time: who
    reads slowly must neither hold all in memory nor, by an open query, keep others from writing.
    """
    indexed = query.search is not None and has_search_indexes(connection)
    if query.limit is None:
        rows = connection.execute(*build(query, "page.session_id", indexed=indexed)).fetchall()
        return rows[0][0], records(connection, [row[1] for row in rows if row[1] is not None], images_dir)
    rows = connection.execute(*build(query, indexed=indexed)).fetchall()
    return rows[0][0], (_record(row[1:], images_dir) for row in rows if row[1] is not None)


def records(connection: sqlite3.Connection, session_ids: Sequence[Any], images_dir: str) -> Iterator[SessionRecord]:
    """Yield all that is known of some sessions, passing over those that are in none of the tables."""
    for start in range(0, len(session_ids), _AT_ONCE):
        some = session_ids[start : start + _AT_ONCE]
        marks = ", ".join(f"({place}, ?)" for place in range(len(some)))
        rows = connection.execute(
            f"WITH asked (place, session_id) AS (VALUES {marks})"
            f" SELECT asked.session_id, {_COLUMNS} FROM asked {JOINS.format('asked')} ORDER BY place",
            some,
        ).fetchall()
        yield from (_record(row, images_dir) for row in rows if any(row[at] is not None for at in _TABLES_AT))


def get_record(connection: sqlite3.Connection, session_id: str, images_dir: str) -> SessionRecord | None:
    """Return all that is known of one session, None where it is in none of the tables."""
    return next(records(connection, [session_id], images_dir), None)


def known_ids(connection: sqlite3.Connection, part: str = "") -> list[str]:
    """Return the ids in any of the three tables that contain `part`, case-insensitively, newest first."""
    tables = ("session_stats", "session_metadata", "sdgen_admin_sessions")
    union = " UNION ".join(
        f"SELECT session_id FROM {table} WHERE sdgen_contains(CAST(session_id AS BLOB), :part)" for table in tables
    )
    rows = connection.execute(f"{union} ORDER BY 1 DESC", {"part": part.casefold()})
    return [row[0] for row in rows if isinstance(row[0], str)]


def _record(row: Sequence[Any], images_dir: str) -> SessionRecord:
    """Return the record of a row: session id, then the columns of own table, stats and metadata."""
    session_id, own = as_text(row[0]) or "", dict(zip(OWN_COLUMNS, row[_OWN_AT:_STATS_AT], strict=True))
    stats_row, metadata_row = row[_STATS_AT:_METADATA_AT], row[_METADATA_AT:]
    values = given({name: own[name] for name in ("problem", "stale", "missing", "status", *_EXTRAS)})
    values |= {
        "session_id": session_id,
        "session_path": session_path(images_dir, session_id),
        "created_at": created_at(session_id),
        "seed_list": from_json(own["seed_list"]),
        "stats": None if stats_row[0] is None else stats_from_row(stats_row),
        "metadata": None if metadata_row[0] is None else metadata_from_row(metadata_row),
    }
    return lenient(SessionRecord, values)
