"""A session folder's fingerprint: two stat calls that tell whether anything changed."""

import os
from typing import NamedTuple

MANIFEST = "manifest.json"


class Fingerprint(NamedTuple):
    """What is compared to know whether facts are outdated."""

    folder_mtime_ns: int
    """The folder's modification time, in nanoseconds."""
    manifest_mtime_ns: int | None
    """The manifest's modification time, in nanoseconds; None without a manifest."""
    manifest_size: int | None
    """The manifest's size, in bytes."""

    @property
    def changed_ns(self) -> int:
        """When folder or manifest last changed, in nanoseconds."""
        return max(self.folder_mtime_ns, self.manifest_mtime_ns or self.folder_mtime_ns)


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
