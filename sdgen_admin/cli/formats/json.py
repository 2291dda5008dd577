"""`--format json`: one document, its items each on a line of their own."""

import json
from typing import Any

from sdgen_admin.cli.formats.interface import Renderer, View
from sdgen_admin.cli.formats.stdout import write
from sdgen_admin.cli.text import escaped_json


class JsonRenderer(Renderer):
    """One JSON document."""

    def render(self, view: View[Any]) -> None:
        """Write it item by item."""
        if view.list_name is None:
            for item in view.items:
                write(escaped_json(view.json(item)) + "\n")
            return
        before = f'{{"{view.list_name}": ['
        for item in view.items:
            write(f"{before}\n{escaped_json(view.json(item))}")
            before = ","
        write("\n]" if before == "," else f"{before}]")
        for name, value in view.beside().items():
            write(f', "{name}": {escaped_json(json.dumps(value, ensure_ascii=False))}')
        write("}\n")
