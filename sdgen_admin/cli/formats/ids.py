"""`--format ids`: names for `xargs`, one a line, each once; `-` reads them back, whatever characters they hold."""

from typing import Any

from sdgen_admin.cli.formats.interface import Renderer, View
from sdgen_admin.cli.formats.stdout import write
from sdgen_admin.models.session_id import shown_id


class IdsRenderer(Renderer):
    """Session ids."""

    def render(self, view: View[Any]) -> None:
        """Write each id when it first comes."""
        written: set[str] = set()
        for item in view.items:
            for name in view.ids(item):
                if name not in written:
                    written.add(name)
                    write(shown_id(name) + "\n")
