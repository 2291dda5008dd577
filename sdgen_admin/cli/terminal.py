"""The two streams: data on stdout, talk on stderr."""

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sdgen_admin.cli.signals import Stopped
from sdgen_admin.cli.text import spell_out_what_is_lacking, visible_lines

if TYPE_CHECKING:
    from rich.progress import Progress

Line = list[tuple[str, str]]
"""Pieces of text, harmless to a terminal, each with its Rich style or an empty one."""

PROGRESS_AFTER = 1.0
"""Seconds of work from which a progress bar is shown."""
_NARROWEST = 20
"""Cells: a terminal of fewer wraps lines itself."""


def prepare_streams() -> None:
    """Make the three streams fit to use: closed ones lead nowhere, and what an encoding lacks is spelled out."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 -- until the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=spell_out_what_is_lacking())


def is_reader_gone(error: OSError, *, on_windows: bool = os.name == "nt") -> bool:
    """Whether an error is that of writing to a closed pipe.

    On Windows it may come as an invalid argument (github.com/python/cpython/issues/79935), but then without the number
    that errors of the system itself have there, as that of a name that is not allowed.
    """
    if on_windows and error.errno == errno.EINVAL:
        return getattr(error, "winerror", None) is None
    return error.errno == errno.EPIPE


def leave_stdout() -> None:
    """Let what is still to be written go nowhere: Python's own flush at exit must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()


def width() -> int:
    """Return how many cells a line of the terminal has."""
    return shutil.get_terminal_size().columns


def wrap(line: Line, room: int, *, indent: int = 0) -> list[Line]:
    """Return a line in as many as it needs, further ones indented; as it is where nobody looks.

    Each has at most `room` cells, but never room for fewer than `_NARROWEST`; longer words are broken.
    """
    if not is_terminal():
        return [line]
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    if sum(cell_len(text) for text, _ in line) <= room and not any("\t" in text for text, _ in line):
        return [line]
    console = Console()
    lines: list[Line] = []
    for part in Text.assemble(*line, end="").wrap(console, max(room - indent, _NARROWEST)):
        part.rstrip()
        pieces = [(piece.text, str(piece.style or "")) for piece in part.render(console)]
        lines.append([(" " * indent, ""), *pieces] if lines else pieces)
    return lines


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines to stdout, none of them wrapped or cut, with their styles where Rich finds colour welcome."""
    if not is_terminal() and not os.environ.get("FORCE_COLOR"):  # Rich would take as long as all the rest
        for line in lines:
            print("".join(text for text, _ in line))  # noqa: T201
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, emoji=False, markup=False)
    console.print(Text("\n").join(Text.assemble(*line) for line in lines), soft_wrap=True)


def note(text: str) -> None:
    """Say something on stderr."""
    sys.stdout.flush()  # where both streams go to one file, what was shown stands before what is said of it
    print(visible_lines(text), file=sys.stderr)  # noqa: T201 -- the command line is where printing belongs


class ProgressBar:
    """A progress listener that shows a bar on stderr, where that is a terminal and the work takes a while."""

    def __init__(self, *, quiet: bool) -> None:
        self._wanted = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._done = self._total = 0

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` sessions are computed."""
        self._done, self._total = done, total
        if not self._wanted:
            return
        if self._bar is None:
            if time.monotonic() - self._started < PROGRESS_AFTER:
                return
            self._bar = _make_bar()
            self._bar.add_task("Computing stats")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def how_far(self) -> str:
        """Return how far the work came, in words; empty where none was begun."""
        return f"{self._done:,} of {self._total:,} sessions computed and kept" if self._total else ""

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar]:
    """Give a progress listener and take its bar away at the end; whoever is stopped says how far it came."""
    bar = ProgressBar(quiet=quiet)
    try:
        yield bar
    except Stopped as stopped:
        stopped.how_far = bar.how_far()
        raise
    finally:
        bar.close()


def _make_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    class Rate(TextColumn):
        """Sessions a second."""

        def __init__(self) -> None:
            super().__init__("{task.speed:.0f}/s")

        def render(self, task):  # type: ignore[no-untyped-def]
            return super().render(task) if task.speed else ""

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
