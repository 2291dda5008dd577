"""What is to be done with items, and how many may do it side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Task(Generic[R]):
    """What to do with items, here and elsewhere."""

    here: Callable[[list[str]], list[R]]
    """Do it in this thread."""
    away: Callable[[list[str]], Any]
    """Do it in an executor. Both it and what it returns can be pickled."""
    unpack: Callable[[Any], list[R]]
    """Turn what `away` returned into results."""


class Way(NamedTuple):
    """How many do the work."""

    processes: int
    """Beside this one."""
    threads: int
    """In each process, or in this one if there are no others."""
    is_shared: bool
    """Whether this thread works, too, instead of waiting for the others. On a waiting drive it only waits."""


ALONE = Way(0, 0, is_shared=True)
"""This thread does all of it."""
