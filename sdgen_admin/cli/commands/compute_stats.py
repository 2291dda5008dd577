"""`sdgen-admin compute-stats`."""

from typing import Annotated

import typer

from sdgen_admin.cli.empty import explain_if_empty
from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Force, Jobs, Output, Place, Sessions, Strict
from sdgen_admin.cli.selection import chosen_sessions, contradiction, exit_for
from sdgen_admin.cli.terminal import progress_bar
from sdgen_admin.errors import UsageError


@with_options
def command(
    output: Output,
    place: Place,
    sessions: Sessions = None,
    everything: Annotated[bool, typer.Option("--all", help="Every session.")] = False,
    force: Force = False,
    jobs: Jobs = None,
    strict: Strict = False,
) -> None:
    """Compute the stats that are missing or outdated.

    If interrupted, it keeps what is done, and the next run continues from there.

    Examples:
        sdgen-admin compute-stats --all

        sdgen-admin compute-stats latest --force
    """
    if not sessions and not everything:
        raise UsageError("No session is named.", hint="Name one or more, or use --all.")
    if sessions and everything:
        raise contradiction("--all", "named sessions")
    library = place.library()
    ids = None if everything else chosen_sessions(library, sessions)
    with progress_bar(quiet=place.quiet) as progress:
        report = library.compute(ids, force=force, jobs=jobs, progress=progress)

    from sdgen_admin.cli.views.report import ReportView

    renderer(output.chosen).render(ReportView([report]))
    if everything:
        explain_if_empty(place.says, library, report)
    place.says.problems(report, strict=strict)
    exit_for(report, strict=strict)
