"""`refresh`: the sessions that were computed again, and a report."""

from collections.abc import Iterable, Iterator
from typing import Any

from sdgen_admin.cli.columns import USUAL
from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.views.report import ReportView
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.reports import ComputeReport


class RefreshedView(View[SessionRecord]):
    """Sessions after a refresh.

    Args:
        sessions: The sessions.
        report: What was done.
    """

    list_name = "sessions"
    columns = tuple(field.name for field in USUAL)

    def __init__(self, sessions: Iterable[SessionRecord], report: ComputeReport) -> None:
        super().__init__(sessions)
        self._report = report

    def beside(self) -> dict[str, Any]:
        """Return the report."""
        return self._report.model_dump(mode="json")

    def json(self, item: SessionRecord) -> str:
        """Return what was computed and what is wrong."""
        return item.model_dump_json(include={"session_id", "stats", "problem"})

    def row(self, item: SessionRecord) -> Iterable[Any]:
        """Return the usual columns."""
        return (field.get(item) for field in USUAL)

    def ids(self, item: SessionRecord) -> Iterable[str]:
        """Return the session's id."""
        return (item.session_id,)

    def print(self, items: Iterator[SessionRecord]) -> None:  # noqa: ARG002 -- one line says enough about many
        """Print the report's line."""
        ReportView([self._report]).print(iter([self._report]))
