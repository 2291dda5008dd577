"""A listing as one SQL statement: total count, order and page.

It draws on three tables: sessions with stats (nearly all), those of which there is only metadata, and those that
cannot be read at all. The last two are few and found once. Sessions with stats are counted and paged apart, each in
the way that touches the fewest rows:

- The page walks an index of the order asked for and tests row by row, so that it ends early.
- The count starts from the rows of the other tables that are asked for. Where sessions are asked for of which
  another table does not say something, it is the count without that condition, less those of which it does.
"""

from typing import NamedTuple, assert_never

from sdgen_admin.db.conditions import STATS_BY_ID, Conditions, RowConditions, Search, all_of
from sdgen_admin.models.enums import SortKey

# The creation time of a session without stats, from its id in either form.
_CREATED = """CASE substr(session_id, 5, 1)
    WHEN '-' THEN substr(session_id, 1, 10) || 'T' || substr(session_id, 12, 2) || ':' || substr(session_id, 14, 2)
        || ':' || substr(session_id, 16, 2)
    ELSE substr(session_id, 1, 4) || '-' || substr(session_id, 5, 2) || '-' || substr(session_id, 7, 2) || 'T'
        || substr(session_id, 10, 2) || ':' || substr(session_id, 12, 2) || ':' || substr(session_id, 14, 2) END"""

JOINS = """LEFT JOIN sdgen_admin_sessions o ON o.session_id = {0}.session_id
    LEFT JOIN session_stats s ON s.session_id = {0}.session_id
    LEFT JOIN session_metadata m ON m.session_id = {0}.session_id"""

_NOTHING = "SELECT NULL AS session_id, NULL AS updated_at, NULL AS created WHERE 0"
_PROBLEMS = "sdgen_admin_sessions INDEXED BY sdgen_admin_problem"

_TOUCHED = 20_000
"""Sessions with metadata; from there on merging is faster than looking up each."""
_TOUCHED_AND_FOUND = 1000
"""Sessions in whose metadata a text is found: sooner, since these are found first."""


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


def listing(asked: Conditions, sort: SortKey, *, reverse: bool, columns: str) -> str:
    """Return the statement for a listing.

    Its parameters are those of `asked`, and `limit`, `offset` and their sum `reach` (-1 where there is no limit).
    Its rows are the total count and `columns` of `page` (the session id) and the tables `o` (own), `s` (stats) and
    `m` (metadata); where the page is empty, there is one row with the count and nulls.
    """
    order = _order(sort)
    sets = dict(asked.sets)
    for rows in (asked.metadata, asked.own):
        if rows.here() and not rows.is_common:
            sets[rows.found] = rows.ids()
    if asked.search:
        sets["touched"] = f"{asked.search.touched} LIMIT {_TOUCHED_AND_FOUND}"
    sets |= {"alone": _alone(asked), "loose": _loose(asked), "unreadable": _unreadable(asked)}
    if asked.search:
        sets |= {"hits": asked.search.hits, "found": _found(asked, asked.search, order)}
    named = "".join(f"{name} AS MATERIALIZED ({statement}), " for name, statement in sets.items())
    arms = " UNION ALL ".join(_arms(asked, order, reverse=reverse))
    return (
        f"WITH {named}page AS MATERIALIZED"
        f" ({arms} ORDER BY {_order_by(order, reverse=reverse)} LIMIT :limit OFFSET :offset)"
        f" SELECT {_count(asked)} + (SELECT count(*) FROM loose) + (SELECT count(*) FROM unreadable),"
        f" {columns} FROM (SELECT 1) LEFT JOIN page {JOINS.format('page')}"
    )


def _found(asked: Conditions, search: Search, order: _Order) -> str:
    """Return the statement for the sessions with stats that match, none where there are many hits."""
    tests = [*asked.of_stats(), *asked.metadata.elsewhere("session_stats"), *asked.own.elsewhere("session_stats")]
    key = order.key or "NULL"
    if key == "updated_at":
        key = "(SELECT updated_at FROM session_metadata WHERE session_metadata.session_id = session_stats.session_id)"
    return (
        f"SELECT session_id, {key} AS k, session_created_at AS created FROM (SELECT 1 WHERE {search.are_few})"
        f" CROSS JOIN {STATS_BY_ID}"
        f" WHERE session_id IN (SELECT * FROM hits UNION ALL SELECT * FROM {search.said}) AND {all_of(tests)}"
    )


def _alone(asked: Conditions) -> str:
    """Return the statement for the ids of which there is metadata and no stats.

    Where a text is searched for, those without it may be left out. Few are looked up one by one (`touched` may have one
    twice); many are merged with those of all stats, both sides sorted by their index. The limit keeps the side that is
    not asked from being read, and SQLite from dropping the order.
    """
    touched, few = ("touched", _TOUCHED_AND_FOUND) if asked.search else ("session_metadata", _TOUCHED)
    are_few = f"(SELECT count(*) FROM (SELECT 1 FROM {touched} LIMIT {few})) < {few}"
    return (
        f"SELECT DISTINCT session_id FROM (SELECT 1 WHERE {are_few}) CROSS JOIN {touched} AS session_metadata"
        f" WHERE session_id IS NOT NULL AND {_without('session_stats', 'session_metadata')}"
        f" UNION ALL SELECT * FROM (SELECT session_id FROM session_metadata WHERE session_id IS NOT NULL"
        f" EXCEPT SELECT session_id FROM session_stats"
        f" ORDER BY session_id LIMIT CASE WHEN {are_few} THEN 0 ELSE -1 END)"
    )


