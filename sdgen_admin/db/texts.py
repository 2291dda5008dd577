"""Long texts, each stored once: prompts and what a run planned to vary."""

import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sdgen_admin.db.values import to_json
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.text import fold

Fields = Mapping[str, Any]
_Text = tuple[str, Callable[[], dict[str, Any]]]
"""A text that stands for a row, and what gives the row's columns."""

_AT_ONCE = 500
_BETWEEN = "\x1f"
"""Stands between a prompt and its negative prompt where both are searched."""


def store_texts(connection: sqlite3.Connection, sessions: Sequence[Fields]) -> list[dict[str, int | None]]:
    """Store the long texts of sessions that are not there yet; return for each session the ids of its own.

    Args:
        connection: The database, inside a write transaction.
        sessions: The fields of each session's record and stats.
    """
    prompts = _ids(connection, "sdgen_admin_prompts", [_prompts_of(fields) for fields in sessions])
    variations = _ids(connection, "sdgen_admin_variations", [_variations_of(fields) for fields in sessions])
    return [
        {"prompt_id": prompt_id, "variations_id": variations_id}
        for prompt_id, variations_id in zip(prompts, variations, strict=True)
    ]


def _prompts_of(fields: Fields) -> _Text | None:
    prompt, negative = fields["resolved_prompt"], fields["negative_prompt"]
    if prompt is None and negative is None:
        return None
    prompt, negative = prompt or "", negative or ""
    return f"{len(prompt)} {prompt}{negative}", lambda: {"prompt": prompt, "negative": negative}


def _variations_of(fields: Fields) -> _Text | None:
    placeholders, summary = fields["placeholders"], fields["variations_summary"]
    if placeholders is None:
        return None
    pools = fields["pools"] or {}
    return repr((placeholders, summary, pools)), lambda: _variations(placeholders, summary, pools)


def _variations(placeholders: Any, summary: Any, pools: dict[str, int]) -> dict[str, Any]:
    return {
        "placeholders": to_json(placeholders),
        "variations_summary": to_json(summary),
        "pools": to_json(pools),
        "names": to_json(list(pools)),
        "count": len(pools),
        "combinations": min(math.prod(pools.values()), LARGEST) if pools else 0,
    }


def _ids(connection: sqlite3.Connection, table: str, texts: list[_Text | None]) -> list[int | None]:
    """Return the ids of texts, adding those that are new."""
    digests = [None if text is None else blake2b(text[0].encode(), digest_size=16).digest() for text in texts]
    wanted = list(dict.fromkeys(digest for digest in digests if digest is not None))
    ids: dict[bytes, int] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        ids |= dict(connection.execute(f"SELECT digest, id FROM {table} WHERE digest IN ({marks})", some).fetchall())
    for digest, text in zip(digests, texts, strict=True):
        if digest is not None and text is not None and digest not in ids:
            ids[digest] = _add(connection, table, digest, text[1]())
    return [None if digest is None else ids[digest] for digest in digests]


def _add(connection: sqlite3.Connection, table: str, digest: bytes, columns: dict[str, Any]) -> int:
    added = connection.execute(
        f"INSERT INTO {table} (digest, {', '.join(columns)}) VALUES (?{', ?' * len(columns)})",
        (digest, *columns.values()),
    ).lastrowid
    assert added is not None
    if table == "sdgen_admin_prompts":
        folded = _BETWEEN.join((fold(columns["prompt"]), fold(columns["negative"])))
        connection.execute("INSERT INTO sdgen_admin_folded VALUES (?, ?)", (added, folded))
    return added


def delete_unused(connection: sqlite3.Connection) -> None:
    """Delete the texts that no session has any more."""
    used = "(SELECT {0} FROM sdgen_admin_sessions WHERE {0} IS NOT NULL)"
    connection.execute(f"DELETE FROM sdgen_admin_prompts WHERE id NOT IN {used.format('prompt_id')}")
    connection.execute("DELETE FROM sdgen_admin_folded WHERE id NOT IN (SELECT id FROM sdgen_admin_prompts)")
    connection.execute(f"DELETE FROM sdgen_admin_variations WHERE id NOT IN {used.format('variations_id')}")
