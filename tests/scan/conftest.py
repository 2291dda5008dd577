"""A clock that the tests turn, so that what a drive's speed decides does not hang on the machine's load."""

import time
from dataclasses import dataclass

import pytest


@dataclass
class Clock:
    """Stands in for `time.perf_counter` and `time.thread_time`."""

    seconds: float = 0.003
    wall: float = 0.0
    cpu: float = 0.0

    def wait(self) -> None:
        """Let some time pass as a slow drive does: no processor at work."""
        self.wall += self.seconds

    def toil(self) -> None:
        """Let some time pass in which the processor is at work."""
        self.wall += self.seconds
        self.cpu += self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.wall)
    monkeypatch.setattr(time, "thread_time", lambda: clock.cpu)
    return clock
