"""`sdgen-admin refresh`."""

from typing import Annotated

import typer

from sdgen_admin.cli.filters import Filters
from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Jobs, Output, Place, Sessions, Strict
from sdgen_admin.cli.selection import chosen_sessions, contradiction, exit_for, matching_sessions
from sdgen_admin.cli.terminal import progress_bar
from sdgen_admin.errors import UsageError


@with_options
def command(
    filters: Filters,
    output: Output,
    place: Place,
    sessions: Sessions = None,
    everything: Annotated[bool, typer.Option("--all", help="Every session.")] = False,
    jobs: Jobs = None,
    strict: Strict = False,
) -> None:
    """Compute stats again, whether or not anything seems to have changed.

    With filters, all sessions that match; with names as well, the named ones that match.

    Examples:
        sdgen-admin refresh latest

        sdgen-admin refresh --no-complete --from-date 7d
    """
    if not (sessions or filters.narrows() or everything):
        raise UsageError("No session is named.", hint="Name one or more, give filters, or use --all.")
    if sessions and everything:
        raise contradiction("--all", "named sessions")
    if everything and filters.limit is not None:
        raise contradiction("--all", "--limit")
    query = filters.query(limit=None)
    library = place.library()
    chosen = chosen_sessions(library, sessions) if sessions else None
    with progress_bar(quiet=place.quiet) as progress:
        if filters.narrows():
            chosen = matching_sessions(library, query, chosen, place.says, progress, with_folder=True)
            if not chosen:
                place.says.note("No session matches.")
        report = library.compute(chosen, force=True, jobs=jobs, progress=progress)

    from sdgen_admin.cli.views.refreshed import RefreshedView

    with library.records(chosen) as records:
        renderer(output.chosen).render(RefreshedView(records, report))
    place.says.problems(report, strict=strict)
    exit_for(report, strict=strict)
