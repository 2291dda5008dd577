"""One look at a session folder."""

from pathlib import Path

from sdgen_admin.disk.folder import SessionReading, read_session


def read(folder: Path) -> SessionReading:
    return read_session(str(folder), folder.name)
