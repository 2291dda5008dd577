"""A `SessionFilter` as one SQL statement with bound parameters.

A listing draws on three tables: sessions with stats (nearly all), those of which there is only metadata, and those
that cannot be read at all. Each is an *arm* that can be walked in the order asked for, so that a page ends early;
conditions on stats are tested there, conditions on the other tables as membership in a set of ids.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple, assert_never

from sdgen_admin.db.metadata import metadata_from_row
from sdgen_admin.db.rows import as_text, from_json, given, lenient
from sdgen_admin.db.schema import METADATA_COLUMNS, OWN_COLUMNS, STATS_COLUMNS
from sdgen_admin.db.stats import stats_from_row
from sdgen_admin.disk.root import created_at, session_path
from sdgen_admin.models.enums import RatingFilter, SortKey
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import COMPLETE_FROM

_METADATA = "SELECT session_id FROM session_metadata WHERE session_id IS NOT NULL AND "
_OWN = "SELECT session_id FROM sdgen_admin_sessions WHERE "

_COLUMNS = ", ".join(
    f"{table}.{name}"
    for table, names in (("o", OWN_COLUMNS), ("s", STATS_COLUMNS), ("m", METADATA_COLUMNS))
    for name in names
)
_JOINS = """LEFT JOIN sdgen_admin_sessions o ON o.session_id = {0}.session_id
    LEFT JOIN session_stats s ON s.session_id = {0}.session_id
    LEFT JOIN session_metadata m ON m.session_id = {0}.session_id"""
_OWN_AT = 1
_STATS_AT = _OWN_AT + len(OWN_COLUMNS)
_METADATA_AT = _STATS_AT + len(STATS_COLUMNS)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_EXTRAS = ("scheduler", "theme", "style")
_LONGEST_PATTERN = 1000
"""SQLite refuses a LIKE pattern of more than 50,000 bytes; a null character ends it."""

# The creation time of a session without stats, from its id in either form.
_CREATED = """CASE substr(session_id, 5, 1)
    WHEN '-' THEN substr(session_id, 1, 10) || 'T' || substr(session_id, 12, 2) || ':' || substr(session_id, 14, 2)
        || ':' || substr(session_id, 16, 2)
    ELSE substr(session_id, 1, 4) || '-' || substr(session_id, 5, 2) || '-' || substr(session_id, 7, 2) || 'T'
        || substr(session_id, 10, 2) || ':' || substr(session_id, 12, 2) || ':' || substr(session_id, 14, 2) END"""


class _Order(NamedTuple):
    key: str
    """The column (of stats, unless it is `updated_at`) that decides first; empty where creation does."""
    descending: bool


def _order(sort: SortKey) -> _Order:
    match sort:
        case SortKey.CREATED:
            return _Order("", descending=True)
        case SortKey.UPDATED:
            return _Order("updated_at", descending=True)
        case SortKey.NAME:
            return _Order("session_id", descending=False)
        case SortKey.MODEL:
            return _Order("sd_model COLLATE NOCASE", descending=False)
        case SortKey.IMAGES:
            return _Order("images_actual", descending=True)
        case SortKey.COMPLETION:
            return _Order("completion_percentage", descending=True)
        case _:
            assert_never(sort)


@dataclass
class Conditions:
    """What a filter asks, sorted by where it can be tested."""

    on_stats: list[str] = field(default_factory=list)
    """On columns of `session_stats`: a session without stats fails them."""
    on_id: list[str] = field(default_factory=list)
    """On `session_id` alone."""
    on_created: list[str] = field(default_factory=list)
    """On the creation time, written `{created}`."""
    sets: dict[str, str] = field(default_factory=dict)
    """Name to statement: what is found once and then looked up many times."""
    parameters: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any) -> str:
        """Bind a value and return its mark."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def name_set(self, statement: str) -> str:
        """Return a name for the rows of a statement."""
        name = f"set{len(self.sets)}"
        self.sets[name] = statement
        return name

    def within(self, statement: str, wanted: bool = True) -> None:
        """Ask that the session id is, or is not, in the rows of a statement."""
        self.on_id.append(f"session_id {'IN' if wanted else 'NOT IN'} {self.name_set(statement)}")


