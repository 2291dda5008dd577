"""The pages of `--help`: plain text, the same under every version of Typer and on every terminal of one width.

Typer's own pages differ from version to version, and load Rich, which takes longer than all the rest.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from typer.core import TyperCommand

from sdgen_admin.cli.terminal import width
from sdgen_admin.cli.words import COMMANDS

_WIDEST = 100
"""Cells: longer lines are hard to read."""
_LEFT = 30
"""Cells of the left column at most. What is longer has its text below it."""
_LAST = ("Options", "Output", "Where")
"""The groups of options that come last: what a command is for comes first."""

Row = tuple[str, str]


class Command(TyperCommand):
    """A command whose help is a page of ours."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        formatter.write(page(ctx))


def page(context: Any) -> str:
    """Return the help for a command, or for the program: usage, purpose, arguments, options in groups."""
    room = min(width(), _WIDEST)
    params = context.command.get_params(context)
    arguments = [param for param in params if param.param_type_name == "argument"]
    groups = {"Arguments": [(re.sub(r"[][]", "", param.metavar), param.help) for param in arguments]}
    usage = ["Usage:", context.command_path, "[OPTIONS]", *(param.metavar for param in arguments)]
    if context.parent is None:
        groups["Commands"] = [(name, purpose) for name, (purpose, *_) in COMMANDS.items()]
        usage.append("COMMAND ...")
    groups |= _options(param for param in params if param.param_type_name == "option" and not param.hidden)
    left = max(len(name) for rows in groups.values() for name, _ in rows if len(name) <= _LEFT)
    lines = [" ".join(usage), "", *_description(context.command.help, room)]
    for title, rows in groups.items():
        if rows:
            lines += ["", f"{title}:", *(line for row in rows for line in _row(row, left, room))]
    return "\n".join(lines) + "\n"


def _options(params: Iterable[Any]) -> dict[str, list[Row]]:
    """Return the options in groups, `--help` last."""
    groups: dict[str, list[Row]] = {}
    for param in params:
        names = ", ".join([*sorted(param.opts, key=len), *param.secondary_opts])
        row = (names if param.is_flag else f"{names} {param.metavar}", param.help)
        group = "" if param.name == "help" else param.rich_help_panel or _LAST[0]
        groups.setdefault(group, []).append(row)
    help_row = groups.pop("")
    order = sorted(groups, key=lambda name: _LAST.index(name) if name in _LAST else -1)
    return {name: groups[name] + (help_row if name == order[-1] else []) for name in order}


def _description(text: str, room: int) -> Iterator[str]:
    """Yield the lines of a docstring: paragraphs wrapped, examples as they are."""
    for number, paragraph in enumerate(re.sub(r"\n+(?= )", "\n", text).split("\n\n")):
        if number:
            yield ""
        yield from paragraph.split("\n") if "\n " in paragraph else textwrap.wrap(paragraph, room)


def _row(row: Row, left: int, room: int) -> Iterator[str]:
    name, text = row
    indent = " " * (left + 4)
    lines = textwrap.wrap(text, room - len(indent)) or [""]
    if len(name) > left:
        yield f"  {name}"
    else:
        yield f"  {name:{left}}  {lines.pop(0)}".rstrip()
    yield from (indent + line for line in lines)
