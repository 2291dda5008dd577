"""The indexes of a search: when they are made, and when not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdgen_admin.db.schema import SEARCH_INDEXES
from sdgen_admin.db.search import make_search_indexes
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.db.many import found, indexes, writing
from tests.neighbour import plain


def test_a_search_among_many_makes_them(unindexed: SessionLibrary) -> None:
    found(unindexed, SessionFilter(search="fox"))

    assert set(SEARCH_INDEXES) <= indexes(Path(unindexed.database.path))


def test_no_other_listing_makes_them(unindexed: SessionLibrary) -> None:
    found(unindexed, SessionFilter())

    assert not indexes(Path(unindexed.database.path)) & set(SEARCH_INDEXES)


def test_computing_among_many_makes_them(unindexed: SessionLibrary) -> None:
    make_session(Path(unindexed.images_dir))

    unindexed.compute()

    assert set(SEARCH_INDEXES) <= indexes(Path(unindexed.database.path))


def test_few_sessions_are_searched_without(unindexed: SessionLibrary) -> None:
    path = Path(unindexed.database.path)
    with plain(path) as connection:
        connection.execute("DELETE FROM session_stats WHERE rowid > 9000")

    found(unindexed, SessionFilter(search="fox"))

    assert not indexes(path) & set(SEARCH_INDEXES)


@pytest.mark.parametrize(
    ("page", "prompt", "has_them"), [(4096, 500, True), (4096, 700, False), (16_384, 1900, True), (16_384, 2100, False)]
)
def test_so_are_prompts_that_are_too_long_for_a_page(
    unindexed: SessionLibrary, page: int, prompt: int, *, has_them: bool
) -> None:
    path = Path(unindexed.database.path)
    with plain(path) as connection:
        connection.execute("UPDATE session_stats SET resolved_prompt = printf(?, rowid % 50)", (f"%{prompt}s",))
    with plain(path) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute("VACUUM")

    found(unindexed, SessionFilter(search="fox"))

    assert (set(SEARCH_INDEXES) <= indexes(path)) == has_them


def test_a_copy_in_memory_is_searched_without(unindexed: SessionLibrary) -> None:
    with plain(Path(unindexed.database.path)) as source, closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)

        assert not make_search_indexes(copy)
        assert make_search_indexes(source)


def test_nobody_is_waited_for(unindexed: SessionLibrary) -> None:
    path = Path(unindexed.database.path)
    with unindexed.database.open() as connection, writing(path):
        assert not make_search_indexes(connection)
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
    assert not indexes(path) & set(SEARCH_INDEXES)
