"""`tag`: what has changed, from old to new."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sdgen_admin.cli.formats.interface import View, cell
from sdgen_admin.cli.terminal import Line, is_terminal, print_lines, width, wrap
from sdgen_admin.cli.text import visible
from sdgen_admin.models.fields import BY_NAME
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata
from sdgen_admin.models.session_id import shown_id

_SESSIONS_SHOWN = 20
FIELDS = {
    name: BY_NAME[name].label for name in ("is_favorite", "is_test", "is_complete", "user_rating", "user_note", "tags")
}
"""The fields that a person edits, with their labels."""


class ChangesView(View[MetadataChange]):
    """Changes of metadata."""

    list_name = "metadata"
    columns = ("session_id", *FIELDS)

    def json(self, item: MetadataChange) -> str:
        """Return the metadata as it is now."""
        return item.after.model_dump_json()

    def row(self, item: MetadataChange) -> Iterable[Any]:
        """Return the metadata as it is now."""
        return item.session_id, *(getattr(item.after, name) for name in FIELDS)

    def ids(self, item: MetadataChange) -> Iterable[str]:
        """Return the session's id if something changed."""
        return (item.session_id,) if _differences(item) else ()

    def print(self, items: Iterator[MetadataChange]) -> None:
        """Print a line for each field that changed; on a terminal, for the first sessions only."""
        for change in islice(items, _SESSIONS_SHOWN if is_terminal() else None):
            differences = _differences(change)
            unchanged = [] if differences else [("  nothing to change", "dim")]
            print_lines([[(shown_id(change.session_id), "bold"), *unchanged]])
            print_lines(line for difference in differences for line in change_lines(*difference, indent=2))
        if more := sum(1 for _ in items):
            print_lines([more_sessions(more)])


def _differences(change: MetadataChange) -> list[tuple[str, str, str]]:
    before = change.before or SessionMetadata(session_id=change.session_id, session_path="")
    return [
        (label, shown(getattr(before, name)), shown(getattr(change.after, name)))
        for name, label in FIELDS.items()
        if getattr(before, name) != getattr(change.after, name)
    ]


def change_lines(label: str, old: str, new: str, *, indent: int) -> list[Line]:
    """Return a change of a field in lines; a long one continues below itself."""
    line = [(f"{' ' * indent}{label}: ", ""), (old, "dim"), (" → ", ""), (new, "green")]
    return wrap(line, width(), indent=indent + 2)


def more_sessions(count: int, *, indent: int = 0) -> Line:
    """Return the line for sessions that are not shown."""
    return [(f"{' ' * indent}… and {count:,} more session{'s' if count != 1 else ''}", "dim")]


def shown(value: Any) -> str:
    """Return a field's value as a person reads it, on one line."""
    words = {True: "yes", False: "no", None: "none", (): "none"}
    if value in words:
        return words[value]
    return visible(", ".join(value) if isinstance(value, tuple) else cell(value))
