"""`sdgen-admin demo`."""

import os
import shlex
from dataclasses import replace
from typing import Annotated

import typer

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Output, Place
from sdgen_admin.errors import UsageError


@with_options
def command(
    output: Output,
    place: Place,
    folder: Annotated[str, typer.Argument(metavar="[DIR]", help="Where to make it.")] = "sdgen-demo",
) -> None:
    """Make a small, varied collection, compute and list it, and say what to type next.

    It has every kind of session there is, for you to try things on.

    Examples:
        sdgen-admin demo

        sdgen-admin demo /tmp/somewhere
    """
    if place.images_dir or place.root is not None or place.db is not None:
        message = "demo makes a collection of its own."
        raise UsageError(message, hint="Say where, for example: sdgen-admin demo /tmp/somewhere")
    from sdgen_admin.cli.views.sessions import SessionsView
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.models.roots import as_roots, database_beside
    from sdgen_admin.services.demo import make_demo

    images_dir = make_demo(folder)
    database = database_beside(as_roots(images_dir))  # even if SDGEN_DB names another collection's
    library = replace(place, images_dir=[images_dir], db=database).library()
    place.says.note(f"The demo collection is in {images_dir}\n")
    with library.select(SessionFilter()) as (total_count, sessions):
        page = {"total_count": total_count, "limit": None, "offset": 0}
        renderer(output.chosen).render(SessionsView(sessions, page))
    place.says.note(
        f"\nNext:\n{_exports(images_dir, database)}  sdgen-admin show latest\n"
        "  sdgen-admin tag latest --add portfolio --liked\n  sdgen-admin list --liked\n  sdgen-admin list --problem"
    )


def _exports(images_dir: str, database: str) -> str:
    """Return what to type in the shell so that the next commands find this collection."""
    values = {"SDGEN_IMAGES_DIR": images_dir}
    if os.environ.get("SDGEN_DB"):
        values["SDGEN_DB"] = database
    here = os.getcwd() + os.sep
    return "".join(f"  export {name}={shlex.quote(path.removeprefix(here))}\n" for name, path in values.items())
