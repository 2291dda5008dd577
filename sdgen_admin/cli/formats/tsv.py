"""`--format tsv`: one item a line for `cut` and `awk`; tabs, line breaks and other control characters spelled out."""

from typing import Any

from sdgen_admin.cli.formats.interface import Renderer, View, cell
from sdgen_admin.cli.formats.stdout import write
from sdgen_admin.cli.text import visible


class TsvRenderer(Renderer):
    """Tab-separated values."""

    def render(self, view: View[Any]) -> None:
        """Write the header, then each item as it comes."""
        write("\t".join(view.columns) + "\n")
        for item in view.items:
            write("\t".join(visible(cell(value)) for value in view.row(item)) + "\n")
