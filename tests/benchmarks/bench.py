"""What rows share: where they work, how often they measure, and what they report."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.benchmarks.collection import make_collection, realistic_sizes
from tests.benchmarks.floor import floor

NOISE = 1.25
"""A ratio may exceed its goal by so much: the machine does other things, too."""


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    what: str
    measured: str
    compared_with: str
    ratio: float
    """What is held against the goal."""
    goal: float | None
    """None where the line is only told."""
    unit: str = "×"
    at_least: bool = False
    """Whether the goal is a least, not a most."""

    @property
    def fails(self) -> bool:
        """Whether the goal is missed by more than noise."""
        if self.goal is None:
            return False
        return self.ratio * NOISE < self.goal if self.at_least else self.ratio > self.goal * NOISE


_QUIET_FLOOR = 0.003
"""Seconds of the warm floor of 1,000 sessions on the machine that goals in milliseconds are meant for."""


@dataclass(frozen=True)
class Bench:
    """One run of the benchmark."""

    folder: str
    """Where collections and databases are made."""
    is_quick: bool

    @property
    def rounds(self) -> int:
        """How often to measure."""
        return 3 if self.is_quick else 5

    def path(self, name: str) -> str:
        """Return a path in the folder."""
        return os.path.join(self.folder, name)

    def collection(self, sessions: int) -> str:
        """Return an images root: realistic, or with 100,000 sessions of few images each."""
        few = [number % 4 + 1 for number in range(sessions)]
        sizes = few if sessions >= 100_000 else realistic_sizes(sessions, large=20)
        return make_collection(self.path(f"{sessions}-sessions"), sizes)

    def new_database(self) -> str:
        """Return the path of a database that is not there yet."""
        path = self.path("sessions.db")
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(path + suffix)
        return path

    def scale(self) -> float:
        """Return how much slower this machine is now than the one that goals in milliseconds are meant for."""
        root = self.collection(1_000)
        return max(min(floor("warm", root, self.folder, 1) for _ in range(self.rounds)) / _QUIET_FLOOR, 1.0)

    def best(self, measure: Callable[[], float], times: int = 1) -> float:
        """Return the best of some rounds, or of `times` as many where one is short: what disturbs can only add."""
        return min(measure() for _ in range(self.rounds * times))


def ms(seconds: float) -> str:
    """Return a time to be read."""
    return f"{seconds * 1000:,.1f} ms"
