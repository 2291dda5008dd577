"""Any filter on any collection finds what plain Python finds."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sdgen_admin.db.connection import Database
from sdgen_admin.disk.root import created_at
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import plain, write_metadata, write_stats

Columns = dict[str, Any]
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


@dataclass
class Session:
    session_id: str
    stats: Columns | None
    metadata: Columns | None
    own: Columns | None

    def of(self, part: str, name: str) -> Any:
        return (getattr(self, part) or {}).get(name)


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


def is_listed(session: Session, query: SessionFilter) -> bool:
    known = session.stats or session.metadata or session.of("own", "problem")
    return bool(known) and bool(session.of("own", "missing")) == query.missing


def matches(session: Session, query: SessionFilter) -> bool:
    created = created_at(session.session_id)
    assert created is not None
    completion, tags = session.of("stats", "completion_percentage"), session.of("metadata", "tags") or []
    searched = [
        session.session_id,
        *(session.of("stats", name) for name in ("resolved_prompt", "negative_prompt")),
        session.of("metadata", "user_note"),
        *tags,
    ]
    return all(
        (
            query.liked in (None, bool(session.of("metadata", "is_favorite"))),
            query.test in (None, bool(session.of("metadata", "is_test"))),
            query.complete is None or (completion is not None and query.complete == (completion >= 95)),
            query.seed_sweep is None
            or (session.stats is not None and query.seed_sweep == bool(session.stats["is_seed_sweep"])),
            query.model is None or contains(session.of("stats", "sd_model"), query.model),
            query.from_date is None or created >= query.from_date,
            query.to_date is None or created <= query.to_date,
            all(tag in tags for tag in query.tag),
            not query.untagged or not tags,
            query.rating is None or (session.of("metadata", "user_rating") or "none") == query.rating,
            query.status is None or session.of("own", "status") == query.status,
            query.problem in (None, bool(session.of("own", "problem"))),
            query.search is None or any(contains(text, query.search) for text in searched),
        )
    )


def contains(text: str | None, part: str) -> bool:
    return text is not None and part.casefold() in text.casefold()


def in_order(sessions: list[Session], query: SessionFilter) -> list[Session]:
    def key(session: Session) -> tuple[bool, Any]:
        match query.sort:
            case "updated":
                value = session.of("metadata", "updated_at")
            case "model":
                model = session.of("stats", "sd_model")
                value = None if model is None else model.encode().lower()
            case "images":
                value = session.of("stats", "images_actual")
            case "completion":
                value = session.of("stats", "completion_percentage")
            case "name":
                value = session.session_id.encode()
            case _:
                value = None
        return value is None if query.sort == "model" else value is not None, value

    ordered = sorted(sessions, key=lambda session: session.session_id.encode())
    ordered.sort(key=lambda session: str(created_at(session.session_id)), reverse=True)
    ordered.sort(key=lambda session: Nullable(key(session)), reverse=query.sort not in ("name", "model"))
    return ordered[::-1] if query.reverse else ordered


class Nullable:
    """A value that may be null, which comes before all others."""

    def __init__(self, key: tuple[bool, Any]) -> None:
        self.key = key

    def __lt__(self, other: "Nullable") -> bool:
        ours, theirs = self.key[1], other.key[1]
        return self.key[0] < other.key[0] if ours is None or theirs is None else ours < theirs


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
            matching = [session for session in sessions if is_listed(session, query) and matches(session, query)]
            expected = [session.session_id for session in in_order(matching, query)]
            end = None if query.limit is None else query.offset + query.limit
            assert page.total_count == len(expected)
            assert [record.session_id for record in page.sessions] == expected[query.offset : end]


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_only_text(text: str) -> None:
    session = "20251107_120000-a"
    with library_of([]) as library:
        path = Path(library.database.path)
        write_stats(path, session, sd_model=f"<{text}>", resolved_prompt="")
        write_metadata(path, session, tags=json.dumps([text]), user_note=f"<{text}>")
        for query, expected in (
            ({"model": text}, 1),
            ({"search": text}, 1),
            ({"search": f"<{text}>"}, 1),
            ({"tag": text}, int(text != "")),
            ({"model": f"{text}>>"}, 0),
            ({"search": f"<<{text}"}, 0),
            ({"tag": f"{text}x"}, 0),
        ):
            assert library.find(SessionFilter.model_validate(query), fresh=False).total_count == expected
