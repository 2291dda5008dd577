"""`history`: what has changed, group by group."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import Line, print_lines
from sdgen_admin.cli.text import visible
from sdgen_admin.cli.views.changes import FIELDS, change_lines, more_sessions, shown
from sdgen_admin.models.history import HistoryEntry
from sdgen_admin.models.session_id import shown_id

_SESSIONS_SHOWN = 5


class HistoryView(View[HistoryEntry]):
    """Changes of metadata, newest first."""

    list_name = "history"
    columns = tuple(HistoryEntry.model_fields)

    def __init__(self, items: Iterable[HistoryEntry], *, of_one: bool = False) -> None:
        super().__init__(items)
        self._of_one = of_one

    def row(self, item: HistoryEntry) -> Iterable[Any]:
        """Return the change."""
        return (getattr(item, name) for name in self.columns)

    def ids(self, item: HistoryEntry) -> Iterable[str]:
        """Return the session's id."""
        return (item.session_id,)

    def print(self, items: Iterator[HistoryEntry]) -> None:
        """Print each group in a paragraph: its number, time and sessions, and what changed in each."""
        for _, group in groupby(items, key=lambda entry: entry.group):
            entries = list(group)
            by_session = [list(some) for _, some in groupby(entries, key=lambda entry: entry.session_id)]
            lines = [_head(entries[0], None if self._of_one else len(by_session))]
            for changes in by_session[:_SESSIONS_SHOWN]:
                lines.append([(f"  {shown_id(changes[0].session_id)}", "")])
                lines += [line for change in changes for line in _change(change)]
            if len(by_session) > _SESSIONS_SHOWN:
                lines.append(more_sessions(len(by_session) - _SESSIONS_SHOWN, indent=2))
            print_lines(lines)


def _head(entry: HistoryEntry, sessions: int | None) -> Line:
    """Return the line above a group, with the number of sessions unless only one of them is shown."""
    when = f"{entry.changed_at:%Y-%m-%d %H:%M:%S}" if entry.changed_at else ""
    line = [(f"{entry.group}", "bold"), (f"  {when}", "")]
    if sessions is not None:
        line.append((f"  {sessions:,} session{'s' if sessions != 1 else ''}", ""))
    if entry.undoes is not None:
        line.append((f"  undo of {entry.undoes}", "dim"))
    if entry.undone_by is not None:
        line.append((f"  undone by {entry.undone_by}", "dim"))
    return line


def _change(entry: HistoryEntry) -> list[Line]:
    if entry.field == "session_id":
        return [[("    all metadata deleted", "")]]
    label = FIELDS.get(entry.field, visible(entry.field))
    return change_lines(label, shown(entry.old), shown(entry.new), indent=4)
