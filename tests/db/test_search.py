"""A search among so many sessions that it has indexes of its own."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdgen_admin.db import listing
from sdgen_admin.db.connection import Database
from sdgen_admin.db.queries import build
from sdgen_admin.db.schema import SEARCH_INDEXES
from sdgen_admin.db.search import make_search_indexes
from sdgen_admin.models.enums import SortKey
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.db.plain_find import Columns, Session, expected
from tests.neighbour import plain

MANY = 12_000
PARTS = {"session_stats": "stats", "session_metadata": "metadata", "sdgen_admin_sessions": "own"}
FIRST = datetime(2025, 1, 1)
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


def sessions_of(count: int) -> list[Session]:
    """Return sessions with 4,000 different prompts, a few of them with metadata or without stats."""
    chance = random.Random(count)
    return [_session(number, chance) for number in range(count)]


def _session(number: int, chance: random.Random) -> Session:
    stats: Columns | None = {
        "sd_model": chance.choice([None, "pony", "sdxl"]),
        "resolved_prompt": None if number % 97 == 0 else f"a prompt {number * 7 % 4000:04}, {_word(number)}",
        "negative_prompt": None if number % 89 == 0 else "nothing but this" if number % 500 == 3 else "low, blurry",
        "completion_percentage": chance.choice([None, 50.0, 95.0, 100.0]),
        "images_actual": chance.randrange(50),
        "is_seed_sweep": chance.choice([None, 0, 1]),
    }
    metadata: Columns | None = {
        "is_favorite": chance.choice([0, 1]),
        "is_test": chance.choice([0, 0, 1]),
        "user_rating": chance.choice([None, "like", "dislike"]),
        "user_note": f"the note of {number}" if number % 4 == 0 else None,
        "tags": chance.choice([None, ["red hair"], ["a", "été"]]),
        "updated_at": (FIRST + timedelta(minutes=chance.randrange(1000))).isoformat(),
    }
    own: Columns | None = {
        "missing": number % 50 == 0,
        "problem": "It is broken." if number % 30 == 0 else None,
        "status": chance.choice([None, "ongoing", "completed"]),
    }
    if number % 60 == 1:
        stats = None
    return Session(
        session_id=f"{FIRST + timedelta(minutes=number):%Y%m%d_%H%M%S}-name_{number % 12}",
        stats=stats,
        metadata=metadata if number % 3 else None,
        own=own if number % 7 else None,
    )


def _word(number: int) -> str:
    return (
        "Émile" if number % 1000 == 5 else "少女" if number % 11 == 0 else "Straße" if number == 77 else "masterpiece"
    )


def write(path: Path, sessions: list[Session]) -> None:
    """Write sessions as another program does."""
    with Database(path).open(for_writing=True):
        pass
    with plain(path) as connection:
        for table, part in (
            ("session_stats", "stats"),
            ("session_metadata", "metadata"),
            ("sdgen_admin_sessions", "own"),
        ):
            rows = [_row(session, part) for session in sessions if getattr(session, part) is not None]
            marks = ", ".join(f":{name}" for name in rows[0])
            connection.executemany(f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})", rows)


def _row(session: Session, part: str) -> Columns:
    row = {"session_id": session.session_id, **getattr(session, part)}
    if part == "own":
        return row
    created = datetime.strptime(session.session_id[:15], "%Y%m%d_%H%M%S").isoformat()
    if part == "stats":
        return row | {"session_path": "", "session_created_at": created, "stats_computed_at": created}
    tags = None if row["tags"] is None else json.dumps(row["tags"])
    return row | {"session_path": "", "created_at": created, "tags": tags}


@pytest.fixture(scope="module")
def sessions() -> list[Session]:
    return sessions_of(MANY)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, sessions: list[Session]) -> Path:
    path = tmp_path_factory.mktemp("many") / "sessions.db"
    write(path, sessions)
    with Database(path).open() as connection:
        make_search_indexes(connection)
    assert set(SEARCH_INDEXES) <= indexes(path)
    return path


@pytest.fixture(scope="module")
def library(path: Path) -> SessionLibrary:
    return SessionLibrary(path.parent, path)


@pytest.fixture
def of_its_own(tmp_path: Path, path: Path) -> SessionLibrary:
    """A copy of the database without these indexes."""
    copy = tmp_path / "sessions.db"
    with plain(path) as source, plain(copy) as target:
        source.backup(target)
        for name in SEARCH_INDEXES:
            target.execute(f"DROP INDEX IF EXISTS {name}")
    return SessionLibrary(tmp_path, copy)


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


def found(library: SessionLibrary, query: SessionFilter) -> tuple[int, list[str]]:
    page = library.find(query, fresh=False)
    return page.total_count, [record.session_id for record in page.sessions]


def indexes(path: Path) -> set[str]:
    with plain(path) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


@pytest.mark.parametrize("text", SEARCHES)
def test_a_search_of_many_finds_what_python_finds(library: SessionLibrary, sessions: list[Session], text: str) -> None:
    query = SessionFilter(search=text)

    assert found(library, query) == expected(sessions, query)


@settings(deadline=None, max_examples=100)
@given(query=queries, touched=st.sampled_from([5, 20_000]))
def test_so_it_does_with_any_filter_and_order(
    library: SessionLibrary, sessions: list[Session], query: SessionFilter, touched: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("_TOUCHED", "_TOUCHED_AND_FOUND"):
            patch.setattr(listing, limit, touched)  # metadata without stats is looked up, or merged
        assert found(library, query) == expected(sessions, query)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Be another program that writes, so that nobody else can."""
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize("text", SEARCHES)
def test_without_the_indexes_it_finds_the_same(of_its_own: SessionLibrary, sessions: list[Session], text: str) -> None:
    path, query = Path(of_its_own.database.path), SessionFilter(search=text)

    with writing(path):
        assert found(of_its_own, query) == expected(sessions, query)
    assert not indexes(path) & set(SEARCH_INDEXES)


