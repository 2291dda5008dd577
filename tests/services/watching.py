"""Which folders the library lists: the interpreter's own audit events tell."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LISTED: list[list[str]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _LISTED and event in ("os.scandir", "os.listdir") and isinstance(arguments[0], str | os.PathLike):
        for heard in _LISTED:
            heard.append(os.fspath(arguments[0]))


sys.addaudithook(_hear)  # there is no way to take it away again


@contextmanager
def listings() -> Iterator[list[str]]:
    """Collect the paths of the folders that are listed while this lasts."""
    heard: list[str] = []
    _LISTED.append(heard)
    try:
        yield heard
    finally:
        _LISTED.remove(heard)


def times_listed(heard: list[str], root: Path) -> int:
    """Return how often a folder itself was listed."""
    return heard.count(str(root))
