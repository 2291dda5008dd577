"""A table that fits its terminal: columns shrink, then go, in an order of their own; none of the first is ever cut.

Rich's own Table is not used: it costs a third of a second for a thousand rows, cuts what must not be cut, and pads
every line to the edge. Its Text, its cell widths and its console are.
"""

from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size

from sdgen_admin.cli import terminal
from sdgen_admin.cli.terminal import Line

GAP = 2
_ELLIPSIS = "…"
_FEWEST = 8
"""Cells that are left of a column that may shrink and never goes."""
_NAME = 40
_NAMES_SHARE = 0.55
"""So many cells, or that much of a terminal's width, the first column has; longer ones have a line of their own."""


@dataclass
class Column:
    """One column of a grid."""

    header: str
    cells: list[str] = field(default_factory=list)
    """The text of each row's cell, on one line and harmless."""
    styles: list[str] = field(default_factory=list)
    """Rich style of each cell; empty for none. Never the only carrier of a meaning."""
    least: int | None = None
    """To how many cells it may shrink, and if it never goes to fewer; None: not at all."""
    goes: int = 0
    """The column with the highest number goes first where there is no room; 0 never goes."""
    right: bool = False
    """Whether the cells are flush right."""
    stays: bool = False
    """Whether it is shown even if all cells are empty, which say nothing."""

    def add(self, text: str, style: str = "") -> None:
        """Add a row's cell."""
        self.cells.append(text)
        self.styles.append(style)

    def width(self) -> int:
        """Return the natural width, in cells of the terminal."""
        return max(map(cell_len, [self.header, *self.cells]))


def print_grid(columns: list[Column]) -> list[str]:
    """Print columns of the same length: fitted to a terminal, piped at their natural width.

    Returns:
        The headers of those that there was no room for.
    """
    widths = {id(column): column.width() for column in columns}
    columns = [column for column in columns if column is columns[0] or column.stays or any(column.cells)]
    headers = [column.header for column in columns]
    if terminal.is_terminal():
        widths[id(columns[0])] = _usual_width(columns[0], max(terminal.width() * _NAMES_SHARE, _NAME))
        columns = _fit(columns, widths, terminal.width())
    lines = [_line(columns, widths, [column.header for column in columns], ["bold"] * len(columns))]
    for index in range(len(columns[0].cells)):
        cells = [column.cells[index] for column in columns]
        styles = [column.styles[index] for column in columns]
        if cell_len(cells[0]) > widths[id(columns[0])]:  # never cut: it has a line of its own
            lines.append([(cells[0], styles[0])])
            cells[0] = ""
        lines.append(_line(columns, widths, cells, styles))
    terminal.print_lines(lines)
    shown = [column.header for column in columns]
    return [header for header in headers if header not in shown]


def _usual_width(column: Column, most: float) -> int:
    """Return the width of a column without its few cells that are wider than `most`."""
    widths = [cell_len(cell) for cell in (column.header, *column.cells)]
    return max((width for width in widths if width <= most), default=max(widths))


def _fit(columns: list[Column], widths: dict[int, int], room: int) -> list[Column]:
    """Return the columns that there is room for, their `widths` reduced where that is enough."""
    columns = list(columns)
    while True:
        excess = sum(widths[id(column)] + GAP for column in columns) - GAP - room
        spare = {id(c): max(widths[id(c)] - c.least, 0) for c in columns if c.least is not None}
        if excess <= sum(spare.values()):
            for column in sorted(columns, key=lambda c: -c.goes):
                taken = min(max(excess, 0), spare.get(id(column), 0))
                widths[id(column)] -= taken
                excess -= taken
            return columns
        last = max(columns, key=lambda column: column.goes)
        if last.goes == 0:
            for column in columns:
                if column.least is not None:
                    widths[id(column)] = max(widths[id(column)] - excess, _FEWEST)
            return columns
        columns.remove(last)


def _line(columns: list[Column], widths: dict[int, int], cells: list[str], styles: list[str]) -> Line:
    line: Line = []
    for column, cell, style in zip(columns, cells, styles, strict=True):
        width = widths[id(column)]
        text = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1).rstrip() + _ELLIPSIS
        padding = " " * (width - cell_len(text))
        line += [(padding, ""), (text, style)] if column.right else [(text, style), (padding, "")]
        line.append((" " * GAP, ""))
    while line and not line[-1][0].strip():  # no line ends in blanks
        line.pop()
    return line
