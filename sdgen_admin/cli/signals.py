"""Ctrl-C and the system's request to end: what is done is kept, everything started is stopped, the status says why."""

import signal
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


def stop_on_signals() -> None:
    """Let the signals raise Stopped from now on, wherever the program is."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under `nohup` and in a shell's background
            signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
