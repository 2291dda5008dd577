"""What a filter asks: conditions in SQL with bound parameters, sorted by the table that they ask."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

STATS_BY_ID = "session_stats INDEXED BY sdgen_admin_stats_by_id"
"""Holds all that is asked of stats, so that a look-up by id reads no row of theirs, a thousand bytes each."""

VALUE = "CAST(value AS BLOB)"
"""A `value` for a function of Python: as text, one that is no UTF-8 would not reach it."""


@dataclass
class RowConditions:
    """What is asked of the rows of a table that has one for some sessions only."""

    table: str
    found: str
    """The name for the ids of the rows that decide: those wanted, or else those unwanted."""
    wanted: list[str] = field(default_factory=list)
    """The session has a row, and it fulfils this."""
    unwanted: list[str] = field(default_factory=list)
    """The session has no row that fulfils this."""
    is_common: bool = False
    """Whether most rows may decide: looking at each costs less than finding them all first."""

    def ask(self, condition: str, wanted: bool = True) -> None:
        """Ask that a condition holds, or that it does not."""
        (self.wanted if wanted else self.unwanted).append(condition)

    def here(self) -> list[str]:
        """Return the conditions where the table's row is at hand."""
        return [*self.wanted, *(f"({condition}) IS NOT TRUE" for condition in self.unwanted)]

    def elsewhere(self, table: str) -> list[str]:
        """Return the conditions where a session's row of another table is at hand."""
        if not self.here():
            return []
        sense = "" if self.wanted else "NOT "
        if self.is_common:
            row = f"SELECT 1 FROM {self.table} WHERE {self.table}.session_id = {table}.session_id"
            return [f"{sense}EXISTS ({row} AND ({self._deciding()}))"]
        return [f"+{table}.session_id {sense}IN {self.found}"]

    def ids(self) -> str:
        """Return the statement for the ids of the rows that decide, in the order in which looking them up is fast."""
        statement = f"SELECT session_id FROM {self.table} WHERE session_id IS NOT NULL AND ({self._deciding()})"
        return statement if self.is_common else f"{statement} ORDER BY session_id"

    def _deciding(self) -> str:
        return all_of(self.here()) if self.wanted else any_of(self.unwanted)


class Search(NamedTuple):
    """What each table has to do with a text that is searched for."""

    ways: tuple[str, ...]
    """Sources of `session_stats` that together hold the rows with the text, some of them more than once."""
    kept: str
    """How many of their ids are kept, at most: the expression."""
    said: str
    """The name for the ids of the sessions of which it is said, in a note or a tag."""
    stats: str
    """The row of `session_stats` has the text, or it is said of the session."""
    source: str
    """Of `session_stats`, where each row is looked at."""
    touched: str
    """The statement for the ids of the rows of `session_metadata` that have it, twice where they have it twice."""
    metadata: str
    """The row of `session_metadata` has it."""
    own: str
    """The row of this tool's own table has it."""

    @property
    def hits(self) -> str:
        """The statement for the ids in the rows of `ways`, as many as are kept."""
        return f"{' UNION ALL '.join(f'SELECT session_id FROM {way}' for way in self.ways)} LIMIT {self.kept}"

    @property
    def are_few(self) -> str:
        """Whether these are all, named `hits`."""
        return f"(SELECT count(*) FROM hits) < {self.kept}"


@dataclass
class Conditions:
    """What a filter asks, sorted by the table that it asks."""

    stats: list[str] = field(default_factory=list)
    """A session without stats fails them."""
    metadata: RowConditions = field(default_factory=lambda: RowConditions("session_metadata", "said"))
    own: RowConditions = field(default_factory=lambda: RowConditions("sdgen_admin_sessions", "noted"))
    created: list[str] = field(default_factory=list)
    """On the creation time, written `{created}`."""
    search: Search | None = None
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

    def values(self, table: str, column: str, condition: str) -> str:
        """Return a name for those values of a column that fulfil a condition on `value`.

        Few values, many sessions: the column's index is walked from value to value, and each is looked at once.
        """
        return self.name_set(f"{every_value(table, column)} SELECT value FROM every WHERE {condition}")

    def tags(self, condition: str) -> str:
        """Return a name for the lists of tags, as the column holds them, that fulfil a condition on `value`.

        Rows in their own order (`+tags IN`) are looked up faster than those of one list after the other.
        """
        return self.values("session_metadata", "tags", condition)

    def dates(self, created: str) -> list[str]:
        """Return the conditions on a creation time."""
        return [condition.format(created=created) for condition in self.created]

    def of_stats(self) -> list[str]:
        """Return the conditions on the rows of `session_stats`."""
        # SQLite lets a primary key of text be null.
        return ["+session_id IS NOT NULL", *self.stats, *self.dates("session_created_at")]


def every_value(table: str, column: str) -> str:
    """Return the head of a statement that names an indexed column's different values `every`, and after them a null."""
    first = f"SELECT min({column}) AS value, 1 AS place FROM {table} WHERE {column} IS NOT NULL"
    after = f"SELECT min({column}) FROM {table} WHERE {column} > value"
    return f"WITH RECURSIVE every AS ({first} UNION ALL SELECT ({after}), place + 1 FROM every WHERE value IS NOT NULL)"


def all_of(conditions: list[str]) -> str:
    """Return the condition that all of some conditions hold."""
    return " AND ".join(f"({condition})" for condition in conditions) or "1"


def any_of(conditions: list[str]) -> str:
    """Return the condition that one of some conditions holds."""
    return " OR ".join(f"({condition})" for condition in conditions)
