"""Everything the program says beside its data and its errors: on stderr, and nothing when quiet."""

from typing import TYPE_CHECKING

from sdgen_admin.cli.terminal import note
from sdgen_admin.cli.text import visible
from sdgen_admin.models.reports import ComputeReport, Listener
from sdgen_admin.models.session_id import shown_id
from sdgen_admin.settings import OPTION, Origin, Settings

if TYPE_CHECKING:
    from sdgen_admin.models.filters import SessionFilter

_PROBLEMS_SAID = 10
_MANY_MISSING = 1 / 5
"""The share of sessions without a folder from which pruning is refused."""


def origin_words(origin: Origin) -> str:
    """Return where a setting came from, an option with its hyphens."""
    return f"--{origin.name}" if origin.kind == OPTION else origin.name


class Says(Listener):
    """Says on stderr what happens around the data.

    Args:
        quiet: Whether to leave only what makes a command fail.
        verbose: Whether to add what explains how the data came about.
    """

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._said: set[str] = set()

    def note(self, text: str) -> None:
        """Say something, unless quiet."""
        if not self._quiet:
            note(text)

    def more(self, text: str) -> None:
        """Say something if verbose."""
        if self._verbose:
            self.note(text)

    def once(self, text: str) -> None:
        """Say something that several steps of one command may each find out."""
        if text not in self._said:
            self._said.add(text)
            self.note(text)

    def created(self, path: str) -> None:
        """Say that the database was created."""
        self.once(f"Created a new database: {visible(path)}")

    def converting(self, path: str) -> None:
        """Say what takes a while."""
        self.once(f"Converting {visible(path)} to the form of this version …")

    def waiting(self, path: str) -> None:
        """Say what the command waits for."""
        self.once(f"Waiting for another program that is using {visible(path)} …")

    def backed_up(self, path: str) -> None:
        """Say where the copy is."""
        self.once(f"Backed up the database before first writing to it: {visible(path)}")

    def in_memory(self, why: str) -> None:
        """Say that the next command has to compute the same again."""
        self.once(f"The new stats are shown, but could not be stored: {visible(why)}")

    def settings(self, settings: Settings) -> None:
        """Say, if verbose, which collection is meant and why."""
        origin = visible(origin_words(settings.roots_origin))
        for root in settings.roots:
            self.more(f"images root {visible(root.name)}: {visible(root.path)} (from {origin})")
        self.more(f"database: {visible(settings.db_path)} (from {visible(origin_words(settings.db_origin))})")

    def listing(self, report: ComputeReport, *, is_everything: bool) -> None:
        """Say what a list cannot show.

        Args:
            report: What was computed for it.
            is_everything: Whether the list includes whatever has a problem.
        """
        self.more(f"{report.computed:,} computed, {report.fresh:,} fresh, {_skipped(report)}")
        for problem in report.problems:
            if problem.is_unlisted and is_everything:
                self.note(f"{shown_id(problem.session_id)}: {visible(problem.problem)}")
        self.absent(report)

    def absent(self, report: ComputeReport) -> None:
        """Say which roots are offline, and how many sessions have lost their folder.

        The latter only when there are new ones, or as long as it looks like an unmounted drive.
        """
        if report.offline:
            names = ", ".join(map(visible, report.offline))
            what = "root {} is offline. Its" if len(report.offline) == 1 else "roots {} are offline. Their"
            self.once(f"The images {what.format(names)} sessions are shown as recorded.")
        everything = report.missing + report.computed + report.fresh + report.failed
        if report.newly_missing or report.missing > everything * _MANY_MISSING:
            have = "has" if report.missing == 1 else "have"
            gone = f"{report.missing:,} of {everything:,} sessions {have} no folder any more."
            self.once(f"{gone} See them with: sdgen-admin list --missing")

    def page(self, query: "SessionFilter", total_count: int, left_out: list[str]) -> None:
        """Say which part of a list was shown.

        Args:
            query: What was asked, with its page.
            total_count: How many sessions match, one at least.
            left_out: The columns for which the terminal is too narrow.
        """
        if query.offset >= total_count:
            self.note(f"There are only {total_count:,} sessions.")
            return
        last = total_count if query.limit is None else min(query.offset + query.limit, total_count)
        hidden = f" (no room: {', '.join(left_out)})" if left_out else ""
        self.note(f"{query.offset + 1:,}–{last:,} of {total_count:,}{hidden}")

    def problems(self, report: ComputeReport, *, strict: bool) -> None:
        """Say which sessions are missing or have a problem. What makes the command fail is said even when quiet."""
        self.absent(report)
        problems = [problem for problem in report.problems if problem.is_failure or strict or not self._quiet]
        for problem in problems[:_PROBLEMS_SAID]:
            note(f"{shown_id(problem.session_id)}: {visible(problem.problem)}")
        if len(problems) > _PROBLEMS_SAID:
            note(f"… and {len(problems) - _PROBLEMS_SAID:,} more: sdgen-admin list --problem --all")
        self.more(_skipped(report))


def _skipped(report: ComputeReport) -> str:
    what = "entry that is not a session" if report.passed_over == 1 else "entries that are not sessions"
    return f"{report.passed_over:,} {what} skipped"
