"""`sdgen-admin refresh`."""

from typing import Annotated

import typer

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.options import Filters, Jobs, Output, Place, Sessions, Strict, with_options
from sdgen_admin.cli.selection import chosen_sessions, exit_for, say_problems
from sdgen_admin.cli.terminal import progress_bar
from sdgen_admin.errors import UsageError


@with_options
def command(
    filters: Filters,
    output: Output,
    place: Place,
    sessions: Sessions = None,
    everything: Annotated[bool, typer.Option("--all", help="Every session of the images root.")] = False,
    jobs: Jobs = None,
    strict: Strict = False,
) -> None:
    """Compute stats again, whether or not anything seems to have changed.

    Filters choose all sessions that match, unless --limit says how many.

    Examples:
        sdgen-admin refresh latest

        sdgen-admin refresh --no-complete --from-date 7d
    """
    if sum([bool(sessions), filters.narrows(), everything]) != 1:
        raise UsageError("Which sessions?", "Name some, or give filters, or use --all: one of the three.")
    query = filters.query(limit=None)
    library = place.library()
    with progress_bar(quiet=place.quiet) as progress:
        if filters.narrows():
            ids = [record.session_id for record in library.find(query, progress=progress).sessions]
        else:
            ids = chosen_sessions(library, sessions)
        report = library.compute(None if everything else ids, force=True, jobs=jobs, progress=progress)

    from sdgen_admin.cli.views.refreshed import RefreshedView

    with library.records(None if everything else ids) as records:
        renderer(output.chosen).render(RefreshedView(records, report))
    say_problems(place, report)
    exit_for(report, strict=strict)
