"""`backup`: where the copy is."""

from collections.abc import Iterable, Iterator
from typing import Any

from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import print_lines
from sdgen_admin.cli.text import visible
from sdgen_admin.models.reports import BackupReport


class BackupView(View[BackupReport]):
    """A copy of the database."""

    columns = ("path", "size")

    def row(self, item: BackupReport) -> Iterable[Any]:
        """Return path and size."""
        return item.path, item.size

    def ids(self, item: BackupReport) -> Iterable[str]:
        """Return the path: it is the name here."""
        return (item.path,)

    def print(self, items: Iterator[BackupReport]) -> None:
        """Print the one line."""
        for item in items:
            print_lines([[(f"{visible(item.path)}, {item.size:,} bytes, checked", "")]])
