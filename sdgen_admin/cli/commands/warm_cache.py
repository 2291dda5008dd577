"""`sdgen-admin warm-cache`."""

from typing import Annotated

import typer

from sdgen_admin.cli.empty import explain_if_empty
from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Jobs, Output, Place, Strict
from sdgen_admin.cli.selection import exit_for
from sdgen_admin.cli.terminal import progress_bar


@with_options
def command(
    output: Output,
    place: Place,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also delete the stats, never the metadata, of sessions without a folder.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Prune even if it looks like an unmounted drive.")] = False,
    jobs: Jobs = None,
    strict: Strict = False,
) -> None:
    """Bring every session's stats up to date, for cron and for the start of a service.

    Only one runs at a time for each database; a second exits at once with a note.

    Examples:
        sdgen-admin warm-cache --quiet

        sdgen-admin warm-cache --prune
    """
    library = place.library()
    library.require_roots()
    with library.warm_lock() as is_ours:
        if not is_ours:
            place.says.note("Another warm-cache is at work on this database. Nothing to do.")
            return
        with progress_bar(quiet=place.quiet) as progress:
            report = library.compute(jobs=jobs, progress=progress)
        if not place.quiet or output.chosen is not OutputFormat.TABLE or report.failed:
            from sdgen_admin.cli.views.report import ReportView

            renderer(output.chosen).render(ReportView([report]))
        explain_if_empty(place.says, library, report)
        place.says.problems(report, strict=strict)
        if prune:
            pruned = library.prune(force=force)
            what = "session" if pruned == 1 else "sessions"
            place.says.note(f"Pruned the stats of {pruned:,} {what} without a folder.")
    exit_for(report, strict=strict)
