"""`--format csv`: RFC 4180, with a header."""

import csv
import io
from typing import Any

from sdgen_admin.cli.formats.interface import Renderer, View, cell
from sdgen_admin.cli.formats.stdout import write_for_programs


class CsvRenderer(Renderer):
    """Comma-separated values."""

    def render(self, view: View[Any]) -> None:
        """Write the header, then each item as it comes."""
        write_for_programs(_line(view.columns))
        for item in view.items:
            write_for_programs(_line(map(cell, view.row(item))))


def _line(cells: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
