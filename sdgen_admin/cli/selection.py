"""What commands share about choosing sessions and saying what came of it."""

import os
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
_NAMES_SAID = 5


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


def say_page(
    place: Place,
    library: "SessionLibrary | None",
    filters: Filters,
    query: "SessionFilter",
    total_count: int,
    left_out: list[str],
) -> None:
    """Say which part of all was shown and which columns there was no room for, or why nothing was shown.

    Args:
        place: Where to say it.
        library: Where to look why there are no sessions; None: nowhere.
        filters: What was asked.
        query: The same, with its page.
        total_count: How many sessions match.
        left_out: The columns that there was no room for.
    """
    if total_count == 0 and filters.narrows(page=False):
        place.say("No session matches.")
    elif total_count == 0 and library is not None:
        _say_there_are_none(place, library)
    elif total_count == 0:
        place.say("The database knows of no session with a folder. Others: sdgen-admin list --missing --cached")
    elif query.offset >= total_count:
        place.say(f"There are only {total_count:,} sessions.")
    else:
        last = total_count if query.limit is None else min(query.offset + query.limit, total_count)
        no_room = f" (no room: {', '.join(left_out)})" if left_out else ""
        place.say(f"{query.offset + 1:,}–{last:,} of {total_count:,}{no_room}")


def say_if_empty(place: Place, library: "SessionLibrary", report: "ComputeReport") -> None:
    """Say so where a report on all sessions is about none: perhaps it is the wrong folder."""
    if not (report.computed or report.fresh or report.problems):
        _say_there_are_none(place, library)


def _say_there_are_none(place: Place, library: "SessionLibrary") -> None:
    place.say(
        f"There are no sessions in {library.images_dir}: no folder there has a name that starts with a date and"
        f" time, such as 20251107_120000-name.{_what_is_there(library.images_dir)}"
    )


def _what_is_there(images_dir: str) -> str:
    """Return what an images root without sessions holds instead."""
    try:
        names = sorted(os.listdir(images_dir))
    except OSError:
        return ""
    if not names:
        return "\nThe folder is empty."
    more = f" and {len(names) - _NAMES_SAID:,} more" if len(names) > _NAMES_SAID else ""
    return f"\nThere are: {', '.join(names[:_NAMES_SAID])}{more}. Is it the right folder? See: sdgen-admin config"


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
