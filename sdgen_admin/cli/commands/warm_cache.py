"""`sdgen-admin warm-cache`."""

from typing import Annotated

import typer

from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.nothing import say_if_empty
from sdgen_admin.cli.options import Jobs, Output, Place, Strict
from sdgen_admin.cli.selection import exit_for, say_problems
from sdgen_admin.cli.terminal import progress_bar


@with_options
def command(
    output: Output,
    place: Place,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also delete the stats, never the metadata, of sessions that are gone.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Prune even if it looks like an unmounted drive.")] = False,
    jobs: Jobs = None,
    strict: Strict = False,
) -> None:
    """Bring every session's stats up to date: for cron, and for a service's start.

    One runs at a time for a database; a second leaves at once with a note.

    Examples:
        sdgen-admin warm-cache --quiet

        sdgen-admin warm-cache --prune
    """
    from sdgen_admin.services.warm import warming

    library = place.library()
    library.require_root()
    with warming(library.database) as is_ours:
        if not is_ours:
            place.say("Another warm-cache is at work on this database; leaving it to that one.")
            return
        with progress_bar(quiet=place.quiet) as progress:
            report = library.compute(jobs=jobs, progress=progress)
        if not place.quiet or output.chosen is not OutputFormat.TABLE or report.failed:
            from sdgen_admin.cli.views.report import ReportView

            renderer(output.chosen).render(ReportView([report]))
        say_if_empty(place, library, report)
        say_problems(place, report, strict=strict)
        if prune:
            pruned = library.prune(force=force)
            place.say(f"{pruned:,} pruned: stats of sessions whose folder is gone")
    exit_for(report, strict=strict)
