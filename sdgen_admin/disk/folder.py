"""One pass over a session folder: its images, their times, its manifest and its fingerprint."""

import os
from dataclasses import dataclass

from sdgen_admin.disk.fingerprint import MANIFEST, Fingerprint, now_ns
from sdgen_admin.disk.manifest import ManifestFacts, parse_manifest
from sdgen_admin.errors import InvalidManifestError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")

_FOLDER_ONLY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
"""Opening anything but a folder fails; opening a pipe would otherwise wait for its writer."""

NO_MANIFEST = "There is no manifest.json in the folder."


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
    manifest: ManifestFacts | None = None
    """The manifest's facts, where it could be read."""
    has_manifest: bool = False
    """Whether there is a manifest at all."""
    problem: str | None = None
    """What kept the session from full stats, in one sentence."""
    fingerprint: Fingerprint | None = None
    """To be compared later; None where it cannot be relied on, so that the session is read again."""


def read_session(session_path: str, session_id: str) -> SessionReading:
    """Read a session folder once. Never raises for what a folder holds: what is wrong becomes the problem."""
    read_at = now_ns()
    folder: int | str
    try:
        # Relative to an open folder, the many stat calls cost a tenth less than by path.
        folder = os.open(session_path, _FOLDER_ONLY) if os.scandir in os.supports_fd else session_path
    except OSError as error:
        return _unreadable(session_id, error)
    try:
        folder_mtime_ns = os.stat(folder).st_mtime_ns
        images, first, last, manifest = _list_images(folder)
    except OSError as error:
        return _unreadable(session_id, error)
    finally:
        if isinstance(folder, int):
            os.close(folder)
    if manifest is None:
        found = _FoundManifest(problem=NO_MANIFEST)
    else:
        found = _read_manifest(os.path.join(session_path, MANIFEST), is_file=manifest)
    fingerprint = Fingerprint(
        folder_mtime_ns,
        found.state.st_mtime_ns if found.state else None,
        found.state.st_size if found.state else None,
    )
    # What was there but could not be read is tried again: permissions change without a trace in the fingerprint.
    is_reliable = (manifest is None or found.state is not None) and fingerprint.is_settled(read_at)
    return SessionReading(
        session_id=session_id,
        images=images,
        first_image_ns=first,
        last_image_ns=last,
        manifest=found.facts,
        has_manifest=manifest is not None,
        problem=found.problem,
        fingerprint=fingerprint if is_reliable else None,
    )


def _unreadable(session_id: str, error: OSError) -> SessionReading:
    problem = f"The folder cannot be read: {error.strerror}."
    gone = isinstance(error, FileNotFoundError | NotADirectoryError)
    return SessionReading(session_id, is_readable=False, is_gone=gone, problem=problem)


def _list_images(folder: int | str) -> tuple[int, int | None, int | None, bool | None]:
    """Return how many images there are, their smallest and largest modification time, and the manifest.

    Of the manifest, whether it is a file; None where there is none.
    """
    times: list[int] = []
    manifest: bool | None = None
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(IMAGE_SUFFIXES) or name.lower().endswith(IMAGE_SUFFIXES):
                try:
                    if entry.is_file():
                        times.append(entry.stat().st_mtime_ns)
                except OSError:
                    continue  # deleted since it was listed, or a link that leads round in a circle
            elif name == MANIFEST:  # asked now: a symlink is followed from the folder, which is closed later
                manifest = _is_file(entry)
    if not times:
        return 0, None, None, manifest
    return len(times), min(times), max(times), manifest


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:  # a symlink that leads round in a circle: opening it will say so
        return True


@dataclass(frozen=True, slots=True)
class _FoundManifest:
    facts: ManifestFacts | None = None
    problem: str | None = None
    state: os.stat_result | None = None
    """When it was opened; None where it could not be."""


def _read_manifest(path: str, *, is_file: bool) -> _FoundManifest:
    try:
        if not is_file:  # a folder, or a pipe that would never answer
            return _FoundManifest(problem="manifest.json is not a file.", state=os.stat(path))
        with open(path, "rb", buffering=0) as file:
            state = os.fstat(file.fileno())
            data = file.readall()
    except OSError as error:
        return _FoundManifest(problem=f"manifest.json cannot be read: {error.strerror}.")
    try:
        return _FoundManifest(parse_manifest(data), None, state)
    except InvalidManifestError as error:
        return _FoundManifest(None, error.message, state)
