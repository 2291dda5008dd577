"""`--format table`: for the eyes; each view has its own looks."""

from typing import Any

from sdgen_admin.cli.formats.interface import Renderer, View


class TableRenderer(Renderer):
    """Tables and sections."""

    def render(self, view: View[Any]) -> None:
        """Print the view as it wants to be seen."""
        view.print(view.items)
