"""So many sessions that a search of them has indexes of its own."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sdgen_admin.db.connection import Database
from sdgen_admin.db.schema import SEARCH_INDEXES
from sdgen_admin.db.search import make_search_indexes
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from tests.db.plain_find import Columns, Session
from tests.neighbour import plain

MANY = 12_000
FIRST = datetime(2025, 1, 1)


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


def found(library: SessionLibrary, query: SessionFilter) -> tuple[int, list[str]]:
    page = library.find(query, fresh=False)
    return page.total_count, [record.session_id for record in page.sessions]


def make_them(library: SessionLibrary) -> None:
    """Make the indexes of a search."""
    with library.database.open() as connection:
        make_search_indexes(connection)


def made(library: SessionLibrary) -> set[str]:
    """Return those of them that are there."""
    with plain(Path(library.database.path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    return names & set(SEARCH_INDEXES)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Be another program that writes, so that nobody else can."""
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
