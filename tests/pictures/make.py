"""The README's pictures: real screens of the demo, as Rich exports them."""

import html
import io
import re
import tempfile
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sdgen_admin.services.demo import make_demo
from tests.cli.harness import on_terminal

FOLDER = Path(__file__).parent
COLUMNS = 127
SCREENS = {"list.svg": ["list"], "show.svg": ["show", "portrait_lighting"]}
"""File name to command line."""


def make_pictures() -> dict[str, str]:
    """Return the SVG of each screen, the same on every machine and at any time."""
    with tempfile.TemporaryDirectory() as folder:
        images_dir = make_demo(Path(folder) / "sdgen-demo")
        screens = {
            name: on_terminal(*line, columns=COLUMNS, env={"SDGEN_IMAGES_DIR": images_dir})
            for name, line in SCREENS.items()
        }
        shown = {name: sent.replace(str(Path(images_dir).parent), "~/sdgen-demo") for name, sent in screens.items()}
    return {name: _svg(" ".join(["sdgen-admin", *SCREENS[name]]), sent) for name, sent in shown.items()}


def _svg(title: str, sent: str) -> str:
    sent = re.sub(r"(updated\s+(?:\x1b\[\d*m)?)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", r"\g<1>2025-11-08 18:30:00", sent)
    text = Text.from_ansi(sent.rstrip("\n"))
    width = max(cell_len(line) for line in text.plain.splitlines())
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(text, no_wrap=True, crop=False, highlight=False)
    svg = console.export_svg(title=title, unique_id=title.replace(" ", "-"))
    return re.sub(
        r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL
    )  # no font from elsewhere: any monospace one will do


def text_of(svg: str) -> list[str]:
    """Return the text of a picture, piece by piece."""
    return [html.unescape(piece).replace("\xa0", " ") for piece in re.findall(r"<text [^>]*>([^<]*)</text>", svg)]
