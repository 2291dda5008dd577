"""A session folder's fingerprint: two stat calls that tell whether anything changed."""

import os
import time
from typing import NamedTuple

MANIFEST = "manifest.json"

DISTRUSTED_NS = 2_000_000_000
"""A modification time younger than this when read may hide a change: file systems count in steps of up to 2 s (FAT)."""


_SKEW_NS = 24 * 60 * 60 * 1_000_000_000


class Fingerprint(NamedTuple):
    """What is compared to know whether facts are outdated."""

    folder_mtime_ns: int
    """The folder's modification time, in nanoseconds."""
    manifest_mtime_ns: int | None
    """The manifest's modification time, in nanoseconds; None without a manifest."""
    manifest_size: int | None
    """The manifest's size, in bytes."""

    def is_settled(self, read_at_ns: int) -> bool:
        """Whether everything it stands for was old enough at `read_at_ns` that no later change can hide.

        A time up to a day ahead may be the present of a drive whose clock is fast; beyond, it is a wrong date.
        """
        times = (self.folder_mtime_ns, self.manifest_mtime_ns or 0)
        return not any(-_SKEW_NS < read_at_ns - moment < DISTRUSTED_NS for moment in times)


def take_fingerprint(session_path: str) -> Fingerprint | None:
    """Return the present fingerprint of a session folder, or None if the folder is gone or cannot be reached."""
    try:
        folder = os.stat(session_path).st_mtime_ns
    except OSError:
        return None
    try:
        manifest = os.stat(f"{session_path}{os.sep}{MANIFEST}")
    except OSError:
        return Fingerprint(folder, None, None)
    return Fingerprint(folder, manifest.st_mtime_ns, manifest.st_size)


def now_ns() -> int:
    """The clock that modification times are compared with, in nanoseconds."""
    return time.time_ns()
