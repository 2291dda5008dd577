"""Why a list is empty, and what to do about it."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sdgen_admin.cli.hints import did_you_mean
from sdgen_admin.cli.text import visible
from sdgen_admin.models.text import composed, fold

if TYPE_CHECKING:
    from sdgen_admin.cli.filters import Filters
    from sdgen_admin.cli.says import Says
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.models.reports import ComputeReport
    from sdgen_admin.models.roots import Root
    from sdgen_admin.services.library import SessionLibrary

_NAMES_SAID = 5


def explain_empty_list(
    says: "Says", library: "SessionLibrary", filters: "Filters", query: "SessionFilter", *, cached: bool
) -> None:
    """Say why a list is empty.

    Args:
        says: Told the reason.
        library: Where to look for it.
        filters: What was asked.
        query: The same, as the library has it.
        cached: Whether only the database was asked.
    """
    if filters.narrows(page=False):
        reasons = _reasons(library, query) if library.exists() else ()
        says.note("\n".join(["No session matches.", *reasons]))
    elif cached:
        says.note("The database has no session with a folder. For the others: sdgen-admin list --missing --cached")
    else:
        _explain_no_sessions(says, library)


def explain_if_empty(says: "Says", library: "SessionLibrary", report: "ComputeReport") -> None:
    """Say so if a report on all sessions is about none: perhaps it is the wrong folder."""
    if not (report.computed or report.fresh or report.problems or report.offline):
        _explain_no_sessions(says, library)


def _reasons(library: "SessionLibrary", query: "SessionFilter") -> Iterator[str]:
    """Yield what no session has at all, and how many would match if their folder were there."""
    tags = library.tags() if query.tag else {}
    folded = {fold(tag): tag for tag in tags}
    for tag in query.tag:
        if composed(tag) not in tags:
            near = [folded[name] for name in get_close_matches(fold(tag), folded, n=3)]
            hint = did_you_mean(near) if near else "List the tags with: sdgen-admin tag --list"
            yield f"No session is tagged {tag!r}. {hint}"
    models = list(library.models()) if query.model else []
    if models and not any(fold(part) in fold(name) for part in query.model for name in models):
        parts = " or ".join(map(repr, query.model))
        yield f"No model has {parts} in its name. The models are: {_shortened(models)}."
    if not query.missing:
        missing = query.model_copy(update={"missing": True, "limit": 1, "offset": 0})
        if count := library.find(missing, fresh=False).total_count:
            matches = "session without a folder matches" if count == 1 else "sessions without a folder match"
            yield f"{count:,} {matches}. To see what is recorded, add: --missing"


def _explain_no_sessions(says: "Says", library: "SessionLibrary") -> None:
    for root in library.shown:
        says.note(
            f"There are no sessions in {visible(root.path)}. A session is a folder whose name starts with a date and"
            f" time, such as 20251107_120000-name.{_what_is_there(root)}"
        )


def _what_is_there(root: "Root") -> str:
    """Return what an images root without sessions holds instead."""
    try:
        names = sorted(os.listdir(root.path))
    except OSError:
        return ""
    if not names:
        return "\nThe folder is empty."
    return f"\nThe folder holds: {_shortened(names)}. Is it the right one? See: sdgen-admin config"


def _shortened(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SAID:,} more" if len(names) > _NAMES_SAID else ""
    return ", ".join(map(visible, names[:_NAMES_SAID])) + more
