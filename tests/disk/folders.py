"""One look at a session folder."""

from pathlib import Path

from sdgen_admin.disk.folder import SessionReading, read_session


def read(folder: Path) -> SessionReading:
    return read_session(str(folder), folder.name)


def source_of(reading: SessionReading) -> str | None:
    """Return where the facts of a reading came from, None if it has none."""
    return None if reading.facts is None else reading.facts.source
