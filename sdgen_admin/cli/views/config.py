"""`config`: what every command works on, and where that was found."""

from collections.abc import Iterable, Iterator
from typing import Any

from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import Line, print_lines
from sdgen_admin.cli.text import visible

ConfigLine = dict[str, Any]
"""A setting: name, value, source; if checked, also what was found."""

_LABELS = {"images_dir": "images root", "db_path": "database"}
_VARIABLES = ("SDGEN_IMAGES_DIR", "IMAGE_FOLDERS", "SDGEN_DB")
_DEFAULTS = ("beside the images root",)
_WORDS = {"is_there": "there", "is_readable": "readable", "is_writable": "writable"}


class ConfigView(View[ConfigLine]):
    """The settings."""

    list_name = "settings"
    columns = ("name", "value", "origin", "source", *_WORDS, "problem")

    def __init__(self, lines: Iterable[ConfigLine]) -> None:
        unchecked: ConfigLine = dict.fromkeys(self.columns)
        super().__init__({**unchecked, **line, "origin": _origin(line["source"])} for line in lines)

    def row(self, item: ConfigLine) -> Iterable[Any]:
        """Return the setting's facts."""
        return (item[name] for name in self.columns)

    def ids(self, item: ConfigLine) -> Iterable[str]:
        """Return the value: it is what other commands take."""
        return (item["value"],)

    def print(self, items: Iterator[ConfigLine]) -> None:
        """Print each setting in a paragraph."""
        for item in items:
            between = ", " if item["origin"] == "default" else " "
            source = f"{item['origin']}{between}{item['source']}"
            lines: list[Line] = [
                [(f"{_LABELS[item['name']]:<12}", "bold"), (visible(item["value"]), "")],
                [(f"{'  from':<12}", "dim"), (visible(source), "")],
            ]
            if item["is_there"] is not None:
                facts = ", ".join(word if item[name] else f"not {word}" for name, word in _WORDS.items())
                lines.append([(f"{'  is':<12}", "dim"), (facts, "")])
            if item["problem"]:
                lines.append([(f"{'  problem':<12}", "dim"), (visible(item["problem"]), "red")])
            print_lines(lines)


def _origin(source: str) -> str:
    """Return what kind of thing a setting came from: a flag, a variable, a file or the default."""
    if source.startswith("--"):
        return "flag"
    if source in _VARIABLES:
        return "variable"
    return "default" if source in _DEFAULTS else "file"