def test_a_search_among_many_makes_them(of_its_own: SessionLibrary) -> None:
    found(of_its_own, SessionFilter(search="fox"))

    assert set(SEARCH_INDEXES) <= indexes(Path(of_its_own.database.path))


def test_no_other_listing_makes_them(of_its_own: SessionLibrary) -> None:
    found(of_its_own, SessionFilter())

    assert not indexes(Path(of_its_own.database.path)) & set(SEARCH_INDEXES)


def test_computing_among_many_makes_them(of_its_own: SessionLibrary) -> None:
    make_session(Path(of_its_own.images_dir))

    of_its_own.compute()

    assert set(SEARCH_INDEXES) <= indexes(Path(of_its_own.database.path))


def test_few_sessions_are_searched_without(of_its_own: SessionLibrary) -> None:
    path = Path(of_its_own.database.path)
    with plain(path) as connection:
        connection.execute("DELETE FROM session_stats WHERE rowid > 9000")

    found(of_its_own, SessionFilter(search="fox"))

    assert not indexes(path) & set(SEARCH_INDEXES)


@pytest.mark.parametrize(
    ("page", "prompt", "has_them"), [(4096, 500, True), (4096, 700, False), (16_384, 1900, True), (16_384, 2100, False)]
)
def test_so_are_prompts_that_are_too_long_for_a_page(
    of_its_own: SessionLibrary, page: int, prompt: int, *, has_them: bool
) -> None:
    path = Path(of_its_own.database.path)
    with plain(path) as connection:
        connection.execute("UPDATE session_stats SET resolved_prompt = printf(?, rowid % 50)", (f"%{prompt}s",))
    with plain(path) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute("VACUUM")

    found(of_its_own, SessionFilter(search="fox"))

    assert (set(SEARCH_INDEXES) <= indexes(path)) == has_them


def test_a_copy_in_memory_is_searched_without(of_its_own: SessionLibrary) -> None:
    with plain(Path(of_its_own.database.path)) as source, closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)

        assert not make_search_indexes(copy)
        assert make_search_indexes(source)


def test_nobody_is_waited_for(of_its_own: SessionLibrary, sessions: list[Session]) -> None:
    path = Path(of_its_own.database.path)
    with of_its_own.database.open() as connection, writing(path):
        assert not make_search_indexes(connection)
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
    assert not indexes(path) & set(SEARCH_INDEXES)


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("text", ["fox", "größe", "裙子", "caf"])
def test_what_is_no_text_is_searched_as_it_is_shown(
    of_its_own: SessionLibrary, sessions: list[Session], text: str, *, indexed: bool
) -> None:
    odd = "fox 裙子 größe".encode() + b" caf\xe9"
    with plain(Path(of_its_own.database.path)) as connection:
        connection.execute("UPDATE session_stats SET negative_prompt = ? WHERE rowid = 1", (odd,))
        connection.execute("UPDATE session_stats SET resolved_prompt = CAST(? AS TEXT) WHERE rowid = 2", (odd,))
        connection.execute("UPDATE session_metadata SET tags = CAST(? AS TEXT) WHERE rowid = 1", (odd,))

    with nullcontext() if indexed else writing(Path(of_its_own.database.path)):
        ids = found(of_its_own, SessionFilter(search=text, reverse=True))[1]

    assert ids == [some.session_id for some in sessions[:3]]


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
