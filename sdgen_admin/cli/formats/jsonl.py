"""`--format jsonl`: one JSON object a line."""

from typing import Any

from sdgen_admin.cli.formats.interface import Renderer, View
from sdgen_admin.cli.formats.stdout import write
from sdgen_admin.cli.text import escaped_json


class JsonLinesRenderer(Renderer):
    """JSON Lines."""

    def render(self, view: View[Any]) -> None:
        """Write each item as it comes."""
        for item in view.items:
            write(escaped_json(view.json(item)) + "\n")
