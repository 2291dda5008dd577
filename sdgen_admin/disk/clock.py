"""Whose clock dates the files on a drive, and so how long a change can hide behind an earlier one."""

import os

STEP_NS = 2_000_000_000
"""File systems count in steps of up to 2 s (FAT): two changes within one step leave the same time."""
DAY_NS = 24 * 60 * 60 * 1_000_000_000

_OURS = frozenset((
    "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "hfsplus", "jfs", "msdos", "nilfs2",
    "ntfs", "ntfs3", "overlay", "ramfs", "reiserfs", "tmpfs", "udf", "vfat", "xfs", "zfs",
))  # fmt: skip
"""File systems of drives that this machine itself dates the files of, as Linux names them."""
_MOUNTS = "/proc/self/mountinfo"


def hides_for_ns(folder: str) -> int:
    """Return for how many nanoseconds after a change a later one can get the same time, as far as our clock tells.

    A server, a virtual machine's host or a camera has a clock of its own. It is taken to be right to the day.
    """
    return STEP_NS if has_our_clock(folder) else DAY_NS


def has_our_clock(folder: str) -> bool:
    """Whether this machine's clock dates the files in a folder. Only Linux says which file system it is on."""
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as mounts:
            return file_system_of(os.path.realpath(folder), mounts.read()) in _OURS
    except OSError:
        return False


def file_system_of(path: str, mounts: str) -> str | None:
    """Return the type of the file system that a path without symlinks is on.

    Args:
        path: The path, absolute.
        mounts: What Linux's `mountinfo` says.
    """
    found, longest = None, -1
    for line in mounts.split("\n"):  # a path may hold the other ends of lines
        mount, _, file_system = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) < 5 or not file_system:  # noqa: PLR2004
            continue
        point = _unescaped(fields[4]).rstrip("/")
        # A later mount at the same place hides the earlier one.
        if f"{path}/".startswith(f"{point}/") and len(point) >= longest:
            found, longest = file_system.split(" ")[0], len(point)
    return found


def _unescaped(point: str) -> str:
    for code in (" ", "\t", "\n", "#", "\\"):  # the last one last: what it stands before is no code
        point = point.replace(f"\\{ord(code):03o}", code)
    return point
