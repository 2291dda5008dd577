"""Read session folders, at the drive's own speed."""

import os
from collections.abc import Generator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial

import msgspec

from sdgen_admin.disk.folder import SessionReading, read_session
from sdgen_admin.disk.readers.manifest import parse_manifest
from sdgen_admin.errors import InvalidManifestError
from sdgen_admin.scan.spread import spread
from sdgen_admin.scan.work import Task

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(list[SessionReading])
"""JSON, since pickling a reading takes four times as long, and MessagePack has no whole numbers beyond 64 bits."""


def scan(
    images_dir: str, session_ids: Sequence[str], *, jobs: int | None = None, executor: Executor | None = None
) -> Generator[SessionReading]:
    """Read session folders and yield what each says, in no particular order.

    Args:
        images_dir: The images root, absolute.
        session_ids: Names of folders in it.
        jobs: How many to read side by side; None: as many as the drive rewards.
        executor: Reads them instead of our own threads and processes: any executor in the sense of PEP 3148.
    """
    with suppress(InvalidManifestError):  # what a reader loads at its first use would be taken for the drive's speed
        parse_manifest(b"{}")
    task = Task(partial(_read, images_dir), partial(read_packed, images_dir), _DECODER.decode)
    return spread(task, session_ids, jobs=jobs, executor=executor)


def read_packed(images_dir: str, session_ids: list[str]) -> bytes:
    """Return the readings of sessions as JSON."""
    return _ENCODER.encode(_read(images_dir, session_ids))


def _read(images_dir: str, session_ids: list[str]) -> list[SessionReading]:
    return [read_session(os.path.join(images_dir, name), name) for name in session_ids]