def conditions_of(query: SessionFilter) -> Conditions:
    """Return the conditions of a filter."""
    asked = Conditions()
    asked.on_id.append("+session_id IS NOT NULL")  # SQLite lets a primary key of text be null
    _ask_of_stats(query, asked)
    _ask_of_metadata(query, asked)
    _ask_of_own(query, asked)
    if query.search is not None:
        asked.within(_containing(query.search, asked))
    return asked


def _ask_of_stats(query: SessionFilter, asked: Conditions) -> None:
    if query.complete is not None:
        asked.on_stats.append(f"completion_percentage {'>=' if query.complete else '<'} {COMPLETE_FROM}")
    if query.seed_sweep is not None:
        asked.on_stats.append(f"{'' if query.seed_sweep else 'NOT '}coalesce(is_seed_sweep <> 0, 0)")
    if query.model is not None:
        # Few models, many sessions: the text is compared once a model.
        models = asked.name_set(
            "SELECT sd_model FROM (SELECT DISTINCT sd_model FROM session_stats)"
            f" WHERE sdgen_contains(sd_model, {asked.bind(query.model.casefold())})"
        )
        asked.on_stats.append(f"+sd_model IN {models}")
    for moment, comparison in ((query.from_date, ">="), (query.to_date, "<=")):
        if moment is not None:
            asked.on_created.append(f"{{created}} {comparison} {asked.bind(moment.isoformat())}")


def _ask_of_metadata(query: SessionFilter, asked: Conditions) -> None:
    for flag, column in ((query.liked, "is_favorite"), (query.test, "is_test")):
        if flag is not None:
            asked.within(f"{_METADATA}{column} <> 0", flag)
    for tag in query.tag:
        mark = asked.bind(tag)
        # What every writer of JSON leaves as it is rules most rows out without parsing them.
        likely = f"instr(tags, {mark}) AND " if _PLAIN.fullmatch(tag) else ""
        asked.within(f"{_METADATA}{likely}sdgen_has_tag(tags, {mark})")
    if query.untagged:
        asked.within(f"{_METADATA}tags NOT IN ('', '[]') AND sdgen_is_tagged(tags)", wanted=False)
    match query.rating:
        case None:
            pass
        case RatingFilter.NONE:
            asked.within(f"{_METADATA}user_rating IS NOT NULL AND user_rating <> ''", wanted=False)
        case RatingFilter.LIKE | RatingFilter.DISLIKE:
            asked.within(f"{_METADATA}user_rating = {asked.bind(query.rating.value)}")
        case _:
            assert_never(query.rating)


def _ask_of_own(query: SessionFilter, asked: Conditions) -> None:
    asked.within(f"{_OWN}missing = 1", query.missing)
    if query.problem is not None:
        asked.within(f"{_OWN}problem IS NOT NULL", query.problem)
    if query.status is not None:
        asked.within(f"{_OWN}status = {asked.bind(query.status.value)}")


def _containing(text: str, asked: Conditions) -> str:
    """Return the statement for the ids of sessions with `text` in id, prompts, note or a tag.

    SQLite's LIKE folds only ASCII, but is several times faster than a function of Python; other text needs that.
    """
    folded = asked.bind(text.casefold())
    contains = f"sdgen_contains({{}}, {folded})"
    if text.isascii() and "\0" not in text and len(text) <= _LONGEST_PATTERN:
        pattern = asked.bind("%" + "".join(f"\\{c}" if c in "%_\\" else c for c in text) + "%")
        contains = f"{{}} LIKE {pattern} ESCAPE '\\'"
    in_id, in_prompt, in_negative, in_note = map(
        contains.format, ("session_id", "resolved_prompt", "negative_prompt", "user_note")
    )
    return (
        f"SELECT session_id FROM session_stats WHERE {in_id} OR {in_prompt} OR {in_negative}"
        f" UNION {_METADATA}{in_id} OR {in_note} OR (tags IS NOT NULL AND sdgen_tag_contains(tags, {folded}))"
        f" UNION {_OWN}{in_id}"
    )


