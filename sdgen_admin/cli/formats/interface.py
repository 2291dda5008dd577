"""What a renderer is, and what it renders. Renderers format; they never fetch, compute or decide."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime
from math import isfinite
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json

T = TypeVar("T")


class View(ABC, Generic[T]):
    """What a command has to show: a stream of items, and how one of them is put.

    Args:
        items: What is shown; consumed once, so that a long list need not fit into memory.
    """

    list_name: str | None = None
    """Under which name JSON has the list of items; None where the one item is the whole document."""
    columns: tuple[str, ...] = ()
    """The columns of CSV and TSV."""

    def __init__(self, items: Iterable[T]) -> None:
        self.items = iter(items)

    def beside(self) -> dict[str, Any]:
        """Return what JSON has beside the list; asked for when the items are consumed."""
        return {}

    def json(self, item: T) -> str:
        """Return an item as JSON on one line."""
        return item.model_dump_json() if isinstance(item, BaseModel) else json.dumps(item, ensure_ascii=False)

    @abstractmethod
    def row(self, item: T) -> Iterable[Any]:
        """Return an item's raw values, one for each column."""

    @abstractmethod
    def ids(self, item: T) -> Iterable[str]:
        """Return the session ids (or other names) that an item stands for."""

    @abstractmethod
    def print(self, items: Iterator[T]) -> None:
        """Show the items to a person's eyes, with `terminal.print_lines`."""


class Renderer(ABC):
    """Writes a view to stdout in one format."""

    @abstractmethod
    def render(self, view: View[Any]) -> None:
        """Write everything."""


def cell(value: Any) -> str:
    """Return a raw value as the text of one cell.

    Null gives nothing, a time ISO 8601, an object the JSON that `--json` has. So does a list if one of its items could
    not be told from two; otherwise commas stand between the items.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return str(value) if isfinite(value) else ""  # JSON has null
    if isinstance(value, tuple | list):
        items = [cell(item) for item in value]
        return ",".join(items) if all(map(_is_plain, items)) else _json(value)
    return _json(value) if isinstance(value, dict) else str(value)


def _is_plain(item: str) -> bool:
    """Whether an item of a list can stand between commas, and not be taken for JSON."""
    return bool(item) and "," not in item and item[0] != "["


def _json(value: Any) -> str:
    return to_json(value, inf_nan_mode="null").decode()
