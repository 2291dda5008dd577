"""Why there is nothing to show, and what to do about it."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sdgen_admin.cli.options import Filters, Place

if TYPE_CHECKING:
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.models.reports import ComputeReport
    from sdgen_admin.services.library import SessionLibrary

_NAMES_SAID = 5


def say_nothing(
    place: Place, library: "SessionLibrary", filters: Filters, query: "SessionFilter", *, cached: bool
) -> None:
    """Say why a list is empty.

    Args:
        place: Where to say it.
        library: Where to look for the reason.
        filters: What was asked.
        query: The same, as the library has it.
        cached: Whether only the database was asked.
    """
    if place.quiet:
        return
    if filters.narrows(page=False):
        place.say("\n".join(["No session matches.", *(_reasons(library, query) if library.database.exists() else ())]))
    elif cached:
        place.say("The database knows of no session with a folder. Others: sdgen-admin list --missing --cached")
    else:
        _say_there_are_none(place, library)


def _reasons(library: "SessionLibrary", query: "SessionFilter") -> Iterator[str]:
    """Yield what no session at all has, and how many would match if their folder were there."""
    tags = library.tag_counts() if query.tag else {}
    for tag in query.tag:
        if tag not in tags:
            from difflib import get_close_matches

            near = get_close_matches(tag, tags, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "See them all with: sdgen-admin tag --list"
            yield f"None has the tag {tag!r}. {hint}"
    if query.model is not None:
        from sdgen_admin.db import peek

        models = peek.peek(library.database.path, peek.models, "")
        if models and not any(query.model.casefold() in name.casefold() for name in models):
            yield f"No model has {query.model!r} in its name. There are: {_shortened(models)}."
    if not query.missing:
        gone = query.model_copy(update={"missing": True, "limit": 1, "offset": 0})
        if count := library.find(gone, fresh=False).total_count:
            yield f"{count:,} whose folder is gone would. See them with: --missing"


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
    return f"\nThere are: {_shortened(names)}. Is it the right folder? See: sdgen-admin config"


def _shortened(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SAID:,} more" if len(names) > _NAMES_SAID else ""
    return ", ".join(names[:_NAMES_SAID]) + more
