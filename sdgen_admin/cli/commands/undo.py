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
        typer.Argument(metavar="[N]", min=1, help="The number of a group in the history (default: the last)."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Put the old values back even if they have changed since.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Undo one command's changes to metadata. Refuses if they have changed since.

    Without N, each undo goes back one step. An undo is in the history too: undo its number to redo the changes.

    Examples:
        sdgen-admin undo

        sdgen-admin undo 12 --dry-run
    """
    from sdgen_admin.cli.views.undone import UndoneView

    report = place.library().undo(group, force=force, dry_run=dry_run)
    renderer(output.chosen).render(UndoneView(report))
    if output.chosen is OutputFormat.TABLE and dry_run:
        place.says.note(f"Dry run: group {report.undone} was not undone.")
    elif output.chosen is OutputFormat.TABLE:
        place.says.note(f"Group {report.undone} is undone. To redo it: sdgen-admin undo {report.group}")
