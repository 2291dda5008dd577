"""Any filter on any collection finds what plain Python finds."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings, strategies as st

from sdgen_admin.db.connection import Database
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.db.plain_find import Session, expected
from tests.neighbour import plain, write_metadata, write_stats

TEXTS = ["", "pony", "PONY_v6", "pony%", "a_b", "aXb", "Éte", "éTE 100%", "unknown", 'q"\\']
TAGS = ["a", "b", "Été", "été", "red-hair"]

texts = st.sampled_from(TEXTS)
stats_columns = st.fixed_dictionaries(
    {
        "sd_model": st.none() | texts,
        "resolved_prompt": st.none() | texts,
        "negative_prompt": st.none() | texts,
        "completion_percentage": st.sampled_from([None, 0.0, 50.0, 94.99, 95.0, 100.0, 120.0]),
        "images_actual": st.integers(0, 3),
        "is_seed_sweep": st.sampled_from([None, 0, 1]),
    }
)
metadata_columns = st.fixed_dictionaries(
    {
        "is_favorite": st.sampled_from([0, 1, None]),
        "is_test": st.sampled_from([0, 1, None]),
        "user_rating": st.sampled_from([None, "like", "dislike", "love", ""]),
        "user_note": st.none() | texts,
        "tags": st.none() | st.lists(st.sampled_from(TAGS), unique=True, max_size=3),
        "updated_at": st.sampled_from(["2025-11-01T00:00:00", "2025-11-02T00:00:00.5"]),
    }
)
own_columns = st.fixed_dictionaries(
    {
        "missing": st.sampled_from([0, 0, 0, 1]),
        "problem": st.sampled_from([None, "It is broken."]),
        "status": st.sampled_from([None, "ongoing", "completed", "aborted"]),
    }
)
session_ids = st.sampled_from(
    [f"{day}-{name}" for day in ("20251101_000000", "20251101_120000", "2025-11-02_235959") for name in ("a", "B", "é")]
)


collections = st.dictionaries(
    session_ids,
    st.tuples(st.none() | stats_columns, st.none() | metadata_columns, st.none() | own_columns),
    max_size=9,
).map(lambda found: [Session(name, *parts) for name, parts in found.items()])

queries = st.fixed_dictionaries(
    {},
    optional={
        "liked": st.booleans(),
        "test": st.booleans(),
        "complete": st.booleans(),
        "seed_sweep": st.booleans(),
        "model": texts,
        "from_date": st.sampled_from(["2025-11-01", "2025-11-01T12:00:00", "2025-11-02"]),
        "to_date": st.sampled_from(["2025-11-01", "2025-11-01T11:59:59", "2025-11-02"]),
        "tag": st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple),
        "untagged": st.booleans(),
        "rating": st.sampled_from(["like", "dislike", "none"]),
        "status": st.sampled_from(["ongoing", "completed", "aborted"]),
        "problem": st.booleans(),
        "missing": st.booleans(),
        "search": texts | st.sampled_from(["2025110", "-b", "-É", "red"]),
        "sort": st.sampled_from(["created", "updated", "name", "model", "images", "completion"]),
        "reverse": st.booleans(),
        "limit": st.sampled_from([None, 1, 2, 500]),
        "offset": st.integers(0, 4),
    },
).map(SessionFilter.model_validate)


@contextmanager
def library_of(sessions: list[Session]) -> Iterator[SessionLibrary]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.db"
        with Database(path).open(for_writing=True):
            pass
        for session in sessions:
            if session.stats is not None:
                write_stats(path, session.session_id, **session.stats)
            if session.metadata is not None:
                tags = session.metadata["tags"]
                stored = None if tags is None else json.dumps(tags, ensure_ascii=False)
                write_metadata(path, session.session_id, **session.metadata | {"tags": stored})
            if session.own is not None:
                with plain(path) as connection:
                    connection.execute(
                        "INSERT INTO sdgen_admin_sessions (session_id, missing, problem, status)"
                        " VALUES (:session_id, :missing, :problem, :status)",
                        {"session_id": session.session_id, **session.own},
                    )
        yield SessionLibrary(folder, path)


@settings(deadline=None, max_examples=100)
@given(sessions=collections, asked=st.lists(queries, min_size=1, max_size=15))
def test_find_is_what_python_finds(sessions: list[Session], asked: list[SessionFilter]) -> None:
    with library_of(sessions) as library:
        for query in asked:
            page = library.find(query, fresh=False)
            assert (page.total_count, [record.session_id for record in page.sessions]) == expected(sessions, query)


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_only_text(text: str) -> None:
    session = "20251107_120000-a"
    with library_of([]) as library:
        path = Path(library.database.path)
        write_stats(path, session, sd_model=f"<{text}>", resolved_prompt="")
        write_metadata(path, session, tags=json.dumps([text]), user_note=f"<{text}>")
        for query, count in (
            ({"model": text}, 1),
            ({"search": text}, 1),
            ({"search": f"<{text}>"}, 1),
            ({"tag": text}, int(text != "")),
            ({"model": f"{text}>>"}, 0),
            ({"search": f"<<{text}"}, 0),
            ({"tag": f"{text}x"}, 0),
        ):
            assert library.find(SessionFilter.model_validate(query), fresh=False).total_count == count
