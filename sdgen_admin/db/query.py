"""A `SessionFilter` as one SELECT: total count, order and page, every value bound.

Two rules carry it, both measured over 57 kinds of queries of 100,000 sessions:

- If every condition is cheap, count and page are two passes over the index. If one calls a function of Python or
  searches, the hits are found once, and counted and paged from there.
- A page is a hundred row ids first, and what is shown of them afterwards.
"""

import re
from datetime import datetime
from typing import Any, assert_never

from sdgen_admin.db.expressions import IN_NS, Scope, expression, flag, rating
from sdgen_admin.db.functions import WORD_END
from sdgen_admin.models.conditions import Condition, Operator
from sdgen_admin.models.enums import RatingFilter, StatusFilter
from sdgen_admin.models.fields import BY_NAME, Field, Home, Kind
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.instants import instants_ns
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.stats import COMPLETE_FROM
from sdgen_admin.models.text import fold, search_words

JOINS = {
    "m": "LEFT JOIN session_metadata m ON m.session_id = s.session_id AND s.twin = 0",
    "p": "LEFT JOIN sdgen_admin_prompts p ON p.id = s.prompt_id",
    "v": "LEFT JOIN sdgen_admin_variations v ON v.id = s.variations_id",
}
"""What stands beside the facts of a session, each by its letter."""

_METADATA_IDS = "SELECT session_id FROM session_metadata WHERE session_id IS NOT NULL AND {}"
_DEEP = 10_000
"""The offset from which a page in another order than the index's is found by sorting all hits."""
_TABLE = re.compile(r"\b([mpv])\.")
_PYTHON = re.compile(r"\bsdgen_(?!admin)")
_GLOB = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})
_LONGEST_PATTERN = 50_000
"""Bytes that SQLite takes."""
_ALIKE_TO_GLOB = "\ufffd\ufffe\uffff"
_WORDS_AT_ONCE = 60
"""Their answers are the bits of one number."""
_REST_NS = 999
"""The rest of the last microsecond: drives count more finely than what is shown."""
_TOGETHER = 100
"""SQLite takes a thousand expressions inside one another, as a chain of AND or OR is."""


