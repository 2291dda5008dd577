"""`sdgen-admin show`."""

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Cached, Output, Place, Session
from sdgen_admin.cli.selection import one_session


@with_options
def command(session: Session, output: Output, place: Place, cached: Cached = False) -> None:
    """Show everything about one session.

    Missing or outdated stats are computed first; --cached takes the database as it is.

    Examples:
        sdgen-admin show latest

        sdgen-admin show facial_expressions --json
    """
    library = place.library()
    record = library.get(one_session("show", library, session, fresh=not cached), fresh=not cached)

    from sdgen_admin.cli.views.session import SessionView

    renderer(output.chosen).render(SessionView([record], with_root=len(library.roots) > 1))
