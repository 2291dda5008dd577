"""`backup` and `restore`: where the copy is, and where what it replaced."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import print_lines
from sdgen_admin.cli.text import visible
from sdgen_admin.models.reports import BackupReport, RestoreReport


class BackupView(View[BackupReport]):
    """A copy of the database."""

    columns = ("path", "size")

    def json(self, item: BackupReport) -> str:
        """Return path and size. Not by Pydantic, which refuses a path that is not valid UTF-8."""
        return json.dumps(item.model_dump(), ensure_ascii=False)

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


class RestoreView(View[RestoreReport]):
    """A database that holds what a copy holds."""

    columns = ("path", "restored_from", "previous", "was_damaged")

    def json(self, item: RestoreReport) -> str:
        """Return all fields. Not by Pydantic, which refuses a path that is not valid UTF-8."""
        return json.dumps(item.model_dump(), ensure_ascii=False)

    def row(self, item: RestoreReport) -> Iterable[Any]:
        """Return the fields."""
        return item.path, item.restored_from, item.previous, item.was_damaged

    def ids(self, item: RestoreReport) -> Iterable[str]:
        """Return the path: it is the name here."""
        return (item.path,)

    def print(self, items: Iterator[RestoreReport]) -> None:
        """Print the one line."""
        for item in items:
            print_lines([[(f"{visible(item.path)} is restored from {visible(item.restored_from)}", "")]])
