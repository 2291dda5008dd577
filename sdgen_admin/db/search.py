"""A text that is searched for: where it may stand, and how the sessions that have it are found.

Prompts are most of what a database holds, but they repeat: the prompt of a session is its template's, from before
the placeholders are filled. So an index is walked from one different prompt to the next, and each is looked at once.
Where there are too many for that, the rest of the index is read row by row.
"""

import sqlite3
from contextlib import suppress

from sdgen_admin.db.conditions import STATS_BY_ID, VALUE, Conditions, Search, any_of, every_value
from sdgen_admin.db.schema import SEARCH_INDEXES
from sdgen_admin.db.transaction import transaction, waiting_at_most
from sdgen_admin.errors import DatabaseError

_MANY = 10_000
"""Sessions. Fewer are searched as they are: their prompts are read in some ten milliseconds."""
_LONG = "min(page_size / 4 - 400, 2000)"
"""Bytes of both prompts of a session. Of an index SQLite wants four rows on a page: of longer ones it keeps the rest on
further pages, several times the room. Beyond the second number, the indexes take too much room for what they give."""
_PATIENCE = 100
"""Milliseconds to wait for another program's lock: a search can do without."""
_WALKED = 2000
"""Different prompts to walk; from one to the next costs ten times as much as to read the next row."""
_LONGEST_PATTERN = 1000
"""SQLite refuses a LIKE pattern of more than 50,000 bytes."""
_COMMON = " ,etaoinsrlhdcumgpfybwvkxjqz"
"""From the most common letter of English prompts on; what is not among them is rarer."""
_SAMPLE = 64
"""Sessions from all over the table, by which it is guessed how many have a text: for how it is searched, no more."""
_STRIDE = 2_654_435_761
"""From one of them to the next (Knuth's multiplicative hashing): in step with nothing that repeats."""
_KEPT = 20_000
"""Ids: of more hits it costs more to keep a list than to look at the next rows again until the page is full."""
_PROMPTS = ("resolved_prompt", "negative_prompt")


