"""`sdgen-admin history`."""

from typing import Annotated

import typer

from sdgen_admin.cli import completion
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
            help="Only what was changed of this session.",
            autocompletion=completion.sessions,
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help=f"The last N groups; {_LIMIT} unless given."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="No limit.")] = False,
) -> None:
    """Show what was changed in metadata through this tool, newest first.

    What one command changed, of however many sessions, is one group; its number is what undo takes.

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
        place.say("Nothing was changed yet.")
