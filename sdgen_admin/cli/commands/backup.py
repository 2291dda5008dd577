"""`sdgen-admin backup`."""

from typing import Annotated

import typer

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Output, Place


@with_options
def command(
    output: Output,
    place: Place,
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help="Where to write it (default: beside the database, with the time in its name).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a consistent, checked copy of the database, even while other programs use it.

    An existing file is never overwritten.

    Examples:
        sdgen-admin backup

        sdgen-admin backup /mnt/nas/sessions-monday.db
    """
    from sdgen_admin.cli.views.backup import BackupView

    report = place.library().backup(file)
    renderer(output.chosen).render(BackupView([report]))
