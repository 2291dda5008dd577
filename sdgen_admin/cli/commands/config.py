"""`sdgen-admin config`."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Output, Place


@with_options
def command(
    output: Output,
    place: Place,
    check: Annotated[
        bool, typer.Option("--check", help="Look whether they are there, readable and writable, and exit accordingly.")
    ] = False,
) -> None:
    """Show every setting, its value and where it came from.

    With --check, the exit status is 2 where the images root cannot be used, 3 where only the database cannot.

    Examples:
        sdgen-admin config

        sdgen-admin config --check --quiet --format ids
    """
    from sdgen_admin.cli.views.config import ConfigView
    from sdgen_admin.settings import find_settings

    settings = find_settings(place.images_dir, place.db)
    found = {"images_dir": settings.images_dir, "db_path": settings.db_path}
    findings = _check(settings.images_dir.value, settings.db_path.value) if check else {}
    renderer(output.chosen).render(
        ConfigView(
            {"name": name, "value": setting.value, "source": setting.source, **findings.get(name, {})}
            for name, setting in found.items()
        )
    )
    for name, status in (("images_dir", 2), ("db_path", 3)):
        if findings.get(name, {}).get("problem"):
            raise typer.Exit(status)


def _check(images_dir: str, db_path: str) -> dict[str, dict[str, Any]]:
    from sdgen_admin.services.check import check_database, check_images_dir

    findings = {"images_dir": check_images_dir(images_dir), "db_path": check_database(db_path)}
    facts = {}
    for name, finding in findings.items():
        facts[name] = asdict(finding)
        error = facts[name].pop("error")
        facts[name]["problem"] = error and f"{error.message} {error.hint}".rstrip()
    return facts
