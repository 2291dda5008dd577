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

    It has every kind of session there is, and is yours to try things out on.

    Examples:
        sdgen-admin demo

        sdgen-admin demo /tmp/somewhere
    """
    if place.images_dir is not None or place.db is not None:
        raise UsageError("demo makes a collection of its own.", "Say where as in: sdgen-admin demo /tmp/somewhere")
    from sdgen_admin.cli.views.sessions import SessionsView
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.services.demo import make_demo
    from sdgen_admin.settings import default_db_path

    images_dir = make_demo(folder)
    # Whatever else is configured: another collection's database is none of the demo's.
    library = replace(place, images_dir=images_dir, db=default_db_path(images_dir)).library()
    place.say(f"A collection for trying things out is in {images_dir}\n")
    with library.select(SessionFilter()) as (total_count, sessions):
        page = {"total_count": total_count, "limit": None, "offset": 0}
        renderer(output.chosen).render(SessionsView(sessions, page))
    place.say(
        f"\nNext:\n{_exports(images_dir)}  sdgen-admin show latest\n"
        "  sdgen-admin tag latest --add portfolio --liked\n  sdgen-admin list --liked\n  sdgen-admin list --problem"
    )


def _exports(images_dir: str) -> str:
    """Return what a shell must be told, so that the next commands find this collection."""
    from sdgen_admin.settings import default_db_path

    values = {"SDGEN_IMAGES_DIR": images_dir}
    if os.environ.get("SDGEN_DB"):
        values["SDGEN_DB"] = default_db_path(images_dir)
    here = os.getcwd() + os.sep
    return "".join(f"  export {name}={shlex.quote(path.removeprefix(here))}\n" for name, path in values.items())
