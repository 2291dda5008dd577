"""Every field of the registry as an SQL expression.

Its letters are `s` for facts, `m` for metadata, `p` for prompts and `v` for variations.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sdgen_admin.db.values import BLANKS, FALSE_WORDS, LOCAL_TIME_LENGTH, literal
from sdgen_admin.models.enums import Rating, RunStatus, SessionStatus
from sdgen_admin.models.fields import Field, Home
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import path_in, visible
from sdgen_admin.models.stats import COMPLETE_FROM, STATS_VERSION

SECOND_NS = 1_000_000_000
STALLED_AFTER_NS = 600 * SECOND_NS
"""A run is stalled if folder and manifest have not changed for so long, or for ten median gaps if that is longer."""
_GAPS = 10

_FALSE = ", ".join(map(literal, FALSE_WORDS))
_BLANKS = f"char({', '.join(str(ord(blank)) for blank in BLANKS)})"

IN_NS = ("first_image_created_at", "last_image_created_at")
"""Times that are compared as instants, in nanoseconds."""


class Scope(NamedTuple):
    """The configured roots that a query sees, by the id that the database gave them."""

    roots: Mapping[int, Root]
    names: Mapping[int, str]
    """The names of all recorded roots: a configured one's own, another one's path."""
    now_ns: int
    """What is compared with the last change of a run that is not over."""

    @property
    def condition(self) -> str:
        """The condition on `s` that it is a session of these roots."""
        return in_roots(self.roots)


def in_roots(root_ids: Iterable[int]) -> str:
    """Return the condition on `s` that it is a session of some roots."""
    return f"s.root_id IN ({', '.join(map(str, root_ids)) or 'NULL'})"


def flag(column: str) -> str:
    """Return the expression for a flag that another program may have written as text or bytes; see `is_true`."""
    text = f"lower(trim(CAST({column} AS TEXT), {_BLANKS}))"
    is_number = f"coalesce({column}, 0) <> 0"
    is_word = f"{text} NOT IN ({_FALSE}) AND trim(hex({column}), '0') <> ''"
    return f"CASE WHEN typeof({column}) IN ('text', 'blob') THEN {is_word} ELSE {is_number} END"


def rating(column: str) -> str:
    """Return the expression for a rating that another program may have written in another spelling."""
    return f"""CASE WHEN {column} IN ({", ".join(map(literal, Rating))}) THEN {column}
        WHEN {column} IS NOT NULL THEN sdgen_rating(CAST({column} AS BLOB)) END"""


def _moment(column: str) -> str:
    """Return the expression for a time that another program may have written in another form.

    SQLite itself tells the usual form, of a day that there is: a function of Python takes several times as long.
    """
    digit = "[0-9]"
    day, time = f"[12]{digit * 3}-[01]{digit}-[0-3]{digit}", f"[0-2]{digit}:[0-5]{digit}:[0-5]{digit}.{digit * 6}"
    is_day = f"date({column}, '+0 days') = substr({column}, 1, 10)"
    return f"""CASE WHEN {column} GLOB '{day}T{time}' AND {is_day} THEN {column}
        WHEN {column} IS NOT NULL THEN sdgen_moment(CAST({column} AS BLOB)) END"""


def _here(column: str) -> str:
    """Return the expression for one of our own times, which may have the offset of the process that stored it."""
    return f"CASE WHEN length({column}) > {LOCAL_TIME_LENGTH} THEN sdgen_local({column}) ELSE {column} END"


LONGEST_DURATION_NS = 30 * 24 * 3600 * SECOND_NS
_DAY_NS = float(24 * 3600 * SECOND_NS)
_EPOCH = 2440587.5
"""1970 as a Julian day."""

# Archive tools date files 1980, and people edit an image years later: what follows from such times is nonsense, so it
# is null. A session's name is in the generator's zone, so that its images may seem up to 14 hours older than it.
_DURATION = f"""(CASE WHEN s.last_image_ns - s.first_image_ns <= {LONGEST_DURATION_NS}
    AND s.first_image_ns / {_DAY_NS} >= julianday(s.created_at) - {_EPOCH + 1}
    THEN (s.last_image_ns - s.first_image_ns) / {float(SECOND_NS)} END)"""
_COMPUTED = {
    "session_created_at": "CASE WHEN s.stats_computed_at IS NOT NULL THEN s.created_at END",
    "outdated": f"(s.outdated <> 0 OR coalesce(s.stats_version < {STATS_VERSION}, 0))",
    "complete": f"(s.completion_percentage >= {COMPLETE_FROM})",
    "duration": _DURATION,
    # Step by step as in `SessionRecord`, so that the number that is shown finds its session.
    "images_per_minute": f"((s.images_actual - 1) / nullif({_DURATION}, 0) * 60)",
    "first_image_created_at": "s.first_image_ns",
    "last_image_created_at": "s.last_image_ns",
    "resolved_prompt": "p.prompt",
    "negative_prompt": "p.negative",
    "placeholders": "v.placeholders",
    "variations_summary": "v.variations_summary",
    "pools": "v.pools",
    "is_favorite": flag("m.is_favorite"),
    "is_test": flag("m.is_test"),
    "is_complete": f"CASE WHEN m.session_id IS NOT NULL THEN {flag('coalesce(m.is_complete, 1)')} END",
    "user_rating": rating("m.user_rating"),
    "manifest_generated_at": _here("s.manifest_generated_at"),
    "stats_computed_at": _here("s.stats_computed_at"),
    "updated_at": _moment("m.updated_at"),
    "metadata_created_at": _moment("m.created_at"),
}
"""Fields that are not simply a column of their own name."""


def expression(field: Field, scope: Scope) -> str:
    """Return the expression for a field's value: null if there is none, text and times as they are stored."""
    match field.name:
        case "session_path":
            return _by_root({root_id: path_in(root.path, "") for root_id, root in scope.roots.items()}, "s.session_id")
        case "root":
            return _by_root({root_id: root.name for root_id, root in scope.roots.items()})
        case "status":
            return _status(scope.now_ns)
        case "problem":
            return f"coalesce(s.problem, CASE WHEN s.twin <> 0 THEN {_twin_problem(scope)} END)"
        case name:
            return _COMPUTED.get(name) or f"{'m' if field.home is Home.METADATA else 's'}.{name}"


def _by_root(values: Mapping[int, str], then: str = "") -> str:
    cases = "".join(f" WHEN {root_id} THEN {literal(visible(value))}" for root_id, value in values.items())
    chosen = f"CASE s.root_id{cases} END" if cases else "NULL"
    return f"({chosen} || {then})" if then else chosen


def _status(now_ns: int) -> str:
    return f"""CASE s.run_status
        WHEN '{RunStatus.ONGOING}' THEN CASE
            WHEN {now_ns} - coalesce(s.changed_ns, 0) > max({STALLED_AFTER_NS}, {_GAPS} * coalesce(s.gap_ns, 0))
            THEN '{SessionStatus.STALLED}' ELSE '{SessionStatus.RUNNING}' END
        WHEN '{RunStatus.COMPLETED}' THEN '{SessionStatus.COMPLETED}'
        WHEN '{RunStatus.ABORTED}' THEN '{SessionStatus.ABORTED}'
        ELSE '{SessionStatus.UNKNOWN}' END"""


def _twin_problem(scope: Scope) -> str:
    cases = "".join(f" WHEN {root_id} THEN {literal(name)}" for root_id, name in scope.names.items())
    owner = f"CASE s.twin{cases} ELSE '?' END" if cases else "'?'"
    return f"'A session in the root ' || {owner} || ' has the same id, and the metadata belongs to that one.'"
