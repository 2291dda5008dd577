"""`config`: what every command works on, and where that was found."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import Line, print_lines
from sdgen_admin.cli.text import visible

if TYPE_CHECKING:
    from sdgen_admin.models.reports import DatabaseReport

_LABEL = 14
_LAYOUTS = {"own": "this program's own", "none": "none: there is no table session_stats"}
_WORDS = {"is_there": "there", "is_readable": "readable", "is_writable": "writable"}


class ConfigLine(NamedTuple):
    """An images root or the database, and if it was checked, what was found."""

    name: str
    """`images_dir` or `db_path`."""
    root: str | None
    """The images root's name."""
    value: str
    """The path."""
    origin: str
    """What kind of thing it came from: option, variable, file or default."""
    source: str
    """Which one."""
    is_there: bool | None
    is_readable: bool | None
    is_writable: bool | None
    problem: str | None
    """Why it cannot be used as it should be."""


class ConfigView(View[ConfigLine]):
    """The settings, and what the database holds.

    Args:
        lines: The images roots, then the database.
        database: What the database holds; None if there is none, or if it cannot be read.
    """

    list_name = "settings"
    columns = ConfigLine._fields

    def __init__(self, lines: Iterable[ConfigLine], database: "DatabaseReport | None") -> None:
        super().__init__(lines)
        self._database = database

    def beside(self) -> dict[str, Any]:
        """Return what the database holds."""
        return {"database": None if self._database is None else self._database.model_dump(mode="json")}

    def json(self, item: ConfigLine) -> str:
        """Return the setting's facts by name."""
        return json.dumps(item._asdict(), ensure_ascii=False)

    def row(self, item: ConfigLine) -> Iterable[Any]:
        """Return the setting's facts."""
        return item

    def ids(self, item: ConfigLine) -> Iterable[str]:
        """Return the value: it is what other commands take."""
        return (item.value,)

    def print(self, items: Iterator[ConfigLine]) -> None:
        """Print a line for each setting, and below it what else is known."""
        settings = list(items)
        names = max((len(visible(item.root)) for item in settings if item.root), default=0)
        for item in settings:
            between = ", " if item.origin == "default" else " "
            origin = f"  (from {item.origin}{between}{visible(item.source)})"
            if item.root is None:
                lines = [[(f"{'database':<{_LABEL}}", "bold"), (visible(item.value), ""), (origin, "dim")]]
            else:
                name = f"{visible(item.root):<{names}}  "
                lines = [
                    [(f"{'images root':<{_LABEL}}", "bold"), (name, ""), (visible(item.value), ""), (origin, "dim")]
                ]
            if item.is_there is not None:
                facts = [word if getattr(item, name) else f"not {word}" for name, word in _WORDS.items()]
                lines.append(_detail("is", ", ".join(facts)))
            if item.root is None:
                lines += self._about_database(has_problem=item.problem is not None)
            if item.problem:
                lines.append(_detail("problem", item.problem, "red"))
            print_lines(lines)

    def _about_database(self, *, has_problem: bool) -> list[Line]:
        report = self._database
        if report is None:
            return [] if has_problem else [_detail("holds", "nothing: there is no database yet")]
        lines = [
            _detail("holds", f"{_count(report.sessions, 'session')}"),
            _detail("layout", _LAYOUTS.get(report.layout, report.layout)),
            _detail("mirror", f"{_count(report.mirrored, 'row')} of ours, {report.others:,} of other programs"),
        ]
        if report.without_root:
            lines.append(_detail("no root", f"{_count(report.without_root, 'session')} with metadata in no known root"))
        if report.mirror_problem:
            lines.append(_detail("mirror off", report.mirror_problem, "red"))
        if report.metadata_problem:
            lines.append(_detail("metadata", report.metadata_problem, "red"))
        return lines


def _detail(label: str, text: str, style: str = "") -> Line:
    return [(f"{'  ' + label:<{_LABEL}}", "dim"), (visible(text), style)]


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
