"""The two streams: data on stdout, talk on stderr."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sdgen_admin.cli.text import visible_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

PROGRESS_AFTER = 1.0
"""Seconds of work from which a progress bar is shown."""


def is_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()


def console(*, narrowest: int = 0) -> "Console":
    """Return the console for data: a terminal's own width, or, piped, as wide as the data.

    Args:
        narrowest: Cells that a line needs at least; what must not be cut is rather wrapped by the terminal itself.
    """
    from rich.console import Console

    made = Console(highlight=False, emoji=False, markup=False, legacy_windows=False)
    if not is_terminal():
        return Console(highlight=False, emoji=False, markup=False, width=max(narrowest, 1), legacy_windows=False)
    made.width = max(made.width, narrowest)
    return made


def note(text: str) -> None:
    """Say something on stderr."""
    print(visible_lines(text), file=sys.stderr)  # noqa: T201 -- the command line is where printing belongs


class ProgressBar:
    """A progress listener that shows a bar on stderr, where that is a terminal and the work takes a while."""

    def __init__(self, *, quiet: bool) -> None:
        self._wanted = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._started = time.monotonic()
        self._bar: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` sessions are computed."""
        if not self._wanted:
            return
        if self._bar is None:
            if time.monotonic() - self._started < PROGRESS_AFTER:
                return
            self._bar = _make_bar()
            self._bar.add_task("Computing stats")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar]:
    """Give a progress listener and take its bar away at the end."""
    bar = ProgressBar(quiet=quiet)
    try:
        yield bar
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
