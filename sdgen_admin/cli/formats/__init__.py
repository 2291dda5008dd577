"""The output formats. To add one: its name here, its file beside this one, its line in `renderer`."""

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from sdgen_admin.cli.formats.interface import Renderer


class OutputFormat(StrEnum):
    """In which form data is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    IDS = "ids"


def renderer(chosen: OutputFormat) -> "Renderer":
    """Return what writes the chosen format; only its own module is loaded."""
    match chosen:
        case OutputFormat.TABLE:
            from sdgen_admin.cli.formats.table import TableRenderer

            return TableRenderer()
        case OutputFormat.JSON:
            from sdgen_admin.cli.formats.json import JsonRenderer

            return JsonRenderer()
        case OutputFormat.JSONL:
            from sdgen_admin.cli.formats.jsonl import JsonLinesRenderer

            return JsonLinesRenderer()
        case OutputFormat.CSV:
            from sdgen_admin.cli.formats.csv import CsvRenderer

            return CsvRenderer()
        case OutputFormat.TSV:
            from sdgen_admin.cli.formats.tsv import TsvRenderer

            return TsvRenderer()
        case OutputFormat.IDS:
            from sdgen_admin.cli.formats.ids import IdsRenderer

            return IdsRenderer()
        case _:
            assert_never(chosen)
