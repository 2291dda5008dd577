"""What the shell can complete, from the database alone: fast, and silently nothing where that cannot be read."""

import os
import re
from collections.abc import Callable
from typing import Any

import typer

from sdgen_admin.errors import SdgenAdminError


def sessions(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a session id."""
    from sdgen_admin.db import peek

    latest = ["latest"] if incomplete and "latest".startswith(incomplete) else []
    return _quoted(latest + _look(context, peek.session_ids, incomplete))


def models(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a model."""
    from sdgen_admin.db import peek

    names = (name.split(" [", 1)[0] for name in _look(context, peek.models, incomplete))  # any part of it will do
    return _quoted(list(dict.fromkeys(names)))


def tags(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a tag."""
    from sdgen_admin.db import peek

    return _quoted(_look(context, peek.tags, incomplete))


def columns(incomplete: str) -> list[str]:
    """Complete the last of a comma-separated list of columns."""
    from sdgen_admin.cli.columns import COLUMNS

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in COLUMNS if name.startswith(last)]


def _quoted(names: list[str]) -> list[str]:
    """Return names as the shell wants them: bash alone puts what it is given into the line as it stands."""
    if os.environ.get("_SDGEN_ADMIN_COMPLETE") != "complete_bash":
        return names
    return [re.sub(r"([^\w@%+=:,./-])", r"\\\1", name) for name in names]


def _look(context: typer.Context, look: Callable[..., list[str]], incomplete: str) -> list[str]:
    from sdgen_admin.db.peek import peek
    from sdgen_admin.settings import find_settings

    given: dict[str, Any] = context.params
    try:
        settings = find_settings(given.get("images_dir"), given.get("db"))
    except SdgenAdminError:
        return []
    found = peek(settings.db_path.value, look, incomplete)
    return [name for name in found if name.isprintable()]  # a shell sends what it completes to the terminal
