"""One pass over a session folder: its images, their times, its facts and its fingerprint."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.fingerprint import MANIFEST, Fingerprint
from sdgen_admin.disk.readers import read_facts
from sdgen_admin.disk.readers.interface import SessionFolder
from sdgen_admin.models.enums import RunStatus

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_COMPANION = "._"
"""What macOS puts beside each file on a drive that is not its own starts like this."""

_FOLDER_ONLY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
"""Opening anything but a folder fails; opening a pipe would otherwise wait for its writer."""


@dataclass(frozen=True, slots=True)
class SessionReading:
    """What one look at a session folder found."""

    session_id: str
    is_readable: bool = True
    """Whether the folder could be listed; if not, nothing else is known."""
    is_gone: bool = False
    """Whether that is because the folder is no longer there."""
    images: int = 0
    """Images directly in the folder."""
    first_image_ns: int | None = None
    """The smallest modification time among the images, in nanoseconds."""
    last_image_ns: int | None = None
    """The largest."""
    gap_ns: int | None = None
    """The median time between two images, in nanoseconds, of a run that is not over."""
    changed_ns: int | None = None
    """When folder or manifest last changed, in nanoseconds."""
    facts: Facts | None = None
    """What the first source that says anything says."""
    has_manifest: bool = False
    """Whether there is a manifest at all."""
    problem: str | None = None
    """What kept the session from full stats, in one sentence."""
    fingerprint: Fingerprint | None = None
    """To be compared later; None if a manifest that is there could not be read, so that the session is read again."""


def read_session(session_path: str, session_id: str) -> SessionReading:
    """Read a session folder once. Never raises for what a folder holds: what is wrong becomes the problem."""
    folder: int | str
    try:
        # Relative to an open folder, the many stat calls cost a tenth less than by path.
        folder = os.open(session_path, _FOLDER_ONLY) if os.scandir in os.supports_fd else session_path
    except OSError as error:
        return _unreadable(session_id, error)
    try:
        folder_mtime_ns = os.stat(folder).st_mtime_ns
        times, files = _list(folder)
        _spell_manifest(session_path, files)
    except OSError as error:
        return _unreadable(session_id, error)
    finally:
        if isinstance(folder, int):
            os.close(folder)
    found = read_facts(SessionFolder(session_path, files))
    state, has_manifest = found.state, MANIFEST in files
    fingerprint = Fingerprint(folder_mtime_ns, state.st_mtime_ns if state else None, state.st_size if state else None)
    # What was there but could not be read is tried again: permissions change without a trace in the fingerprint.
    is_whole = state is not None or not has_manifest
    is_ongoing = found.facts is not None and found.facts.run_status == RunStatus.ONGOING.value
    return SessionReading(
        session_id=session_id,
        images=len(times),
        first_image_ns=min(times, default=None),
        last_image_ns=max(times, default=None),
        gap_ns=_median_gap(times) if is_ongoing else None,
        changed_ns=fingerprint.changed_ns,
        facts=found.facts,
        has_manifest=has_manifest,
        problem=found.problem,
        fingerprint=fingerprint if is_whole else None,
    )


def _unreadable(session_id: str, error: OSError) -> SessionReading:
    problem = f"The folder cannot be read: {error.strerror}."
    gone = isinstance(error, FileNotFoundError | NotADirectoryError)
    return SessionReading(session_id, is_readable=False, is_gone=gone, problem=problem)


def _list(folder: int | str) -> tuple[list[int], dict[str, bool]]:
    """Return the images' modification times, and the names of what else there is, each with whether it is a file."""
    times: list[int] = []
    files: dict[str, bool] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(IMAGE_SUFFIXES) or name.lower().endswith(IMAGE_SUFFIXES):
                if name.startswith(_COMPANION):
                    continue
                try:
                    if entry.is_file():
                        times.append(entry.stat().st_mtime_ns)
                except OSError:
                    continue  # deleted since it was listed, or a link that leads round in a circle
            else:  # asked now: a symlink is followed from the folder, which is closed later
                files[name] = _is_file(entry)
    return times, files


def _spell_manifest(session_path: str, files: dict[str, bool]) -> None:
    """Let the manifest have its usual name in `files`, however it is spelled on disk.

    The manifest is what the drive opens as `manifest.json`, for that is what a fingerprint asks, too. On a drive that
    folds case `MANIFEST.JSON` is it; on any other it is a file like others.
    """
    if MANIFEST not in files:
        other = next((name for name in files if name.casefold() == MANIFEST), None)
        if other is not None and os.path.lexists(os.path.join(session_path, MANIFEST)):
            files[MANIFEST] = files.pop(other)


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:  # a symlink that leads round in a circle: opening it will say so
        return True


def _median_gap(times: Sequence[int]) -> int | None:
    ordered = sorted(times)
    gaps = sorted(later - earlier for earlier, later in pairwise(ordered))
    return gaps[len(gaps) // 2] if gaps else None
