"""A copy of the database, while it is in use."""

import os

from sdgen_admin.db.backup import default_target, write_copy
from sdgen_admin.db.connection import Database
from sdgen_admin.models.reports import BackupReport


def back_up(database: Database, file: str | os.PathLike[str] | None) -> BackupReport:
    """Write a whole, checked copy of the database; see `SessionLibrary.backup`."""
    target = default_target(database.path) if file is None else os.path.abspath(file)
    with database.open_as_it_is() as connection:
        write_copy(connection, database.path, target)
    return BackupReport(path=target, size=os.path.getsize(target))
