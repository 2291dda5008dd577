"""Whether what the settings name is there and can be used. Looking changes nothing."""

import os
from dataclasses import dataclass

from sdgen_admin.db.connection import Database
from sdgen_admin.disk.roots import list_root
from sdgen_admin.errors import DatabaseError, ImagesRootError, ReadOnlyDatabaseError, SdgenAdminError
from sdgen_admin.models.reports import SILENT, Listener


@dataclass(frozen=True, slots=True)
class Finding:
    """What looking at a root or the database found."""

    is_there: bool
    """Whether there is anything by that name."""
    is_readable: bool
    """Whether it can be read, and is what it should be."""
    is_writable: bool
    """Whether it can be written. Nothing is ever written to an images root."""
    error: SdgenAdminError | None
    """Why it cannot be used as it should be; null if all is well."""


def check_root(path: str) -> Finding:
    """Look whether an images root can be read."""
    error = None
    try:
        list_root(path)
    except ImagesRootError as problem:
        error = problem
    return Finding(os.path.exists(path), error is None, os.access(path, os.W_OK), error)


def check_database(db_path: str, listener: Listener = SILENT) -> Finding:
    """Look whether a database is there, whole, and can be read and written."""
    database = Database(db_path, listener=listener)
    error: DatabaseError | None = None
    try:
        database.check()
    except DatabaseError as problem:
        error = problem
    is_readable, is_writable = error is None, database.is_writable()
    if is_readable and not is_writable:
        error = ReadOnlyDatabaseError(f"{database.path} can be read but not written.", path=database.path)
    elif is_readable:
        error = database.metadata_problem()
    return Finding(database.exists(), is_readable, is_writable, error)