def _loose(asked: Conditions) -> str:
    """Return the statement for the sessions of which there is only metadata."""
    if asked.stats:
        return _NOTHING
    conditions = [
        *asked.metadata.here(),
        *asked.dates(_CREATED),
        *([asked.search.metadata] if asked.search else []),
        *asked.own.elsewhere("session_metadata"),
    ]
    return (
        f"SELECT session_id, updated_at, {_CREATED} AS created FROM alone JOIN session_metadata USING (session_id)"
        f" WHERE {all_of(conditions)}"
    )


def _unreadable(asked: Conditions) -> str:
    """Return the statement for the sessions of which only a problem is known."""
    if asked.stats or asked.metadata.wanted:
        return _NOTHING
    conditions = [
        "problem IS NOT NULL",
        *asked.own.here(),
        *asked.dates(_CREATED),
        *([asked.search.own] if asked.search else []),
        _without("session_stats", "sdgen_admin_sessions"),
        _without("session_metadata", "sdgen_admin_sessions"),
    ]
    return f"SELECT session_id, {_CREATED} AS created FROM {_PROBLEMS} WHERE {all_of(conditions)}"


def _count(asked: Conditions) -> str:
    """Return the expression for how many of the sessions with stats match."""
    stats = asked.of_stats()
    if asked.search is None:
        return _count_in("session_stats", stats, asked)
    many = _count_in(asked.search.source, [*stats, asked.search.stats], asked)
    return f"CASE WHEN {asked.search.are_few} THEN (SELECT count(*) FROM found) ELSE {many} END"


def _count_in(source: str, stats: list[str], asked: Conditions) -> str:
    metadata, own = asked.metadata, asked.own
    if metadata.wanted:
        return _count_from(metadata, [*stats, *own.elsewhere("session_stats")])
    if own.wanted:
        return _count_from(own, [*stats, *metadata.elsewhere("session_stats")])
    count = f"(SELECT count(*) FROM {source} WHERE {all_of(stats)})"
    if metadata.unwanted:
        count += f" - {_count_from(metadata, stats)}"
    if own.unwanted:
        count += f" - {_count_from(own, [*stats, *metadata.elsewhere('session_stats')])}"
    return count


def _count_from(rows: RowConditions, others: list[str]) -> str:
    """Return the expression for how many sessions have stats and, in another table, a row that decides."""
    found = f"({rows.ids()})" if rows.is_common else rows.found
    return (
        f"(SELECT count(*) FROM (SELECT session_id AS id FROM {found})"
        f" CROSS JOIN {STATS_BY_ID} ON session_id = id WHERE {all_of(others)})"
    )


def _arms(asked: Conditions, order: _Order, *, reverse: bool) -> list[str]:
    """Return the sources of a page; together they hold each session once."""
    loose_key = order.key if order.key in ("session_id", "updated_at") else "NULL"
    unreadable_key = "session_id" if order.key == "session_id" else "NULL"
    arms = [
        f"SELECT session_id, {loose_key} AS k, created FROM loose",
        f"SELECT session_id, {unreadable_key} AS k, created FROM unreadable",
    ]
    stats = asked.of_stats()
    if asked.search is None:
        return [*_arms_of_stats(stats, asked, order, reverse=reverse), *arms]
    many = _arms_of_stats([*stats, asked.search.stats], asked, order, reverse=reverse)
    page = f"ORDER BY {_order_by(order, reverse=reverse)} LIMIT CASE WHEN {asked.search.are_few} THEN 0 ELSE :reach END"
    return ["SELECT * FROM found", *(f"SELECT * FROM ({arm} {page})" for arm in many), *arms]


def _arms_of_stats(stats: list[str], asked: Conditions, order: _Order, *, reverse: bool) -> list[str]:
    metadata = asked.metadata
    tests = [*stats, *asked.own.elsewhere("session_stats")]
    of_stats = "session_created_at AS created FROM session_stats"
    if order.key != "updated_at":
        tests += metadata.elsewhere("session_stats")
        return [f"SELECT session_id, {order.key or 'NULL'} AS k, {of_stats} WHERE {all_of(tests)}"]
    touched = "SELECT session_id AS id, updated_at FROM session_metadata"
    here = f" WHERE {all_of(metadata.here())}" if metadata.here() else ""
    arms = []
    if not metadata.wanted:
        # Of these, all equal by the key, as many as can be reached are enough: SQLite would sort them all.
        tests_of_rest = all_of([*tests, _without("session_metadata", "session_stats")])
        by_created = _order_by(_order(SortKey.CREATED), reverse=reverse)
        arms.append(
            f"SELECT session_id, NULL AS k, created FROM (SELECT session_id, {of_stats}"
            f" WHERE {tests_of_rest} ORDER BY {by_created} LIMIT :reach) untouched"
        )
    arms.append(
        f"SELECT id AS session_id, updated_at AS k, session_created_at AS created"
        f" FROM ({touched}{here}) CROSS JOIN {STATS_BY_ID} ON session_id = id WHERE {all_of(tests)}"
    )
    return arms


def _order_by(order: _Order, *, reverse: bool) -> str:
    down, up = ("ASC", "DESC") if reverse else ("DESC", "ASC")
    nulls = "FIRST" if reverse else "LAST"
    key = [f"k {down if order.descending else up} NULLS {nulls}"] if order.key else []
    return ", ".join([*key, f"created {down}", f"session_id {up}"])


def _without(other: str, table: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.session_id = {table}.session_id)"
