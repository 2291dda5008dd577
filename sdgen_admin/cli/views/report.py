"""`compute-stats` and `warm-cache`: a report of what was done."""

from collections.abc import Iterable, Iterator
from typing import Any

from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import print_lines
from sdgen_admin.models.reports import ComputeReport


def summary(report: ComputeReport) -> str:
    """Return a report in one line."""
    return (
        f"{report.computed:,} computed, {report.fresh:,} already fresh, {len(report.problems):,} with problems,"
        f" {report.failed:,} failed, in {report.seconds:.1f} s"
    )


class ReportView(View[ComputeReport]):
    """A report."""

    columns = ("computed", "fresh", "problems", "failed", "seconds")

    def row(self, item: ComputeReport) -> Iterable[Any]:
        """Return the numbers."""
        return item.computed, item.fresh, len(item.problems), item.failed, item.seconds

    def ids(self, item: ComputeReport) -> Iterable[str]:
        """Return the sessions with problems."""
        return (problem.session_id for problem in item.problems)

    def print(self, items: Iterator[ComputeReport]) -> None:
        """Print the one line."""
        for report in items:
            print_lines([[(summary(report), "")]])
