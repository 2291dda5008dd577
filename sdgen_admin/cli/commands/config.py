"""`sdgen-admin config`."""

from typing import TYPE_CHECKING, Annotated

import typer

from sdgen_admin.cli.formats import renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.hints import exit_status, hint
from sdgen_admin.cli.options import Output, Place
from sdgen_admin.errors import DatabaseError, SdgenAdminError

if TYPE_CHECKING:
    from sdgen_admin.cli.views.config import ConfigLine
    from sdgen_admin.models.reports import DatabaseReport
    from sdgen_admin.services.check import Finding
    from sdgen_admin.services.library import SessionLibrary
    from sdgen_admin.settings import Origin


@with_options
def command(
    output: Output,
    place: Place,
    check: Annotated[
        bool, typer.Option("--check", help="Try whether they can be read and written, and exit accordingly.")
    ] = False,
) -> None:
    """Show where images and database are, where each setting came from, and what the database holds.

    With --check, the exit status is 2 if an images root cannot be used, and 3 if only the database cannot.

    Examples:
        sdgen-admin config

        sdgen-admin config --check --quiet --format ids
    """
    from sdgen_admin.cli.views.config import ConfigView
    from sdgen_admin.services.check import check_database, check_root
    from sdgen_admin.services.library import SessionLibrary
    from sdgen_admin.settings import find_settings, root_named

    settings = find_settings(place.images_dir, place.db)
    roots = settings.roots if place.root is None else (root_named(settings.roots, place.root),)
    report, error = _describe(SessionLibrary(settings.roots, settings.db_path, listener=place.says))
    lines, errors = [], []
    for root in roots:
        finding = check_root(root.path) if check else None
        errors.append(finding.error if finding else None)
        lines.append(_line("images_dir", root.path, settings.roots_origin, finding, errors[-1], root=root.name))
    finding = check_database(settings.db_path, place.says) if check else None
    errors.append(finding.error if finding else error)
    lines.append(_line("db_path", settings.db_path, settings.db_origin, finding, errors[-1]))
    renderer(output.chosen).render(ConfigView(lines, report))
    for problem in errors:
        if problem is not None:
            raise typer.Exit(exit_status(problem))


def _describe(library: "SessionLibrary") -> "tuple[DatabaseReport | None, DatabaseError | None]":
    """Return what the database holds, if there is one, or why that cannot be said."""
    try:
        return (library.describe() if library.exists() else None), None
    except DatabaseError as error:
        return None, error


def _line(
    name: str,
    value: str,
    origin: "Origin",
    finding: "Finding | None",
    error: SdgenAdminError | None,
    root: str | None = None,
) -> "ConfigLine":
    from sdgen_admin.cli.says import origin_words
    from sdgen_admin.cli.views.config import ConfigLine

    return ConfigLine(
        name=name,
        root=root,
        value=value,
        origin=origin.kind,
        source=origin_words(origin),
        is_there=finding.is_there if finding else None,
        is_readable=finding.is_readable if finding else None,
        is_writable=finding.is_writable if finding else None,
        problem=" ".join([error.message, *hint(error).split("\n")]).rstrip() if error else None,
    )
