"""What commands share about choosing sessions and saying what came of it."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from sdgen_admin.cli.options import Filters, Place
from sdgen_admin.cli.terminal import note
from sdgen_admin.cli.text import visible
from sdgen_admin.errors import UsageError

if TYPE_CHECKING:
    from sdgen_admin.cli.terminal import ProgressBar
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.models.reports import ComputeReport
    from sdgen_admin.services.library import SessionLibrary

_STDIN = "-"
_PROBLEMS_SAID = 10


def contradiction(one: str, other: str) -> UsageError:
    """Return the error of two flags or arguments that cannot both be meant."""
    return UsageError(f"{one} and {other} contradict each other.", "Leave one of them out.")


def chosen_sessions(library: "SessionLibrary", arguments: Iterable[str] | None, *, fresh: bool = True) -> list[str]:
    """Return the ids that SESSION arguments mean; `-` stands for the ids on standard input, one a line, or none.

    Raises:
        SessionNotFoundError: One means no session, or several.
    """
    texts: list[str] = []
    for argument in arguments or ():
        if argument != _STDIN:
            texts.append(argument)
            continue
        lines = [line.removesuffix("\r") for line in _stdin().split("\n")]
        texts += [line for line in lines if line.strip()]
    return library.resolve(texts, fresh=fresh, spelled=visible) if texts else []


def one_session(command: str, library: "SessionLibrary", argument: str, *, fresh: bool) -> str:
    """Return the id that the one SESSION argument of a command means. Raises as `chosen_sessions`."""
    chosen = chosen_sessions(library, [argument], fresh=fresh)
    if len(chosen) != 1:
        raise UsageError(f"{command} takes one session.", "Name it by its id, a part of that, or latest.")
    return chosen[0]


def _stdin() -> str:
    """Return what standard input holds; ids are UTF-8, whatever the terminal's encoding is."""
    return sys.stdin.buffer.read().decode("utf-8-sig", "surrogateescape")


def say_report(place: Place, progress: "ProgressBar", report: "ComputeReport", filters: Filters) -> None:
    """End the progress bar and say what the listing cannot show."""
    progress.close()
    place.say_more(f"{report.computed:,} computed, {report.fresh:,} fresh, {_passed_over(report)}")
    for problem in report.problems:
        if problem.is_unlisted and (filters.problem or not filters.narrows(page=False)):
            place.say(visible(f"{problem.session_id}: {problem.problem}"))
    say_missing(place, report)


def say_missing(place: Place, report: "ComputeReport") -> None:
    """Say how many sessions have lost their folder: once, or as long as it looks like an unmounted drive."""
    here = report.computed + report.fresh + report.failed
    everything = report.missing + here
    if report.newly_missing or report.missing > everything / 5:  # as pruning has it
        place.say(f"No folder now: {report.missing:,} of {everything:,} sessions. See them: sdgen-admin list --missing")


def say_page(place: Place, query: "SessionFilter", total_count: int, left_out: list[str]) -> None:
    """Say which part of all was shown, and which columns there was no room for.

    Args:
        place: Where to say it.
        query: What was asked, with its page.
        total_count: How many sessions match, one at least.
        left_out: The columns that there was no room for.
    """
    if query.offset >= total_count:
        place.say(f"There are only {total_count:,} sessions.")
    else:
        last = total_count if query.limit is None else min(query.offset + query.limit, total_count)
        no_room = f" (no room: {', '.join(left_out)})" if left_out else ""
        place.say(f"{query.offset + 1:,}–{last:,} of {total_count:,}{no_room}")


def say_problems(place: Place, report: "ComputeReport", *, strict: bool) -> None:
    """Say which sessions are missing or have a problem; what makes the command fail, quiet does not silence."""
    say_missing(place, report)
    problems = [problem for problem in report.problems if problem.is_failure or strict or not place.quiet]
    for problem in problems[:_PROBLEMS_SAID]:
        note(f"{visible(problem.session_id)}: {visible(problem.problem)}")
    if len(problems) > _PROBLEMS_SAID:
        note(f"… and {len(problems) - _PROBLEMS_SAID:,} more: sdgen-admin list --problem --all")
    place.say_more(f"{_passed_over(report)} in the images root")


def _passed_over(report: "ComputeReport") -> str:
    return f"{report.passed_over:,} other {'entry' if report.passed_over == 1 else 'entries'} passed over"


def exit_for(report: "ComputeReport", *, strict: bool) -> None:
    """End with 1 where a session failed or, if strict, has a problem."""
    if report.failed or (strict and report.problems):
        raise typer.Exit(1)
