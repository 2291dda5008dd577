"""The indexes of a search: when they are made, and when not."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from sdgen_admin.db.schema import SEARCH_INDEXES
from sdgen_admin.db.search import has_search_indexes, make_search_indexes
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.db.many import found, made, make_them, writing
from tests.db.plain_find import Session, expected
from tests.neighbour import damage, plain

FIRST_FREE_PAGE_AT = 32
"""https://www.sqlite.org/fileformat.html#the_database_header"""


def test_computing_among_many_makes_them(unindexed: SessionLibrary) -> None:
    make_session(Path(unindexed.images_dir))

    unindexed.compute()

    assert made(unindexed) == set(SEARCH_INDEXES)


def test_the_first_use_of_a_database_that_others_filled_makes_them(unindexed: SessionLibrary) -> None:
    with plain(Path(unindexed.database.path)) as connection:
        for table in ("sessions", "history", "version"):
            connection.execute(f"DROP TABLE sdgen_admin_{table}")

    found(unindexed, SessionFilter())

    assert made(unindexed) == set(SEARCH_INDEXES)


def test_few_sessions_are_searched_without(unindexed: SessionLibrary) -> None:
    path = Path(unindexed.database.path)
    with plain(path) as connection:
        connection.execute("DELETE FROM session_stats WHERE rowid > 9000")

    make_them(unindexed)

    assert made(unindexed) == set()


@pytest.mark.parametrize(
    ("page", "prompt", "are_made"), [(4096, 500, True), (4096, 700, False), (16_384, 1900, True), (16_384, 2100, False)]
)
def test_so_are_prompts_that_are_too_long_for_a_page(
    unindexed: SessionLibrary, page: int, prompt: int, *, are_made: bool
) -> None:
    path = Path(unindexed.database.path)
    with plain(path) as connection:
        connection.execute("UPDATE session_stats SET resolved_prompt = printf(?, rowid % 50)", (f"%{prompt}s",))
    with plain(path) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute("VACUUM")

    make_them(unindexed)

    assert made(unindexed) == (set(SEARCH_INDEXES) if are_made else set())


def test_a_copy_in_memory_is_searched_without(unindexed: SessionLibrary) -> None:
    with plain(Path(unindexed.database.path)) as source, closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)
        make_search_indexes(copy)

        assert not has_search_indexes(copy)


def test_nobody_is_waited_for(unindexed: SessionLibrary) -> None:
    with unindexed.database.open() as connection, writing(Path(unindexed.database.path)):
        make_search_indexes(connection)

        assert connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
    assert made(unindexed) == set()


def test_a_fault_that_no_search_meets_is_no_error(unindexed: SessionLibrary, many: list[Session]) -> None:
    path, query = Path(unindexed.database.path), SessionFilter(search="prompt 3999")
    with plain(path) as connection:
        connection.execute("CREATE TABLE other AS SELECT randomblob(1000000)")
    with plain(path) as connection:
        connection.execute("DROP TABLE other")
    (free_page,) = struct.unpack_from(">I", path.read_bytes(), FIRST_FREE_PAGE_AT)
    damage(path, free_page)

    make_them(unindexed)

    assert made(unindexed) == set()
    assert found(unindexed, query) == expected(many, query)
