"""`tag --list`: the tags in use."""

from collections.abc import Iterable, Iterator
from typing import Any

from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.text import visible
from sdgen_admin.cli.views.grid import Column, print_grid

TagCount = dict[str, Any]


class TagsView(View[TagCount]):
    """Tags with the number of sessions that have them."""

    list_name = "tags"
    columns = ("tag", "count")

    def __init__(self, counts: dict[str, int]) -> None:
        super().__init__({"tag": tag, "count": count} for tag, count in counts.items())

    def row(self, item: TagCount) -> Iterable[Any]:
        """Return tag and count."""
        return item["tag"], item["count"]

    def ids(self, item: TagCount) -> Iterable[str]:
        """Return the tag: it is the name here."""
        return (item["tag"],)

    def print(self, items: Iterator[TagCount]) -> None:
        """Print the table."""
        tags, counts = Column("tag"), Column("sessions", right=True)
        for item in items:
            tags.add(visible(item["tag"]), "cyan")
            counts.add(f"{item['count']:,}")
        if tags.cells:
            print_grid([tags, counts])
