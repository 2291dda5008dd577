"""A text that is searched for: where it may stand, and how the sessions that have it are found.

Prompts are most of what a database holds, but they repeat: the prompt of a session is its template's, from before
the placeholders are filled. So an index is walked from one different prompt to the next, and each is looked at once.
Where there are too many for that, the rest of the index is read row by row.
"""

import sqlite3

from sdgen_admin.db.conditions import STATS_BY_ID, VALUE, Conditions, Search, every_value
from sdgen_admin.db.schema import SEARCH_INDEXES
from sdgen_admin.db.transaction import transaction

_MANY = 10_000
"""Sessions. Fewer are searched as they are: their prompts are read in some ten milliseconds."""
_LONG = 600
"""Bytes of both prompts of a session: from there on the indexes would take several times the room, and be slower."""
_PATIENCE = 100
"""Milliseconds to wait for another program's lock: a search can do without."""
_WALKED = 2000
"""Different prompts to walk; from one to the next costs ten times as much as to read the next row."""
_LONGEST_PATTERN = 1000
"""SQLite refuses a LIKE pattern of more than 50,000 bytes."""


def has_search_indexes(connection: sqlite3.Connection) -> bool:
    """Whether the indexes of `SEARCH_INDEXES` are there."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    return names.issuperset(SEARCH_INDEXES)


def make_search_indexes(connection: sqlite3.Connection) -> None:
    """Make the indexes of `SEARCH_INDEXES`, if there are enough sessions for that, and no program is in the way.

    Without them a search finds the same, more slowly.
    """
    if has_search_indexes(connection) or not _are_worth_it(connection):
        return
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {min(patience, _PATIENCE)}")
    try:
        for name, on in SEARCH_INDEXES.items():
            with transaction(connection):
                connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {on}")
    except sqlite3.OperationalError:
        pass  # after the next computing, perhaps
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


def _are_worth_it(connection: sqlite3.Connection) -> bool:
    """Whether there are many sessions, and their prompts are short."""
    lengths = " + ".join(
        f"coalesce(length(CAST({column} AS BLOB)), 0)" for column in ("resolved_prompt", "negative_prompt")
    )
    some = f"SELECT {lengths} AS bytes FROM session_stats ORDER BY rowid DESC LIMIT 1000"
    are_many = f"SELECT 1 FROM session_stats LIMIT 1 OFFSET {_MANY}"
    row = connection.execute(f"SELECT EXISTS ({are_many}) AND (SELECT avg(bytes) FROM ({some})) < {_LONG}").fetchone()
    return bool(row[0])


def search_for(text: str, asked: Conditions, *, indexed: bool) -> Search:
    """Return what to ask to find `text` in id, prompts, note or a tag.

    Args:
        text: Part of any of them, in any case.
        asked: Where its parameters and sets go.
        indexed: Whether the indexes of `SEARCH_INDEXES` are there.
    """
    folded = asked.bind(text.casefold())
    contains = _contains(text, folded, asked)
    in_id = contains.format("session_id")
    in_prompt, in_negative, in_note = map(
        contains.format, map(_as_text, ("resolved_prompt", "negative_prompt", "user_note"))
    )
    tags = asked.tags(f"sdgen_tag_contains({VALUE}, {folded})")
    said = asked.name_set(
        f"SELECT session_id FROM session_metadata WHERE user_note IS NOT NULL AND ({in_note})"
        f" UNION ALL SELECT session_id FROM session_metadata WHERE tags IN {tags}"
    )
    # Where very many are found, it is in their prompts.
    stats = f"{in_prompt} OR {in_id} OR {in_negative} OR session_id IN {said}"
    source = "session_stats"
    ways: tuple[str, ...] = (f"{source} WHERE {stats}",)
    if indexed:
        ways = (
            _way("resolved_prompt", contains),
            _way("negative_prompt", contains),
            f"{STATS_BY_ID} WHERE {in_id}",
            f"{STATS_BY_ID} WHERE session_id IN {said}",
        )
        source = "session_stats INDEXED BY sdgen_admin_search_prompt"
    return Search(ways=ways, stats=stats, source=source, metadata=f"{in_id} OR session_id IN {said}", own=in_id)


def _contains(text: str, folded: str, asked: Conditions) -> str:
    """Return the condition on a column, written `{0}`, that its value contains `text`, in any case.

    SQLite's LIKE folds only ASCII, but is several times faster than a function of Python; other text needs that.
    """
    if all(map(_is_folded_by_like, text)) and "\0" not in text and len(text) <= _LONGEST_PATTERN:
        pattern = asked.bind("%" + "".join(f"\\{c}" if c in "%_\\" else c for c in text) + "%")
        return f"{{0}} LIKE {pattern} ESCAPE '\\'"
    contains = f"sdgen_contains(CAST({{0}} AS BLOB), {folded})"
    if text.casefold().isascii():
        return contains
    # A value that has it is not ASCII either, and has more bytes than letters: that is seen faster.
    return f"length({{0}}) < length(CAST({{0}} AS BLOB)) AND {contains}"


def _as_text(column: str) -> str:
    """Return a column's value as text: another program may have stored a BLOB."""
    return f"CAST({column} AS TEXT)"


def _is_folded_by_like(character: str) -> bool:
    return character.isascii() or character.lower() == character.upper()


def _way(column: str, contains: str) -> str:
    """Return the source of the rows of `session_stats` with the text in a column."""
    walk = f"{every_value('session_stats', column)} SELECT value, place FROM every LIMIT {_WALKED}"
    end = f"CASE place WHEN {_WALKED} THEN (SELECT max({column}) FROM session_stats) ELSE value END"
    return (
        f"({walk}) CROSS JOIN session_stats ON {column} BETWEEN value AND {end}"
        f" WHERE (place = {_WALKED} OR {contains.format(_as_text('value'))}) AND {contains.format(_as_text(column))}"
    )
