"""What SQL cannot say by itself, as functions of Python."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from sdgen_admin.db.rows import as_text, from_json, to_json
from sdgen_admin.db.transaction import Connection


@lru_cache(maxsize=4096)  # a collection has far fewer different lists of tags than sessions
def parse_tags(text: Any) -> tuple[str, ...]:
    """Return the tags in a column value, whatever another program wrote there.

    A JSON array gives its items, other JSON one tag, text that is no JSON the parts between its commas.
    """
    text = as_text(text) if isinstance(text, bytes) else text
    if not isinstance(text, str) or not text.strip():
        return ()
    parsed = from_json(text)
    if isinstance(parsed, list):
        items = [item if isinstance(item, str) else to_json(item) for item in parsed if item is not None]
    elif isinstance(parsed, str):
        items = [parsed]
    else:
        items = [] if text.strip() == "null" else [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(item for item in items if item))


def composed(tag: str) -> str:
    """Return a tag in Unicode's composed form (NFC): one word is one tag on every keyboard."""
    return tag if tag.isascii() else normalize("NFC", tag)


def register_functions(connection: Connection) -> None:
    """Give `connection` the functions that queries use."""
    for name, arguments, function in (
        ("sdgen_has_tag", 2, _has_tag),
        ("sdgen_is_tagged", 1, _is_tagged),
        ("sdgen_contains", 2, _contains),
        ("sdgen_tag_contains", 2, _tag_contains),
    ):
        connection.create_function(name, arguments, _kept(connection, function), deterministic=True)


def _kept(connection: Connection, function: Callable[..., bool]) -> Callable[..., bool]:
    """Keep what a function raises, an interrupt above all: SQLite makes an error of its own of it."""

    def call(*arguments: Any) -> bool:
        try:
            return function(*arguments)
        except BaseException as error:
            connection.raised = error
            raise

    return call


def _has_tag(tags: Any, tag: str) -> bool:
    return composed(tag) in map(composed, parse_tags(tags))


def _is_tagged(tags: Any) -> bool:
    return bool(parse_tags(tags))


def _contains(text: Any, folded: str) -> bool:
    text = as_text(text) if isinstance(text, bytes) else text  # as it is shown
    return isinstance(text, str) and folded in text.casefold()


def _tag_contains(tags: Any, folded: str) -> bool:
    return any(folded in tag.casefold() for tag in parse_tags(tags))
