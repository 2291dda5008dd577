"""A quick look for the shell's completion: no schema is made, nothing waited for, no error raised."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sdgen_admin.db.uri import file_uri

_MOST = 500
_PATIENCE = 0.05
"""Seconds: a shell that waits is worse than one that completes nothing."""


def session_ids(connection: sqlite3.Connection, part: str) -> list[str]:
    """Return the newest ids that contain `part`, those that start with it first.

    Where these are not all, the first and the last that start with it are among them: the shell goes on typing what all
    that it is given have in common.
    """
    rows = connection.execute(
        """SELECT session_id FROM session_stats WHERE instr(lower(session_id), lower(:part)) > 0
           ORDER BY instr(lower(session_id), lower(:part)) > 1, session_created_at DESC LIMIT :most""",
        {"part": part, "most": _MOST},
    ).fetchall()
    if len(rows) == _MOST:
        starting = "FROM session_stats WHERE session_id BETWEEN :part AND :part || char(0x10ffff)"
        for end in ("min", "max"):
            rows += connection.execute(f"SELECT {end}(session_id) {starting}", {"part": part})
    return list(dict.fromkeys(name for (name,) in rows if isinstance(name, str)))


def models(connection: sqlite3.Connection, part: str) -> list[str]:
    """Return the models that contain `part`."""
    rows = connection.execute("SELECT DISTINCT sd_model FROM session_stats WHERE sd_model IS NOT NULL ORDER BY 1")
    return [name for (name,) in rows if isinstance(name, str) and part.casefold() in name.casefold()][:_MOST]


def tags(connection: sqlite3.Connection, part: str) -> list[str]:
    """Return the tags that start with `part`, the most used first."""
    from sdgen_admin.db.functions import parse_tags  # noqa: PLC0415 -- only tags need it

    rows = connection.execute("SELECT tags FROM session_metadata WHERE tags IS NOT NULL")
    counts = Counter(tag for (text,) in rows for tag in parse_tags(text) if tag.startswith(part))
    return [tag for tag, _ in counts.most_common(_MOST)]


def peek(path: str, look: Callable[[sqlite3.Connection, str], list[str]], part: str) -> list[str]:
    """Return what one of the functions above finds in the database at `path`, nothing where it cannot be read."""
    try:
        uri = file_uri(Path(path).absolute(), "mode=ro")
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection:
            return look(connection, part)
    except (sqlite3.Error, ValueError):
        return []