def has_search_indexes(connection: sqlite3.Connection) -> bool:
    """Whether the indexes of `SEARCH_INDEXES` are there."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    return names.issuperset(SEARCH_INDEXES)


def make_search_indexes(connection: sqlite3.Connection) -> None:
    """Make the indexes of `SEARCH_INDEXES`, if there are enough sessions for that, and nothing is in the way.

    Without them a search finds the same, more slowly.
    """
    if has_search_indexes(connection) or not _are_worth_it(connection):
        return
    # Another program, a full disk, a fault in the file: whoever needs what is at fault will say so.
    with waiting_at_most(connection, _PATIENCE), suppress(sqlite3.Error, DatabaseError, MemoryError):
        for name, on in SEARCH_INDEXES.items():
            with transaction(connection):
                connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {on}")


def _are_worth_it(connection: sqlite3.Connection) -> bool:
    """Whether there are many sessions, their prompts are short, and the next use will have the indexes, too."""
    lengths = " + ".join(f"coalesce(length(CAST({column} AS BLOB)), 0)" for column in _PROMPTS)
    some = f"SELECT {lengths} AS bytes FROM session_stats ORDER BY rowid DESC LIMIT 1000"
    are_many = f"SELECT 1 FROM session_stats LIMIT 1 OFFSET {_MANY}"
    in_file = "SELECT 1 FROM pragma_database_list WHERE file <> ''"  # not a copy in memory
    are_short = f"(SELECT avg(bytes) FROM ({some})) < (SELECT {_LONG} FROM pragma_page_size)"
    row = connection.execute(f"SELECT EXISTS ({in_file}) AND EXISTS ({are_many}) AND {are_short}").fetchone()
    return bool(row[0])


def search_for(text: str, asked: Conditions, *, indexed: bool) -> Search:
    """Return what to ask to find `text` in id, prompts, note or a tag.

    Args:
        text: Part of any of them, in any case.
        asked: Where its parameters and sets go.
        indexed: Whether the indexes of `SEARCH_INDEXES` are there.
    """
    contains = _contains(text, asked)
    rarely = _prefilter(text, asked) + contains
    in_id, in_note = contains.format("session_id"), contains.format(_as_text("user_note"))
    in_prompts = _in_prompts(contains)
    tags = asked.tags(f"sdgen_tag_contains({VALUE}, {asked.bind(text.casefold())})")
    in_said = (
        f"SELECT session_id FROM session_metadata WHERE user_note IS NOT NULL AND ({in_note})"
        f" UNION ALL SELECT session_id FROM session_metadata WHERE tags IN {tags}"
    )
    said = asked.name_set(in_said)
    # For every row, a number is compared five times as fast as an id; and mostly, nothing is said.
    rows_said = asked.name_set(f"SELECT session_stats.rowid FROM {said} CROSS JOIN session_stats USING (session_id)")
    sample = asked.name_set(_sample(f"{in_id} AS in_id, {in_prompts} AS in_prompts"))

    def share(of_it: str) -> str:
        return f"coalesce((SELECT avg({of_it}) FROM {sample}), 0)"

    # Where nearly all prompts have it, what is said of the others is looked up one by one.
    in_most_prompts = f"{share('in_prompts')} > 0.9"
    said_of_it = f"session_metadata.session_id = session_stats.session_id AND ({in_note} OR tags IN {tags})"
    is_said = (
        f"NOT {in_most_prompts} AND EXISTS (SELECT 1 FROM {said}) AND session_stats.rowid IN {rows_said}"
        f" OR {in_most_prompts} AND EXISTS (SELECT 1 FROM session_metadata WHERE {said_of_it})"
    )
    source = "session_stats"
    ways: tuple[str, ...] = (f"{source} WHERE {_in_prompts(rarely)} OR {rarely.format('session_id')}",)
    if indexed:
        ways = (*(_way(column, rarely) for column in _PROMPTS), f"{STATS_BY_ID} WHERE {rarely.format('session_id')}")
        source = "session_stats INDEXED BY sdgen_admin_search_prompt"
    return Search(
        ways=ways,
        kept=f"CASE WHEN {share('in_id OR in_prompts')} > 0.2 THEN 0 ELSE {_KEPT} END",
        said=said,
        # Where most ids have it, each is looked at before the prompts, which are many times longer.
        stats=f"{share('in_id')} > 0.5 AND {in_id} OR {in_prompts} OR {in_id} OR {is_said}",
        source=source,
        touched=f"{in_said} UNION ALL SELECT session_id FROM session_metadata WHERE {in_id}",
        metadata=f"{in_id} OR session_id IN {said}",
        own=in_id,
    )


def _in_prompts(contains: str) -> str:
    return any_of([contains.format(_as_text(column)) for column in _PROMPTS])


def _sample(columns: str) -> str:
    """Return the statement for some columns of a sample of `session_stats`."""
    low, high = (f"(SELECT {end}(rowid) FROM session_stats)" for end in ("min", "max"))
    return (
        f"WITH RECURSIVE every AS (SELECT 1 AS place UNION ALL SELECT place + 1 FROM every LIMIT {_SAMPLE})"
        f" SELECT {columns} FROM every CROSS JOIN session_stats"
        f" ON session_stats.rowid = {low} + place * {_STRIDE} % ({high} - {low} + 1)"
    )


def _contains(text: str, asked: Conditions) -> str:
    """Return the condition on a column, written `{0}`, that its value contains `text`, in any case.

    SQLite's LIKE folds only ASCII, but is several times faster than a function of Python; other text needs that.
    """
    if _is_liked(text):
        return _like(text, asked)
    contains = f"sdgen_contains(CAST({{0}} AS BLOB), {asked.bind(text.casefold())})"
    if text.casefold().isascii():
        return contains
    # A value that has it is not ASCII either, and has more bytes than letters: that is seen faster.
    return f"length({{0}}) < length(CAST({{0}} AS BLOB)) AND {contains}"


def _prefilter(text: str, asked: Conditions) -> str:
    """Return conditions to ask of a column before `_contains`: where few values contain `text`, that is faster.

    LIKE leaps to the first letter of a pattern. So it is asked for the rest of the text from its rarest letter on, then
    from the rarest before that, each less rare than the last, until it would be the whole text.
    """
    if not _is_liked(text):
        return ""
    prefilter, place = "", len(text)
    while place := max(range(place), key=lambda place: _rarity(text[place]), default=0):
        prefilter += f"{_like(text[place:], asked)} AND "
    return prefilter


def _is_liked(text: str) -> bool:
    return all(map(_is_folded_by_like, text)) and "\0" not in text and len(text) <= _LONGEST_PATTERN


def _like(part: str, asked: Conditions) -> str:
    pattern = asked.bind("%" + "".join(f"\\{c}" if c in "%_\\" else c for c in part) + "%")
    return f"{{0}} LIKE {pattern} ESCAPE '\\'"


def _rarity(character: str) -> int:
    if not character.isascii():
        return -1  # LIKE looks for it letter by letter
    place = _COMMON.find(character.lower())
    return place if place >= 0 else len(_COMMON)


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