class Query:
    """A filter's statement in the making.

    Args:
        filter: Which sessions, in which order, which page.
        scope: The roots that it sees.
    """

    def __init__(self, filter: SessionFilter, scope: Scope) -> None:  # noqa: A002 -- as the library calls it
        self._filter = filter
        self._scope = scope
        self._named: dict[str, str] = {}
        self._searches = False
        self.values: dict[str, Any] = {}
        """The bound values, by name."""
        self._conditions = [scope.condition, *self._facts(), *self._metadata()]
        self._conditions += [self._where(condition) for condition in filter.where]
        if filter.search is not None:
            self._conditions += self._search(search_words(filter.search))

    def statement(self, columns: str) -> str:
        """Return the statement: its rows are the total count and `columns`, over `s` and what stands beside it.

        An empty page is one row, with the count and nulls.
        """
        where, order = _all(self._conditions), self._order()
        limit = -1 if self._filter.limit is None else self._filter.limit
        paged = f"LIMIT {self._bind(limit)} OFFSET {self._bind(self._filter.offset)}"
        sessions = f"FROM sdgen_admin_sessions s {_joins(where)} WHERE {where}"
        in_order = (
            f"SELECT s.id AS id FROM sdgen_admin_sessions s {_joins(where + order)} WHERE {where} ORDER BY {order}"
        )
        is_deep = self._filter.sort != "created_at" and self._filter.offset > _DEEP
        if self._searches or is_deep or _PYTHON.search(where):
            self._named["hits"] = in_order
            count, page = "(SELECT count(*) FROM hits)", f"SELECT id FROM hits {paged}"
        else:
            count, page = f"(SELECT count(*) {sessions})", f"{in_order} {paged}"
        named = [f"{name} AS MATERIALIZED ({select})" for name, select in [*self._named.items(), ("page", page)]]
        return (
            f"WITH {', '.join(named)} SELECT {count}, {columns} FROM (SELECT 1)"
            f" LEFT JOIN page LEFT JOIN sdgen_admin_sessions s ON s.id = page.id {_joins(columns + order)}"
            f" ORDER BY {order}"
        )

    def _bind(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def _order(self) -> str:
        field, reverse = BY_NAME[self._filter.sort], self._filter.reverse
        down, up = ("ASC", "DESC") if reverse else ("DESC", "ASC")
        last = f"s.created_at {down}, s.session_id {up}, s.root_id {up}"
        if field.name == "created_at":
            return last
        key = expression(field, self._scope)
        if field.kind is Kind.TEXT and field.name != "session_id":
            # Other programs' text need not be UTF-8, which a function takes as bytes only.
            key = f"sdgen_fold(CAST({key} AS BLOB))" if field.home is Home.METADATA else f"sdgen_fold({key})"
        nulls = "FIRST" if reverse else "LAST"
        return f"{key} {down if field.is_largest_first else up} NULLS {nulls}, {last}"

    def _facts(self) -> list[str]:
        asked = self._filter
        found = [f"s.missing = {int(asked.missing)}"]
        if asked.complete is not None:
            found.append(f"s.completion_percentage {'>=' if asked.complete else '<'} {COMPLETE_FROM}")
        if asked.seed_sweep is not None:
            found.append(f"coalesce(s.is_seed_sweep, 0) = {int(asked.seed_sweep)}")
        if asked.model:
            found.append(_any([f"sdgen_contains(s.sd_model, {self._bind(fold(part))})" for part in asked.model]))
        for moment, comparison in ((asked.from_date, ">="), (asked.to_date, "<=")):
            if moment is not None:
                found.append(f"s.created_at {comparison} {self._bind(moment.isoformat())}")
        if asked.problem is not None:
            found.append(
                "(s.problem IS NOT NULL OR s.twin <> 0)" if asked.problem else "s.problem IS NULL AND s.twin = 0"
            )
        if asked.source is not None:
            found.append(f"s.source = {self._bind(asked.source.value)}")
        if asked.status is StatusFilter.ONGOING:
            found.append("s.run_status = 'ongoing'")
        elif asked.status is not None:
            found.append(f"{expression(BY_NAME['status'], self._scope)} = {self._bind(asked.status.value)}")
        return found

    def _metadata(self) -> list[str]:
        """Return the conditions on metadata: the rows that fulfil them are found first, as sets of ids."""
        wanted, unwanted = self._wanted_and_unwanted()
        conditions = []
        if wanted:
            self._named["wanted"] = _METADATA_IDS.format(_all(wanted))
            conditions.append("s.session_id IN (SELECT session_id FROM wanted) AND s.twin = 0")
        if unwanted:  # what is said of few: sessions that nobody touched have no row
            self._named["unwanted"] = _METADATA_IDS.format(_any(unwanted))
            conditions.append("(s.twin <> 0 OR s.session_id NOT IN (SELECT session_id FROM unwanted))")
        return conditions

    def _wanted_and_unwanted(self) -> tuple[list[str], list[str]]:
        """Return what a session's metadata must say, and what it must not say."""
        asked, wanted, unwanted = self._filter, list[str](), list[str]()
        for is_set, column in ((asked.liked, "is_favorite"), (asked.test, "is_test")):
            if is_set is not None:
                (wanted if is_set else unwanted).append(flag(column))
        has_tag = "(tags IS NOT NULL AND sdgen_has_tag(CAST(tags AS BLOB), {}))"
        wanted += [has_tag.format(self._bind(tag)) for tag in asked.tag]
        if asked.untagged:
            unwanted.append("(tags IS NOT NULL AND sdgen_is_tagged(CAST(tags AS BLOB)))")
        match asked.rating:
            case None:
                pass
            case RatingFilter.NONE:
                unwanted.append(f"{rating('user_rating')} IS NOT NULL")
            case RatingFilter.LIKE | RatingFilter.DISLIKE:
                wanted.append(f"{rating('user_rating')} = {self._bind(asked.rating.value)}")
            case _:
                assert_never(asked.rating)
        return wanted, unwanted

    def _search(self, words: tuple[str, ...]) -> list[str]:
        self._searches = bool(words)
        return [
            condition
            for start in range(0, len(words), _WORDS_AT_ONCE)
            for condition in self._search_some(words[start : start + _WORDS_AT_ONCE])
        ]

    def _search_some(self, words: tuple[str, ...]) -> list[str]:
        # One call a row tests all words; what is not text is read as it is shown.
        told = f"told{len(self._named)}"
        texts = "CAST(user_note AS BLOB), CAST(tags AS BLOB)"
        self._named[told] = (
            f"SELECT session_id, sdgen_words({texts}, {self._bind(WORD_END.join(words))}) AS bits"
            " FROM session_metadata WHERE user_note IS NOT NULL OR tags IS NOT NULL"
        )
        return [
            f"(s.prompt_id IN (SELECT id FROM sdgen_admin_folded WHERE {self._contains('folded', word)})"
            f" OR instr(s.folded, {self._bind(word)})"
            f" OR (s.twin = 0 AND s.session_id IN (SELECT session_id FROM {told} WHERE bits & {1 << place})))"
            for place, word in enumerate(words)
        ]

    def _contains(self, column: str, word: str) -> str:
        """Return the condition that folded text contains a word. GLOB is faster, but does not take every word."""
        pattern = f"*{word.translate(_GLOB)}*"
        if len(pattern.encode()) > _LONGEST_PATTERN or any(character in word for character in _ALIKE_TO_GLOB):
            return f"instr({column}, {self._bind(word)})"
        return f"{column} GLOB {self._bind(pattern)}"

    def _where(self, condition: Condition) -> str:
        field = BY_NAME[condition.field]
        value = expression(field, self._scope)
        if condition.value is None:
            nothing = self._is_nothing(field, value)
            return nothing if condition.operator is Operator.EQUAL else f"NOT ({nothing})"
        compared = self._compared(field, value, condition)
        is_unequal = condition.operator is Operator.UNEQUAL  # which null fulfils
        return f"NOT coalesce({compared}, 0)" if is_unequal else f"coalesce({compared}, 0)"

    def _is_nothing(self, field: Field, value: str) -> str:
        if field.name == "tags":
            return f"NOT coalesce(sdgen_is_tagged(CAST({value} AS BLOB)), 0)"
        empty = "'', '[]', '{}'" if field.kind in (Kind.LIST, Kind.OBJECT) else "''"
        return f"({value} IS NULL OR CAST({value} AS TEXT) IN ({empty}))"

    def _compared(self, field: Field, value: str, condition: Condition) -> str:
        """Return what the condition says of values that are not null; of `!=`, what `=` says."""
        match field.kind:
            case Kind.TEXT | Kind.LIST | Kind.OBJECT:
                return self._compared_text(field, value, condition)
            case Kind.TIME:
                first, last = _bounds(field, condition.value, condition.until or condition.value)
                return _compared_range(value, condition.operator, self._bind(first), self._bind(last))
            case Kind.INTEGER | Kind.REAL | Kind.FLAG:
                bound = self._bind(condition.value)
                return _compared_range(value, condition.operator, bound, bound)
            case _:
                assert_never(field.kind)

    def _compared_text(self, field: Field, value: str, condition: Condition) -> str:
        folded, as_blob = self._bind(fold(str(condition.value))), f"CAST({value} AS BLOB)"
        contains = condition.operator is Operator.CONTAINS
        if field.name == "tags":
            return f"sdgen_{'tag_contains' if contains else 'is_tag'}({as_blob}, {folded})"
        if contains:
            return f"sdgen_contains({as_blob}, {folded})"
        return _compared_range(f"sdgen_fold({as_blob})", condition.operator, folded, folded)


def _bounds(field: Field, first: datetime, last: datetime) -> tuple[Any, Any]:
    """Return two local times in the form in which a field's values are compared."""
    if field.name in IN_NS:  # nanoseconds in 64 bits reach from 1677 to 2262
        start, end = instants_ns(first)[0], instants_ns(last)[1] + _REST_NS
        return max(min(start, LARGEST), -LARGEST), max(min(end, LARGEST), -LARGEST)
    # What other programs wrote is brought into one form first.
    precision = "microseconds" if field.name in ("updated_at", "metadata_created_at") else "auto"
    return first.isoformat(timespec=precision), last.isoformat(timespec=precision)


def _compared_range(value: str, operator: Operator, first: str, last: str) -> str:
    """Return the comparison with a value, or with the range of moments that a bare day is; of `!=`, what `=` says."""
    match operator:
        case Operator.EQUAL | Operator.UNEQUAL:
            return f"{value} BETWEEN {first} AND {last}"
        case Operator.LESS:
            return f"{value} < {first}"
        case Operator.AT_MOST:
            return f"{value} <= {last}"
        case Operator.MORE:
            return f"{value} > {last}"
        case Operator.AT_LEAST:
            return f"{value} >= {first}"
        case Operator.CONTAINS:
            raise AssertionError("only text contains anything")
        case _:
            assert_never(operator)


def _all(conditions: list[str], joined_by: str = " AND ") -> str:
    groups = [conditions[start : start + _TOGETHER] for start in range(0, len(conditions), _TOGETHER)]
    return joined_by.join(f"({joined_by.join(group)})" for group in groups)


def _any(conditions: list[str]) -> str:
    return f"({_all(conditions, ' OR ')})"


def _joins(text: str) -> str:
    """Return the joins that a piece of a statement needs."""
    letters = dict.fromkeys(_TABLE.findall(text))
    return " ".join(JOINS[letter] for letter in JOINS if letter in letters)
