"""`sdgen-admin history`."""

from typing import Annotated

import typer

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Output, Place
from sdgen_admin.cli.selection import contradiction, one_session

_LIMIT = 20


@with_options
def command(
    output: Output,
    place: Place,
    session: Annotated[
        str | None,
        typer.Argument(
            metavar="[SESSION]",
            help="Only changes to this session.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help=f"Show the last N groups (default: {_LIMIT})."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show all groups.")] = False,
) -> None:
    """Show the changes that this tool made to metadata, newest first.

    All changes by one command form a group. `undo` takes the group's number.

    Examples:
        sdgen-admin history

        sdgen-admin history facial_expressions --json
    """
    from sdgen_admin.cli.views.history import HistoryView

    if everything and limit is not None:
        raise contradiction("--all", "--limit")
    library = place.library()
    session_id = None if session is None else one_session("history", library, session, fresh=False)
    entries = library.history(session_id, limit=None if everything else limit or _LIMIT)
    renderer(output.chosen).render(HistoryView(entries, of_one=session is not None))
    if not entries:
        place.says.note("Nothing has been changed yet.")
