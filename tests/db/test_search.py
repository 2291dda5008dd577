"""A search among so many sessions that it has indexes of its own: what it finds, and how."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from sdgen_admin.db import listing, search
from sdgen_admin.db.queries import build
from sdgen_admin.db.schema import SEARCH_INDEXES
from sdgen_admin.models.enums import SortKey
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.db.many import found, made, make_them
from tests.db.plain_find import Session, expected
from tests.neighbour import plain

SEARCHES = [
    "masterpiece",  # in nearly all prompts
    "MASTER",
    "prompt 00",  # among the first of the different prompts
    "prompt 3",  # among all of them
    "prompt 3999",
    "blurry",  # in most negative prompts
    "nothing but this",
    "name_1",
    "-NAME_",  # in every id
    "20250102",
    "the note of 5",
    "red",
    "Émile",
    "ÉMILE",
    "少女",
    "straße",
    "%",
    "not there",
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, many_path: Path) -> SessionLibrary:
    """One that all tests search, with these indexes."""
    library = SessionLibrary(many_path.parent, shutil.copy(many_path, tmp_path_factory.mktemp("indexed")))
    make_them(library)
    assert made(library) == set(SEARCH_INDEXES)
    return library


queries = st.fixed_dictionaries(
    {"search": st.sampled_from([*SEARCHES, None])},
    optional={
        "liked": st.booleans(),
        "test": st.booleans(),
        "complete": st.booleans(),
        "seed_sweep": st.booleans(),
        "model": st.just("pony"),
        "from_date": st.just("2025-01-03"),
        "to_date": st.just("2025-01-05"),
        "tag": st.just(("red hair",)),
        "untagged": st.booleans(),
        "rating": st.sampled_from(["like", "none"]),
        "status": st.just("completed"),
        "problem": st.booleans(),
        "missing": st.booleans(),
        "sort": st.sampled_from(SortKey),
        "reverse": st.booleans(),
        "limit": st.sampled_from([None, 3, 100]),
        "offset": st.sampled_from([0, 7, 3000]),
    },
).map(SessionFilter.model_validate)


@pytest.mark.parametrize("text", SEARCHES)
def test_a_search_of_many_finds_what_python_finds(library: SessionLibrary, many: list[Session], text: str) -> None:
    query = SessionFilter(search=text)

    assert found(library, query) == expected(many, query)


@settings(deadline=None, max_examples=100)
@given(query=queries, touched=st.sampled_from([5, 20_000]), kept=st.sampled_from([5, 20_000]))
def test_so_it_does_with_any_filter_and_order(
    library: SessionLibrary, many: list[Session], query: SessionFilter, touched: int, kept: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_KEPT", kept)  # what is found is listed, or each row is looked at
        for limit in ("_TOUCHED", "_TOUCHED_AND_FOUND"):
            patch.setattr(listing, limit, touched)  # metadata without stats is looked up, or merged
        assert found(library, query) == expected(many, query)


@pytest.mark.parametrize("text", SEARCHES)
def test_without_the_indexes_it_finds_the_same(unindexed: SessionLibrary, many: list[Session], text: str) -> None:
    query = SessionFilter(search=text)

    assert found(unindexed, query) == expected(many, query)
    assert made(unindexed) == set()


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("text", ["fox", "größe", "裙子", "caf"])
def test_what_is_no_text_is_searched_as_it_is_shown(
    unindexed: SessionLibrary, many: list[Session], text: str, *, indexed: bool
) -> None:
    odd = "fox 裙子 größe".encode() + b" caf\xe9"
    with plain(Path(unindexed.database.path)) as connection:
        connection.execute("UPDATE session_stats SET negative_prompt = ? WHERE rowid = 1", (odd,))
        connection.execute("UPDATE session_stats SET resolved_prompt = CAST(? AS TEXT) WHERE rowid = 2", (odd,))
        connection.execute("UPDATE session_metadata SET tags = CAST(? AS TEXT) WHERE rowid = 1", (odd,))
    if indexed:
        make_them(unindexed)

    assert found(unindexed, SessionFilter(search=text, reverse=True))[1] == [some.session_id for some in many[:3]]


def test_no_offset_is_too_large(library: SessionLibrary) -> None:
    query = SessionFilter(search="prompt", offset=2**63 - 1)

    assert library.find(query, fresh=False).sessions == ()


def plan(library: SessionLibrary, query: SessionFilter) -> list[str]:
    statement, parameters = build(query, indexed=True)
    with library.database.open() as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.mark.parametrize("text", ["masterpiece", "ÉMILE"])
@pytest.mark.parametrize("order", ["created", "model", "images", "completion"])
def test_where_many_are_found_the_order_is_walked_along_its_index(
    library: SessionLibrary, text: str, order: str
) -> None:
    steps = plan(library, SessionFilter.model_validate({"search": text, "sort": order}))

    assert f"SCAN session_stats USING INDEX sdgen_admin_stats_{order}" in steps
    assert "SCAN session_stats USING COVERING INDEX sdgen_admin_search_prompt" in steps


def test_prompts_are_walked_from_one_to_the_next(library: SessionLibrary) -> None:
    steps = plan(library, SessionFilter(search="fox"))

    for column, index in (("resolved_prompt", "prompt"), ("negative_prompt", "negative")):
        step = f"SEARCH session_stats USING COVERING INDEX sdgen_admin_search_{index} ({column}>?"
        assert f"{step})" in steps
        assert f"{step} AND {column}<?)" in steps
