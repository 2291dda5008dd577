"""Ctrl-C and the system's request to end: what is done is kept, everything started is stopped, the status says why."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal asked the program to end. No KeyboardInterrupt, of which Typer makes something of its own.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_status = 128 + number
        self.how_far = ""
        """What was done by then, in words."""

    def __str__(self) -> str:
        return f"Interrupted: {self.how_far}." if self.how_far else "Interrupted."


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Let the signals raise Stopped, wherever the program is. Those that are ignored stay ignored, as under `nohup`.

    Signals are the main thread's: in another one, nothing changes.
    """
    before = {}
    with suppress(ValueError):  # what Python says in another thread
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: the host program's, not Python's
                before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
