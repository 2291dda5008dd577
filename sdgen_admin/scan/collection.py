"""All sessions of an images root, at the drive's own speed."""

import os
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING

from sdgen_admin.disk.fingerprint import Fingerprint, take_fingerprint
from sdgen_admin.scan.spread import Helper, Spread

if TYPE_CHECKING:
    from sdgen_admin.disk.folder import SessionReading


def read_sessions(images_dir: str, session_ids: list[str], jobs: int | None = None) -> "Generator[SessionReading]":
    """Read the session folders `session_ids`, in no particular order.

    Args:
        images_dir: The images root, absolute.
        session_ids: Names of folders in it.
        jobs: How many to read side by side; None: as many as the drive rewards.
    """
    from sdgen_admin.disk.folder import read_session  # noqa: PLC0415 -- when all is fresh, nothing is read

    def read(session_id: str) -> "SessionReading":
        return read_session(os.path.join(images_dir, session_id), session_id)

    return Spread(read, helper=partial(_start_worker, images_dir), jobs=jobs, batch=2)(session_ids)


def _start_worker(images_dir: str) -> "Helper[SessionReading]":
    from sdgen_admin.scan.worker import Worker  # noqa: PLC0415 -- only a cold, big collection needs processes

    return Worker(images_dir)


def take_fingerprints(
    images_dir: str, session_ids: list[str], jobs: int | None = None
) -> Generator[tuple[str, Fingerprint | None]]:
    """Yield each session id with its folder's present fingerprint, None if the folder is gone."""
    prefix = images_dir + os.sep

    def take(session_id: str) -> tuple[str, Fingerprint | None]:
        return session_id, take_fingerprint(prefix + session_id)

    return Spread(take, helper=None, jobs=jobs, batch=8)(session_ids)
