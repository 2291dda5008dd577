"""One folder to its stats, without a database."""

import os
from datetime import datetime

from sdgen_admin.disk.folder import read_session
from sdgen_admin.disk.spelling import listed_name
from sdgen_admin.errors import InvalidManifestError, ManifestNotFoundError, SessionFolderError
from sdgen_admin.models.enums import Source
from sdgen_admin.models.session_id import path_in
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.stats.rules import compute_fields


class SessionStatsCalculator:
    """Computes the stats of one session folder.

    Args:
        session_path: The folder; any name will do, but only a session's tells when it was created.
    """

    def __init__(self, session_path: str | os.PathLike[str]) -> None:
        self._path = os.path.abspath(session_path)

    def compute_stats(self) -> SessionStats:
        """Return the stats of the folder as it is now.

        Raises:
            ManifestNotFoundError: It has no `manifest.json`, or is not there itself (a FileNotFoundError).
            SessionFolderError: It cannot be read (an OSError).
            InvalidManifestError: Its `manifest.json` cannot be read as a manifest (a ValueError).
        """
        folder, name = os.path.split(self._path)
        name = listed_name(folder, name)
        reading = read_session(os.path.join(folder, name), name)
        if reading.facts is None or reading.facts.source == Source.FOLDER.value:
            message = f"{self._path}: {reading.problem}"
            if reading.is_gone or (reading.is_readable and not reading.has_manifest):
                raise ManifestNotFoundError(message)
            if not reading.is_readable:
                raise SessionFolderError(message)
            raise InvalidManifestError(message)
        where = {"session_id": reading.session_id, "session_path": path_in(folder, name)}
        return SessionStats.model_validate(where | compute_fields(reading, datetime.now()))
