"""A quick look for the shell's completion: no schema is made, nothing waited for, no error raised."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from sdgen_admin.db.uri import file_uri
from sdgen_admin.db.values import decode, parse_tags
from sdgen_admin.disk.spelling import is_other_spelling
from sdgen_admin.models.session_id import visible
from sdgen_admin.models.text import composed, fold

_MOST = 500
_PATIENCE = 0.05
"""Seconds: a shell that waits is worse than one that completes nothing."""

Look = Callable[[sqlite3.Connection, str, str], list[str]]


def session_ids(connection: sqlite3.Connection, part: str, of_roots: str) -> list[str]:
    """Return the newest ids that contain `part`, those that start with it first.

    If these are not all, the first and the last that start with it are among them: the shell goes on typing what all
    that it is given have in common.
    """
    rows = connection.execute(
        f"""SELECT session_id FROM sdgen_admin_sessions s WHERE instr(folded, :part) > 0 AND {of_roots}
            ORDER BY instr(folded, :part) > 1, created_at DESC LIMIT :most""",
        {"part": fold(part), "most": _MOST},
    ).fetchall()
    if len(rows) == _MOST:
        starting = f"FROM sdgen_admin_sessions s WHERE session_id BETWEEN ? AND ? || char(0x10ffff) AND {of_roots}"
        for end in ("min", "max"):
            rows += connection.execute(f"SELECT {end}(session_id) {starting}", (part, part))
    return list(dict.fromkeys(name for (name,) in rows if name is not None))


def models(connection: sqlite3.Connection, part: str, of_roots: str) -> list[str]:
    """Return the models that contain `part`."""
    rows = connection.execute(
        f"SELECT DISTINCT sd_model FROM sdgen_admin_sessions s WHERE sd_model IS NOT NULL AND {of_roots} ORDER BY 1"
    )
    return [name for (name,) in rows if fold(part) in fold(name)][:_MOST]


def tags(connection: sqlite3.Connection, part: str, of_roots: str) -> list[str]:
    """Return the tags that start with `part`, the most used first."""
    rows = connection.execute(
        f"""SELECT tags FROM session_metadata m WHERE tags IS NOT NULL AND EXISTS (
            SELECT 1 FROM sdgen_admin_sessions s WHERE s.session_id = m.session_id AND s.twin = 0 AND {of_roots})"""
    )
    tags = (tag for (text,) in rows for tag in dict.fromkeys(map(composed, parse_tags(text))))
    counts = Counter(tag for tag in tags if fold(tag).startswith(fold(part)))
    return [tag for tag, _ in counts.most_common(_MOST)]


def peek(path: str, roots: Sequence[str], look: Look, part: str) -> list[str]:
    """Return what one of the functions above finds in the database at `path`, nothing if it cannot be read.

    Args:
        path: The database.
        roots: The paths of the images roots whose sessions count.
        look: What to look for.
        part: What the person has typed.
    """
    try:
        uri = file_uri(Path(path).absolute(), "mode=ro")
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection:
            connection.text_factory = decode
            names = {visible(name) for root in roots for name in (root, os.path.realpath(root))}
            known = connection.execute("SELECT id, path, real_path FROM sdgen_admin_roots")
            ids = ", ".join(
                str(root_id)
                for root_id, *paths in known
                if names.intersection(paths) or any(is_other_spelling(path, root) for path in paths for root in roots)
            )
            return look(connection, part, f"s.root_id IN ({ids})") if ids else []
    except (sqlite3.Error, ValueError):
        return []
