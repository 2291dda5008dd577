"""What a database holds for this tool and for its neighbours."""

import sqlite3
from collections.abc import Sequence

from sdgen_admin.db import facts
from sdgen_admin.db.connection import Database
from sdgen_admin.db.settle import count_without_root
from sdgen_admin.db.shared import mirror
from sdgen_admin.models.reports import DatabaseReport
from sdgen_admin.models.roots import Root
from sdgen_admin.services.opened import opened


def describe(database: Database, roots: Sequence[Root]) -> DatabaseReport:
    """Return what the database holds, changing nothing; see `SessionLibrary.describe`."""
    with database.open_for_looking() as connection:
        is_ready = not connection.is_hidden
        found = mirror.recognize(connection)
        ours, others = (0, 0) if found.layout is None else mirror.counts(connection, found.layout)
        sessions = facts.count(connection)
        without_root = count_without_root(connection, roots)
    problem, metadata_problem = found.why, database.metadata_problem()
    if found.layout is not None and is_ready and database.is_writable():
        problem = _why_it_fails(database, roots)
    return DatabaseReport(
        layout="none" if found.is_absent else found.layout.name if found.layout else "unknown",
        mirrored=ours,
        others=others,
        mirror_problem=problem,
        metadata_problem=metadata_problem.message if metadata_problem else None,
        sessions=sessions,
        without_root=without_root,
    )


def _why_it_fails(database: Database, roots: Sequence[Root]) -> str | None:
    try:
        with opened(database, roots, roots, for_writing=False, to_make=False) as collection:
            return mirror.problem_of(collection.connection, collection.first_roots)
    except sqlite3.Error as error:
        return str(error)
