"""`sdgen-admin restore`."""

import shlex
from typing import Annotated

import typer

from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Output, Place
from sdgen_admin.cli.text import visible


@with_options
def command(
    output: Output,
    place: Place,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The copy to go back to.", show_default=False)],
) -> None:
    """Go back to a copy of the database: all of it, with the history of edits.

    The copy is checked first, and what the database holds now is backed up. Other
    programs can keep it open. Only a damaged file is replaced, and kept.

    Examples:
        sdgen-admin restore /mnt/nas/sessions-monday.db

        sdgen-admin restore sessions.db.backup-20251107_120000
    """
    from sdgen_admin.cli.views.backup import RestoreView

    report = place.library().restore(file)
    renderer(output.chosen).render(RestoreView([report]))
    if output.chosen is not OutputFormat.TABLE or report.previous is None:
        return
    previous = visible(shlex.quote(report.previous))
    if report.was_damaged:
        place.says.note(f"The database was damaged. What is left of it: {previous}")
        place.says.note("Restart the programs that had it open: they still use the damaged file.")
    else:
        place.says.note(f"To go back to what it held before: sdgen-admin restore {previous}")
