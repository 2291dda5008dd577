"""Take the fingerprints of session folders, at the drive's own speed."""

import os
from collections.abc import Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sdgen_admin.disk.fingerprint import Fingerprint, take_fingerprint
from sdgen_admin.scan.spread import spread
from sdgen_admin.scan.work import Task

if TYPE_CHECKING:
    from concurrent.futures import Executor  # takes 5 ms to load, seldom needed

Taken = tuple[str, Fingerprint | None]


def take_fingerprints(
    images_dir: str, session_ids: Sequence[str], *, jobs: int | None = None, executor: "Executor | None" = None
) -> Generator[Taken]:
    """Yield each session id with its folder's present fingerprint, None if the folder is gone.

    The arguments are those of `sessions.scan`.
    """
    task = Task(partial(_take, images_dir), partial(_take, images_dir), list[Taken])
    return spread(task, session_ids, jobs=jobs, executor=executor)


def _take(images_dir: str, session_ids: list[str]) -> list[Taken]:
    prefix = images_dir + os.sep
    return [(name, take_fingerprint(prefix + name)) for name in session_ids]
