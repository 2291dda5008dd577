"""`--format ids`: names for `xargs`, one a line, each once."""

from typing import Any

from sdgen_admin.cli.formats.interface import Renderer, View
from sdgen_admin.cli.formats.stdout import write
from sdgen_admin.cli.text import visible


class IdsRenderer(Renderer):
    """Session ids."""

    def render(self, view: View[Any]) -> None:
        """Write each id when it first comes."""
        written: set[str] = set()
        for item in view.items:
            for name in view.ids(item):
                if name not in written:
                    written.add(name)
                    write(visible(name) + "\n")
