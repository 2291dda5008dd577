"""Every use of a library, and the error that it must end in where the database cannot be used."""

from collections.abc import Callable

import pytest

from sdgen_admin.errors import DatabaseError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION

LIKE = SessionMetadataUpdate(is_favorite=True)

WRITES: dict[str, Callable[[SessionLibrary], object]] = {
    "compute": lambda library: library.compute(force=True),
    "update": lambda library: library.update_metadata(SESSION, LIKE),
    "prune": lambda library: library.prune(),
}
READS: dict[str, Callable[[SessionLibrary], object]] = {
    "find": lambda library: library.find(),
    "cached": lambda library: library.find(fresh=False),
    "get": lambda library: library.get(SESSION),
    "resolve": lambda library: library.resolve(["latest"]),
    "tags": lambda library: library.tag_counts(),
    "dry run": lambda library: library.update_metadata(SESSION, LIKE, dry_run=True),
}
USES = READS | WRITES


def expect(error: type[DatabaseError], use: Callable[[SessionLibrary], object], library: SessionLibrary) -> str:
    with pytest.raises(error) as caught:
        use(library)
    assert type(caught.value) is error
    assert caught.value.exit_status == 3
    assert library.database.path in str(caught.value)
    assert caught.value.hint
    return str(caught.value)
