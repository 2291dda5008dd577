"""`list`: a page of sessions."""

from collections.abc import Iterable, Iterator
from typing import Any

from sdgen_admin.cli.columns import USUAL
from sdgen_admin.cli.formats.interface import View, cell
from sdgen_admin.cli.text import visible
from sdgen_admin.cli.views.grid import Column, print_grid
from sdgen_admin.cli.views.marks import completion, completion_style, flags, images
from sdgen_admin.models.fields import Field
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.session_id import shown_id

_NEVER_CUT = ("session_id", "session_path")
_MODEL_ENDINGS = (".safetensors", ".ckpt")


class SessionsView(View[SessionRecord]):
    """A page of sessions.

    Args:
        sessions: The sessions.
        page: What JSON has beside them: total count, limit, offset.
        columns: The fields to show; None for the usual ones.
    """

    list_name = "sessions"

    def __init__(
        self, sessions: Iterable[SessionRecord], page: dict[str, Any], columns: tuple[Field, ...] | None = None
    ) -> None:
        super().__init__(sessions)
        self._page = page
        self._asked = columns
        self._fields = columns or USUAL
        self.columns = tuple(field.name for field in self._fields)
        self.left_out: list[str] = []
        """Columns for which the terminal is too narrow; known once they are printed."""

    def beside(self) -> dict[str, Any]:
        """Return total count, limit and offset."""
        return self._page

    def row(self, item: SessionRecord) -> Iterable[Any]:
        """Return the values of the columns."""
        return (field.get(item) for field in self._fields)

    def ids(self, item: SessionRecord) -> Iterable[str]:
        """Return the session's id."""
        return (item.session_id,)

    def print(self, items: Iterator[SessionRecord]) -> None:
        """Print the usual table, or the fields that were asked for."""
        grid = self._usual(items) if self._asked is None else self._chosen(items)
        if grid[0].cells:
            self.left_out = print_grid(grid)

    def _chosen(self, items: Iterator[SessionRecord]) -> list[Column]:
        grid = [Column(name, least=12, goes=goes, stays=True) for goes, name in enumerate(self.columns)]
        for column in grid:  # the first column names the row, and an id is never cut
            if column is grid[0] or column.header in _NEVER_CUT:
                column.least, column.goes = None, 0
        for item in items:
            for column, value in zip(grid, self.row(item), strict=True):
                is_id = column.header == "session_id"
                column.add(shown_id(value) if is_id else visible(cell(value).rstrip("\n")))
        return grid

    def _usual(self, items: Iterator[SessionRecord]) -> list[Column]:
        name = Column("session")
        created = Column("created", goes=6)
        model = Column("model", least=12, goes=5)
        count = Column("images", goes=1, right=True)
        bar = Column("completion", goes=2)
        marks = Column("flags", goes=3)
        tags = Column("tags", least=10, goes=4)
        problem = Column("problem", least=16, goes=7)  # a flag says that there is one
        for item in items:
            stats, metadata = item.stats, item.metadata
            name.add(shown_id(item.session_id))
            created.add(item.created_at.strftime("%Y-%m-%d %H:%M") if item.created_at else "", "dim")
            model.add(_short_model(stats.sd_model if stats else None))
            count.add(images(stats))
            bar.add(completion(stats), completion_style(stats))
            marks.add(" ".join(flags(item)), "yellow")
            tags.add(visible(", ".join(metadata.tags)) if metadata else "", "cyan")
            problem.add(visible(item.problem or ""), "red")
        if all(problem.cells):  # problems were asked for, and no flag says which
            problem.goes, problem.least = 0, 40
        return [name, created, model, count, bar, marks, tags, problem]


def _short_model(model: str | None) -> str:
    """Return a model's name without its hash and suffix; `show` has all of it."""
    name = (model or "").split(" [", 1)[0]
    for ending in _MODEL_ENDINGS:
        name = name.removesuffix(ending)
    return visible(name)
