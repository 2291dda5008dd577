"""What the shell can complete, from the database alone: fast, and silently nothing if that cannot be read."""

from collections.abc import Sequence
from typing import Literal

Completed = Literal["sessions", "models", "tags"]


def complete(db_path: str, roots: Sequence[str], what: Completed, part: str) -> list[str]:
    """Return the sessions, models or tags of some images roots that what a person has typed may become.

    Args:
        db_path: The database.
        roots: The paths of the images roots.
        what: What to complete.
        part: What was typed.
    """
    from sdgen_admin.db import peek  # noqa: PLC0415 -- a completion that needs no database is faster without SQLite

    looks = {"sessions": peek.session_ids, "models": peek.models, "tags": peek.tags}
    return peek.peek(db_path, roots, looks[what], part)
