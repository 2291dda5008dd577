"""What a reader is given and what it gives."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sdgen_admin.disk.facts import Facts


class SessionFolder(NamedTuple):
    """A session folder that has been listed."""

    path: str
    files: dict[str, bool]
    """The names of what is in it beside images, each with whether it is a file."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader found."""

    facts: Facts | None = None
    problem: str | None = None
    """What keeps this source from telling all, in one sentence."""
    state: os.stat_result | None = None
    """The state of the file it read when it was opened; None if it could not be."""


Reader = Callable[[SessionFolder], Found]
