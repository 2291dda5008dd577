"""Every use of a library, and the error that it must end in if the database cannot be used."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import Phase

from sdgen_admin.errors import DatabaseError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.reports import Listener
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking, which with databases takes longer than a test may. What fails is small as it is."""
LIKE = SessionMetadataUpdate(is_favorite=True)


def all_records(library: SessionLibrary) -> list[SessionRecord]:
    with library.records() as records:
        return list(records)


class Heard(Listener):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.why: list[str] = []

    def in_memory(self, why: str) -> None:
        self.why.append(why)


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
    "records": all_records,
    "tags": lambda library: library.tags(),
    "models": lambda library: library.models(),
    "history": lambda library: library.history(),
    "describe": lambda library: library.describe(),
    "dry run": lambda library: library.update_metadata(SESSION, LIKE, dry_run=True),
}
USES = READS | WRITES


def expect(error: type[DatabaseError], use: Callable[[SessionLibrary], object], library: SessionLibrary) -> str:
    with pytest.raises(error) as caught:
        use(library)
    assert type(caught.value) is error
    assert caught.value.details["path"] == library.db_path
    assert library.db_path in str(caught.value)
    return str(caught.value)


@contextmanager
def traced() -> Iterator[list[str]]:
    """Give the statements of all connections that are opened in the body."""
    statements: list[str] = []
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect_and_trace(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect_and_trace)
        yield statements
