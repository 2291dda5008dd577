"""What a filter asks: conditions in SQL with bound parameters, sorted by the table that they ask."""

from dataclasses import dataclass, field
from typing import Any


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


@dataclass
class Conditions:
    """What a filter asks, sorted by the table that it asks."""

    stats: list[str] = field(default_factory=list)
    """A session without stats fails them."""
    metadata: RowConditions = field(default_factory=lambda: RowConditions("session_metadata", "said"))
    own: RowConditions = field(default_factory=lambda: RowConditions("sdgen_admin_sessions", "noted"))
    created: list[str] = field(default_factory=list)
    """On the creation time, written `{created}`."""
    search: dict[str, str] = field(default_factory=dict)
    """Table to condition: what each has to do with the text that is searched for."""
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

    def of(self, table: str, created: str) -> list[str]:
        """Return the conditions on search and creation time for a table's rows."""
        dates = [condition.format(created=created) for condition in self.created]
        return [*dates, *([self.search[table]] if self.search else [])]

    def of_stats(self) -> list[str]:
        """Return the conditions on the rows of `session_stats`."""
        dates = [condition.format(created="session_created_at") for condition in self.created]
        found = ["+session_stats.rowid IN hits"] if self.search else []
        return ["+session_id IS NOT NULL", *self.stats, *dates, *found]  # SQLite lets a primary key of text be null


def all_of(conditions: list[str]) -> str:
    """Return the condition that all of some conditions hold."""
    return " AND ".join(f"({condition})" for condition in conditions) or "1"


def any_of(conditions: list[str]) -> str:
    """Return the condition that one of some conditions holds."""
    return " OR ".join(f"({condition})" for condition in conditions)
