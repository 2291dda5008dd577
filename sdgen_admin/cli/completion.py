"""What the shell can complete: from the database, fast, and silently nothing if that cannot be read."""

import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from sdgen_admin.errors import SdgenAdminError

if TYPE_CHECKING:
    from sdgen_admin.models.fields import Field
    from sdgen_admin.services.completion import Completed
    from sdgen_admin.settings import Settings


def sessions(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a session id."""
    latest = ["latest"] if incomplete and "latest".startswith(incomplete) else []
    return _quoted(latest + _look(context, "sessions", incomplete))


def models(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a model."""
    names = (name.split(" [", 1)[0] for name in _look(context, "models", incomplete))  # any part of a name will do
    return _quoted(dict.fromkeys(names))


def tags(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a tag."""
    return _quoted(_look(context, "tags", incomplete))


def roots(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of an images root."""
    settings = _settings(context)
    names = [root.name for root in settings.roots] if settings else []
    return _quoted(name for name in names if name.startswith(incomplete) and name.isprintable())


def columns(incomplete: str) -> list[str]:
    """Complete the last of a comma-separated list of fields."""
    from sdgen_admin.models.fields import FIELDS

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _field_names(FIELDS, last)]


def sort_keys(incomplete: str) -> list[str]:
    """Complete a field that sessions can be sorted by."""
    from sdgen_admin.models.fields import FIELDS

    return _field_names([field for field in FIELDS if field.is_sortable], incomplete)


def conditions(incomplete: str) -> list[str]:
    """Complete the field of a condition."""
    from sdgen_admin.models.fields import FIELDS

    return _field_names(FIELDS, incomplete)


def _field_names(fields: "Sequence[Field]", incomplete: str) -> list[str]:
    """Return the names that begin like this; if no field has its own name so, then other names of fields."""
    own = [field.name for field in fields if field.name.startswith(incomplete)]
    if own:
        return own
    others = (name.replace(" ", "_") for field in fields for name in (field.label, *field.aliases))
    return [name for name in others if name.startswith(incomplete)]


def _quoted(names: Iterable[str]) -> list[str]:
    """Return names as the shell wants them: bash alone puts what it is given into the line as it stands."""
    if os.environ.get("_SDGEN_ADMIN_COMPLETE") != "complete_bash":
        return list(names)
    return [re.sub(r"([^\w@%+=:,./-])", r"\\\1", name) for name in names]


def _look(context: typer.Context, what: "Completed", incomplete: str) -> list[str]:
    from sdgen_admin.services.completion import complete

    settings, shown = _settings(context), context.params.get("root")
    if settings is None:
        return []
    roots = [root.path for root in settings.roots if shown in (None, root.name)]
    found = complete(settings.db_path, roots, what, incomplete)
    return [name for name in found if name.isprintable()]  # a shell sends what it completes to the terminal


def _settings(context: typer.Context) -> "Settings | None":
    from sdgen_admin.settings import find_settings

    try:
        return find_settings(context.params.get("images_dir"), context.params.get("db"))
    except SdgenAdminError:
        return None
