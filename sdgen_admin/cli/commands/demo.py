"""`sdgen-admin demo`."""

import os
from dataclasses import replace
from typing import Annotated

import typer

from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.options import Place, with_options


@with_options
def command(
    place: Place,
    folder: Annotated[str, typer.Argument(metavar="[DIR]", help="Where to make it.")] = "sdgen-demo",
) -> None:
    """Make a small, varied collection, compute and list it, and say what to type next.

    Examples:
        sdgen-admin demo

        sdgen-admin demo /tmp/somewhere
    """
    from sdgen_admin.cli.views.sessions import SessionsView
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.services.demo import make_demo

    images_dir = make_demo(folder)
    library = replace(place, images_dir=images_dir, db=None).library()
    place.say(f"A collection for trying things out is in {images_dir}\n")
    with library.select(SessionFilter()) as (total_count, sessions):
        page = {"total_count": total_count, "limit": None, "offset": 0}
        renderer(OutputFormat.TABLE).render(SessionsView(sessions, page))
    shown = os.path.relpath(images_dir)
    place.say(
        f"\nNext:\n  export SDGEN_IMAGES_DIR={shown}\n  sdgen-admin show latest\n"
        "  sdgen-admin tag latest --add portfolio --liked\n  sdgen-admin list --liked\n  sdgen-admin list --problem"
    )
