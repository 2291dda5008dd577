"""A copy of the database while it is in use, and the way back to one."""

import os

from sdgen_admin.db import restore as restoring
from sdgen_admin.db.backup import write_copy
from sdgen_admin.db.connection import Database
from sdgen_admin.models.reports import BackupReport, RestoreReport


def back_up(database: Database, file: str | os.PathLike[str] | None) -> BackupReport:
    """Write a whole, checked copy of the database; see `SessionLibrary.backup`."""
    with database.open_as_it_is() as connection:
        target = write_copy(connection, database.path, None if file is None else os.path.abspath(file))
    return BackupReport(path=target, size=os.path.getsize(target))


def restore(database: Database, file: str | os.PathLike[str]) -> RestoreReport:
    """Put a copy in the place of the database; see `SessionLibrary.restore`."""
    copy = os.path.abspath(file)
    done = restoring.restore(database, copy)
    return RestoreReport(path=database.path, restored_from=copy, previous=done.previous, was_damaged=done.was_damaged)
