"""`undo`: what was taken back."""

from typing import Any

from sdgen_admin.cli.views.changes import ChangesView
from sdgen_admin.models.history import UndoReport


class UndoneView(ChangesView):
    """Changes of metadata, and which groups of the history they belong to."""

    def __init__(self, report: UndoReport) -> None:
        super().__init__(report.changes)
        self._report = report

    def beside(self) -> dict[str, Any]:
        """Return the two groups."""
        return {"undone": self._report.undone, "group": self._report.group}
