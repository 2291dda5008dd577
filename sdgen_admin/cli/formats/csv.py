"""`--format csv`: RFC 4180, with a header. Python's `csv` module, opened with `newline=""`, reads the same cells back.

No cell is altered. RFC 4180 has no protection against spreadsheets that take a cell such as `=1+1` for a formula, and
what programs add for that (a `'` in front) would be another value to everybody else.
"""

import sys
from collections.abc import Sequence
from typing import Any, ClassVar

from sdgen_admin.cli.formats.interface import Renderer, View, cell
from sdgen_admin.cli.formats.stdout import write
from sdgen_admin.cli.text import visible_lines


class CsvRenderer(Renderer):
    """Comma-separated values."""

    delimiter: ClassVar[str] = ","
    line_end: ClassVar[str] = "\r\n"

    def render(self, view: View[Any]) -> None:
        """Write the header, then each item as it comes. What goes to a terminal is made harmless first."""
        shown, line_end = (visible_lines, "\n") if sys.stdout.isatty() else (str, self.line_end)
        write(self._line(view.columns) + line_end)
        for item in view.items:
            write(self._line([shown(cell(value)) for value in view.row(item)]) + line_end)

    def _line(self, cells: Sequence[str]) -> str:
        """Return a record, with cells in quotes if need be.

        Not by the `csv` module: until Python 3.13 it leaves a lone carriage return bare, which no reader takes.
        """
        line = self.delimiter.join(cells)
        if line.count(self.delimiter) == len(cells) - 1 and not _needs_quotes(line):
            return line or '""'  # an empty line has no cells
        return self.delimiter.join(
            _quoted(text) if self.delimiter in text or _needs_quotes(text) else text for text in cells
        )


def _needs_quotes(text: str) -> bool:
    return '"' in text or "\r" in text or "\n" in text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
