"""`--format tsv`: one item a line for `cut` and `awk`, with a header.

A cell is quoted as in CSV if it holds a tab, a quotation mark or a line break. Python's `csv` module, told that tabs
are the delimiter, and pandas' `read_csv` read the same cells back.
"""

from typing import ClassVar

from sdgen_admin.cli.formats.csv import CsvRenderer


class TsvRenderer(CsvRenderer):
    """Tab-separated values."""

    delimiter: ClassVar[str] = "\t"
    line_end: ClassVar[str] = "\n"
