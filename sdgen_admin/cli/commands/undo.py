"""`sdgen-admin undo`."""

from typing import Annotated

import typer

from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Output, Place


@with_options
def command(
    output: Output,
    place: Place,
    group: Annotated[
        int | None,
        typer.Argument(metavar="[N]", min=1, help="The number of a group in the history; by default the last."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Put the old values back even where they were changed since.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
) -> None:
    """Take back a change of metadata: all that one command did, or, where it was changed since, nothing.

    Without N it goes back step by step. An undo is in the history, too: `undo N` of it does things again.

    Examples:
        sdgen-admin undo

        sdgen-admin undo 12 --dry-run
    """
    from sdgen_admin.cli.views.undone import UndoneView

    report = place.library().undo(group, force=force, dry_run=dry_run)
    renderer(output.chosen).render(UndoneView(report))
    if output.chosen is OutputFormat.TABLE and dry_run:
        place.say(f"A dry run: group {report.undone} still stands.")
    elif output.chosen is OutputFormat.TABLE:
        place.say(f"Group {report.undone} is undone. To do it again: sdgen-admin undo {report.group}")
