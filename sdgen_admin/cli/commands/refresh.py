"""`sdgen-admin refresh`."""

from functools import partial
from typing import Annotated

import typer

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Filters, Jobs, Output, Place, Sessions, Strict
from sdgen_admin.cli.selection import chosen_sessions, contradiction, exit_for, say_missing, say_problems
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

    Filters choose all sessions that match, among those named if any, unless --limit says how many.

    Examples:
        sdgen-admin refresh latest

        sdgen-admin refresh --no-complete --from-date 7d
    """
    if not (sessions or filters.narrows() or everything):
        raise UsageError("Which sessions?", "Name some, give filters, or use --all.")
    if sessions and everything:
        raise contradiction("--all", "named sessions")
    if everything and filters.limit is not None:
        raise contradiction("--all", "--limit")
    query = filters.query(limit=None)
    library = place.library()
    ids = chosen_sessions(library, sessions) if sessions else None
    with progress_bar(quiet=place.quiet) as progress:
        if filters.narrows():
            with library.select(query, progress=progress, on_report=partial(say_missing, place)) as (_, found):
                matching = {record.session_id: None for record in found if not record.missing}
            ids = [name for name in (matching if ids is None else ids) if name in matching]
            if not ids:
                place.say("No session matches.")
        report = library.compute(ids, force=True, jobs=jobs, progress=progress)

    from sdgen_admin.cli.views.refreshed import RefreshedView

    with library.records(ids) as records:
        renderer(output.chosen).render(RefreshedView(records, report))
    say_problems(place, report, strict=strict)
    exit_for(report, strict=strict)
