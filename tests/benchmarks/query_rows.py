"""Rows about pages out of 100,000 sessions."""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sdgen_admin import SessionFilter, SessionLibrary
from sdgen_admin.db.connection import Database
from sdgen_admin.db.search import make_search_indexes
from sdgen_admin.db.sessions import SessionState, put_states
from sdgen_admin.db.stats import put_stats
from sdgen_admin.db.transaction import transaction
from tests.benchmarks.bench import Bench, Result, ms
from tests.benchmarks.collection import FIRST, MODELS, WORDS, session_id

SESSIONS = 100_000
NOW = datetime(2025, 11, 1)
METADATA = """INSERT INTO session_metadata (session_id, session_path, is_test, is_favorite, user_rating, user_note,
    tags, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""

ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"offset": 50_000},
    {"liked": True},
    {"liked": False},
    {"test": False, "liked": False},
    {"complete": True},
    {"model": "model_7XL"},
    {"rating": "none"},
    {"status": "completed"},
    {"from_date": "2017-01-01"},
    {"liked": True, "model": "xl", "sort": "images"},
    {"sort": "updated"},
    {"sort": "completion", "reverse": True},
    {"tag": ["portrait"]},
    {"untagged": True},
)
SEARCHES: dict[str, float | None] = {
    "expressions_7": 50.0,  # part of 2,000 ids
    "dramatic rim": 50.0,  # of nearly all prompts
    "nowhere to be found": 50.0,
    "été": 50.0,  # what only Python folds
    "facial": 50.0,  # of every id, and no prompt
    "the light": 50.0,  # of every eighth note
    "portrait": 50.0,  # of nearly all prompts, and the tags of a quarter of all sessions
    "keepers": None,  # of those tags, and no prompt
}
TOLD: tuple[dict[str, Any], ...] = (
    {"search": "dramatic rim", "liked": True},
    {"search": "dramatic rim", "untagged": True},
    {"search": "dramatic rim", "offset": 50_000},
)
"""What has no goal of its own: each of its two parts has."""
TEMPLATES = 2_000
"""A collection's prompts are those of its templates."""


def query(bench: Bench) -> Iterator[Result]:
    """Filtered pages of 100, the database as it is."""
    library = SessionLibrary(bench.folder, _database(bench))
    library.find(SessionFilter(), fresh=False)
    for asked in ASKED:
        yield _page(bench, library, asked, 50.0)
    yield from _searches(bench, library)
    for asked in TOLD:
        yield _page(bench, library, asked, None)
    with closing(sqlite3.connect(library.database.path)) as connection, connection:
        connection.execute("UPDATE session_stats SET resolved_prompt = resolved_prompt || rowid")
    # All of them are read then, a hundred megabytes.
    for result in _searches(bench, library):
        yield replace(result, what=f"{result.what}, no two prompts alike", goal=None)


def _searches(bench: Bench, library: SessionLibrary) -> Iterator[Result]:
    for text, goal in SEARCHES.items():
        yield _page(bench, library, {"search": text}, goal)


def _page(bench: Bench, library: SessionLibrary, asked: dict[str, Any], goal: float | None) -> Result:
    seconds = bench.best(lambda: _seconds(library, asked), times=5)
    return Result(f"page of 100: {_in_words(asked)}", ms(seconds), "", seconds * 1000, goal, " ms")


def _seconds(library: SessionLibrary, asked: dict[str, Any]) -> float:
    question = SessionFilter.model_validate(asked)
    start = time.perf_counter()
    library.find(question, fresh=False)
    return time.perf_counter() - start


def _in_words(asked: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in asked.items()) or "all"


def _database(bench: Bench) -> str:
    """Make the database; every third session has metadata."""
    path = bench.path("query.db")
    if os.path.exists(path):
        os.unlink(path)
    with Database(path).open() as connection, transaction(connection):
        put_stats(connection, map(_stats, range(SESSIONS)))
        put_states(connection, map(_state, range(SESSIONS)))
        connection.executemany(METADATA, map(_metadata, range(0, SESSIONS, 3)))
    with Database(path).open() as connection:
        make_search_indexes(connection)
    return path


def _stats(number: int) -> dict[str, Any]:
    images = number * 7 % 51
    name = session_id(number)
    return {
        "session_id": name,
        "session_path": f"/images/{name}",
        "sd_model": MODELS[number % len(MODELS)],
        "template_version": "2.0",
        "generation_mode": "combinatorial",
        "seed_mode": "fixed",
        "seed_base": 7,
        "resolved_prompt": _prompt(number % TEMPLATES),
        "negative_prompt": "low quality, blurry, watermark",
        "width": 832,
        "height": 1216,
        "steps": 28,
        "cfg_scale": 6.5,
        "sampler_name": "DPM++ 2M Karras",
        "images_expected": 50,
        "images_actual": images,
        "completion_percentage": images * 2.0,
        "is_seed_sweep": number % 7 == 0,
        "placeholders": {"Expression": 60},
        "variations_summary": {"Expression": tuple(f"value {index}, with some words" for index in range(10))},
        "session_created_at": FIRST + timedelta(minutes=37 * number),
        "first_image_created_at": NOW,
        "last_image_created_at": NOW,
        "stats_computed_at": NOW,
    }


@cache
def _prompt(template: int) -> str:
    return ", ".join(random.Random(template).choices(WORDS, k=25))


def _state(number: int) -> SessionState:
    return SessionState(
        session_id=session_id(number),
        stats_computed_at=NOW.isoformat(),
        folder_mtime_ns=1,
        manifest_mtime_ns=1,
        manifest_size=1,
        missing=False,
        stale=False,
        problem="manifest.json has no snapshot." if number % 50 == 0 else None,
        status="completed" if number % 3 else "ongoing",
        scheduler=None,
        theme=None,
        style="default",
        seed_list=None,
    )


def _metadata(number: int) -> tuple[str | int | None, ...]:
    name = session_id(number)
    tags = f'["tag_{number % 30}", "portrait", "keepers"]' if number % 4 else None
    note = "the light is good" if number % 8 == 0 else None
    rating = "like" if number % 5 == 0 else None
    updated = (NOW + timedelta(seconds=number)).isoformat()
    return name, f"/images/{name}", number % 4 == 0, number % 2, rating, note, tags, NOW.isoformat(), updated
