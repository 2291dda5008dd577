"""A copy of the database, while it is in use."""

import os

from sdgen_admin.db.backup import write_copy
from sdgen_admin.db.connection import Database
from sdgen_admin.models.reports import BackupReport


def back_up(database: Database, file: str | os.PathLike[str] | None) -> BackupReport:
    """Write a whole, checked copy of the database; see `SessionLibrary.backup`."""
    with database.open_as_it_is() as connection:
        target = write_copy(connection, database.path, None if file is None else os.path.abspath(file))
    return BackupReport(path=target, size=os.path.getsize(target))