def build(query: SessionFilter) -> tuple[str, dict[str, Any]]:
    """Return the statement for a filter and its parameters.

    Its rows are the total count and the session id, then the columns of own table, stats and metadata; where the
    page is empty, there is one row with the count and nulls.
    """
    asked = conditions_of(query)
    loose = asked.name_set(f"{_METADATA}session_id NOT IN (SELECT session_id FROM session_stats)")
    order = _order(query.sort)
    counts = " + ".join(f"(SELECT count(*) FROM {_where(arm)})" for arm in _arms(asked, _order(SortKey.CREATED), loose))
    union = " UNION ALL ".join(
        f"SELECT session_id, {arm.key} AS k, {arm.created} AS created FROM {_where(arm)}"
        for arm in _arms(asked, order, loose)
    )
    sets = "".join(f"{name} AS MATERIALIZED ({statement}), " for name, statement in asked.sets.items())
    statement = (
        f"WITH {sets}page AS MATERIALIZED"
        f" ({union} ORDER BY {_order_by(order, reverse=query.reverse)} LIMIT :limit OFFSET :offset)"
        f" SELECT {counts}, page.session_id, {_COLUMNS} FROM (SELECT 1) LEFT JOIN page {_JOINS.format('page')}"
    )
    limit = -1 if query.limit is None else query.limit
    return statement, asked.parameters | {"limit": limit, "offset": query.offset}


class _Arm(NamedTuple):
    table: str
    key: str
    created: str
    conditions: list[str]


def _arms(asked: Conditions, order: _Order, loose: str) -> list[_Arm]:
    """Return the sources of a listing; together they hold each session once."""
    dated = {
        created: [condition.format(created=created) for condition in asked.on_created]
        for created in ("session_created_at", _CREATED)
    }
    on_stats = [*asked.on_stats, *dated["session_created_at"], *asked.on_id]
    on_id = [*dated[_CREATED], *asked.on_id]
    no_metadata = "session_id NOT IN (SELECT session_id FROM session_metadata)"
    key = "session_id" if order.key == "session_id" else "NULL"
    if order.key == "updated_at":
        both = f"session_metadata {'' if asked.on_stats else 'LEFT '}JOIN session_stats USING (session_id)"
        arms = [
            _Arm(both, order.key, _CREATED, [*asked.on_stats, *on_id]),
            _Arm("session_stats", "NULL", "session_created_at", [no_metadata, *on_stats]),
        ]
    else:
        arms = [_Arm("session_stats", order.key or "NULL", "session_created_at", on_stats)]
        if not asked.on_stats:
            arms.append(_Arm(loose, key, _CREATED, on_id))
    if not asked.on_stats:
        unreadable = [
            "problem IS NOT NULL",
            "session_id NOT IN (SELECT session_id FROM session_stats)",
            no_metadata,
        ]
        arms.append(_Arm("sdgen_admin_sessions", key, _CREATED, [*unreadable, *on_id]))
    return arms


def _where(arm: _Arm) -> str:
    return f"{arm.table} WHERE {' AND '.join(arm.conditions)}"


def _order_by(order: _Order, *, reverse: bool) -> str:
    down, up = ("ASC", "DESC") if reverse else ("DESC", "ASC")
    key = [f"k {down if order.descending else up}"] if order.key else []
    return ", ".join([*key, f"created {down}", f"session_id {up}"])


def select(
    connection: sqlite3.Connection, query: SessionFilter, images_dir: str
) -> tuple[int, Iterator[SessionRecord]]:
    """Return how many sessions match before paging, and those of the page, read as they are asked for."""
    statement, parameters = build(query)
    rows = connection.execute(statement, parameters)
    first = next(rows)  # there is always one, for the count
    page = chain([first] if first[1] is not None else [], rows)
    return first[0], (_record(row[1:], images_dir) for row in page)


def get_record(connection: sqlite3.Connection, session_id: str, images_dir: str) -> SessionRecord | None:
    """Return all that is known of one session, None where it is in none of the tables."""
    row = connection.execute(
        f"SELECT asked.session_id, {_COLUMNS} FROM (SELECT ? AS session_id) asked {_JOINS.format('asked')}",
        (session_id,),
    ).fetchone()
    known = any(row[start] is not None for start in (_OWN_AT, _STATS_AT, _METADATA_AT))
    return _record(row, images_dir) if known else None


def known_ids(connection: sqlite3.Connection, part: str = "") -> list[str]:
    """Return the ids in any of the three tables that contain `part`, case-insensitively, newest first."""
    tables = ("session_stats", "session_metadata", "sdgen_admin_sessions")
    union = " UNION ".join(
        f"SELECT session_id FROM {table} WHERE sdgen_contains(session_id, :part)" for table in tables
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
