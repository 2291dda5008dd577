"""File permissions that hold for the tests, even if they run as root."""

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

R = TypeVar("R")

_VERSION = 0x20080522
_IGNORING_PERMISSIONS = 1 << 1 | 1 << 2 | 1 << 3
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER."""


def as_ordinary_user(function: Callable[[], R]) -> R:
    """Return what `function` returns if file permissions count.

    Root ignores permissions. On Linux each thread has that right on its own, so a thread without it does the work.
    """
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions work differently here")
    if os.geteuid() != 0:
        return function()
    if sys.platform != "linux":
        pytest.skip("root cannot give up its rights here")
    with ThreadPoolExecutor(1, initializer=_give_up_rights) as pool:
        return pool.submit(function).result()


def _give_up_rights() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the same for higher numbers
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    for place in range(3):
        sets[place] &= ~_IGNORING_PERMISSIONS & 0xFFFFFFFF
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def forbid_writing(database: Path) -> None:
    """Make a database and its folder read-only."""
    database.chmod(0o444)
    database.parent.chmod(0o555)


def allow_writing(database: Path) -> None:
    """Make them writable again, so that the folder can be deleted."""
    database.parent.chmod(0o755)
    database.chmod(0o644)


@contextmanager
def read_only(database: Path) -> Iterator[None]:
    """Forbid writing a database and its folder for as long as this lasts."""
    forbid_writing(database)
    try:
        yield
    finally:
        allow_writing(database)
