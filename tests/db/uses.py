"""Every use of a library, and the error that it must end in if the database cannot be used."""

from collections.abc import Callable

import pytest

from sdgen_admin.errors import DatabaseError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION

LIKE = SessionMetadataUpdate(is_favorite=True)

WRITES: dict[str, Callable[[SessionLibrary], object]] = {
    "compute": lambda library: library.compute(force=True),
    "update": lambda library: library.update_metadata(SESSION, LIKE),
    "update a filter's": lambda library: library.update_metadata(SessionFilter(liked=False), LIKE),
    "prune": lambda library: library.prune(),
    "delete": lambda library: library.delete_stats(SESSION),
    "undo": lambda library: library.undo(),
}
READS: dict[str, Callable[[SessionLibrary], object]] = {
    "find": lambda library: library.find(),
    "cached": lambda library: library.find(fresh=False),
    "get": lambda library: library.get(SESSION),
    "resolve": lambda library: library.resolve(["latest"]),
    "records": lambda library: _all_records(library),
    "tags": lambda library: library.tags(),
    "models": lambda library: library.models(),
    "history": lambda library: library.history(),
    "describe": lambda library: library.describe(),
    "dry run": lambda library: library.update_metadata(SESSION, LIKE, dry_run=True),
}
USES = READS | WRITES


def _all_records(library: SessionLibrary) -> list[SessionRecord]:
    with library.records() as records:
        return list(records)


def expect(error: type[DatabaseError], use: Callable[[SessionLibrary], object], library: SessionLibrary) -> str:
    with pytest.raises(error) as caught:
        use(library)
    assert type(caught.value) is error
    assert caught.value.details["path"] == library.db_path
    assert library.db_path in str(caught.value)
    return str(caught.value)
