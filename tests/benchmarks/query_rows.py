"""Rows about a database of 100,000 sessions: pages, searches, one session, and the file's size."""

import os
import random
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sdgen_admin import Root, SessionFilter, SessionLibrary
from sdgen_admin.db import facts
from sdgen_admin.db.connection import Database
from sdgen_admin.db.roots import register
from sdgen_admin.db.shared import mirror
from sdgen_admin.db.transaction import transaction
from tests.benchmarks.bench import Bench, Result, ms
from tests.benchmarks.collection import FIRST, MODELS, WORDS, session_id

SESSIONS = 100_000
NOW = datetime(2025, 11, 1)
METADATA = """INSERT OR REPLACE INTO session_metadata (session_id, session_path, is_test, is_favorite, user_rating,
    user_note, tags, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""

ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"offset": 50_000},
    {"liked": True},
    {"liked": False},
    {"test": False, "liked": False},
    {"complete": True},
    {"seed_sweep": True},
    {"model": "model_7XL"},
    {"model": ["model_7XL", "model_3"]},
    {"rating": "none"},
    {"rating": "like"},
    {"status": "completed"},
    {"status": "stalled"},
    {"problem": True},
    {"from_date": "2017-01-01"},
    {"liked": True, "model": "xl", "sort": "images"},
    {"sort": "updated"},
    {"sort": "completion", "reverse": True},
    {"sort": "model"},
    {"sort": "images", "offset": 50_000},
    {"tag": ["portrait"]},
    {"tag": ["portrait", "keepers"]},
    {"untagged": True},
    {"where": "steps>=30"},
    {"where": "sampler~euler"},
    {"where": "note~light"},
    {"search": "expressions_7"},  # part of 2,000 ids
    {"search": "dramatic rim"},  # two words of nearly all prompts
    {"search": '"dramatic rim"'},  # together
    {"search": "nowhere to be found"},
    {"search": "été"},  # what only Python folds
    {"search": "facial"},  # of every id, and no prompt
    {"search": "the light"},  # of some notes
    {"search": "keepers"},  # of some tags, and no prompt
    {"search": "dramatic", "liked": True},
    {"search": "dramatic", "untagged": True},
    {"search": "dramatic", "offset": 50_000},
    {"search": "dramatic", "sort": "images"},
)
THREE_WORDS = {"search": "dramatic rim soft"}
TEMPLATES = 2_000
"""A collection's prompts are those of its templates."""


def query(bench: Bench) -> Iterator[Result]:
    """Filtered pages of 100, the database as it is."""
    root = Root("images", bench.path("query-images"))
    path = _database(bench, root)
    library = SessionLibrary(root, path)
    _say_things(path, range(0, SESSIONS, 10))
    yield from _pages(bench, library, "", 100.0, 40.0)
    yield _one_session(bench, library)
    yield _size(path)
    _say_things(path, range(SESSIONS * 6 // 10))
    yield from _pages(bench, library, ", 60,000 with metadata", 200.0, None)
    _make_prompts_differ(path)
    _say_nothing_of(path, range(10_000, SESSIONS))
    yield _page(bench, library, THREE_WORDS, ", no two prompts alike", 250.0 * bench.scale())


def _pages(
    bench: Bench, library: SessionLibrary, where: str, goal: float, goal_of_median: float | None
) -> Iterator[Result]:
    """Measure all pages; the goals are scaled by the floor, since they are meant for a quiet machine."""
    scale = bench.scale()
    results = [_page(bench, library, asked, where, goal * scale) for asked in ASKED]
    yield from results
    median, most = statistics.median(result.ratio for result in results), goal_of_median and goal_of_median * scale
    yield Result(f"median of them{where}", f"{median:.1f} ms", f"goals × {scale:.2f}", median, most, " ms")


def _page(bench: Bench, library: SessionLibrary, asked: dict[str, Any], where: str, goal: float) -> Result:
    seconds = bench.best(lambda: _seconds(library, asked), times=3)
    return Result(f"page of 100: {_in_words(asked)}{where}", ms(seconds), "", seconds * 1000, goal, " ms")


def _seconds(library: SessionLibrary, asked: dict[str, Any]) -> float:
    question = SessionFilter.model_validate(asked)
    start = time.perf_counter()
    library.find(question, fresh=False)
    return time.perf_counter() - start


def _in_words(asked: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in asked.items()) or "all"


def _one_session(bench: Bench, library: SessionLibrary) -> Result:
    """One session by its exact id, as every command that takes one finds it, against the same without looking."""
    name = session_id(SESSIONS // 2)
    resolve = bench.best(lambda: _timed(lambda: library.resolve([name], fresh=False)), times=5)
    get = bench.best(lambda: _timed(lambda: library.get(name, fresh=False)), times=5)
    return Result("one session by exact id", ms(resolve + get), f"get {ms(get)}", (resolve + get) / get, 3.0)


def _timed(call: Any) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _size(path: str) -> Result:
    """The file beside distinct prompts and the mirror."""
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("PRAGMA page_size").fetchone()
        sizes = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")) if _has_dbstat() else {}
    whole = os.path.getsize(path)
    prompts = sum(size for name, size in sizes.items() if "prompts" in name or "folded" in name)
    mirrored = sum(size for name, size in sizes.items() if "session_stats" in name or "mirror" in name)
    each = (whole - prompts - mirrored) / SESSIONS / 1000
    told = f"prompts {prompts / 1e6:.0f} MB, mirror {mirrored / 1e6:.0f} MB, pages of {page:,}"
    return Result("database file, kB a session beside them", f"{whole / 1e6:.0f} MB", told, each, 1.5, " kB")


def _has_dbstat() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("SELECT 1 FROM dbstat LIMIT 1")
        except sqlite3.OperationalError:
            return False
    return True


def _database(bench: Bench, root: Root) -> str:
    """Make the database, with its mirror."""
    path = bench.path("query.db")
    if os.path.exists(path):
        os.unlink(path)
    with Database(path).open(for_writing=True) as connection:
        with transaction(connection):
            root_id = register(connection, [root])[root]
        for start in range(0, SESSIONS, 1000):
            with transaction(connection):
                facts.put(connection, root_id, map(_session, range(start, start + 1000)))
        mirror.repair(connection, [root_id])
    return path


def _session(number: int) -> tuple[str, dict[str, Any], facts.FolderState]:
    name = session_id(number)
    return name, _fields(number), facts.FolderState(1, 1, 1, number % 2 * 10**18, None, 10**18, 2 * 10**18)


def _fields(number: int) -> dict[str, Any]:
    images = number * 7 % 51
    return {
        "source": "manifest",
        "confidence": "high",
        "problem": "manifest.json has no snapshot." if number % 50 == 0 else None,
        "run_status": "completed" if number % 3 else "ongoing",
        "scheduler": "karras",
        "theme": None,
        "style": "default",
        "seed_list": None,
        "images_recorded": images,
        "seed_min": 7,
        "seed_max": 7,
        "seed_run": "fixed",
        "sd_model": MODELS[number % len(MODELS)],
        "template_version": "2.0",
        "generation_mode": "combinatorial",
        "seed_mode": "fixed",
        "seed_base": 7,
        "resolved_prompt": _prompt(number % TEMPLATES),
        "negative_prompt": "low quality, blurry, watermark",
        "width": 832,
        "height": 1216,
        "steps": 20 + number % 15,
        "cfg_scale": 6.5,
        "sampler_name": "Euler a" if number % 4 else "DPM++ 2M Karras",
        "images_expected": 50,
        "images_actual": images,
        "completion_percentage": images * 2.0,
        "is_seed_sweep": number % 7 == 0,
        "placeholders": {"Expression": 60},
        "variations_summary": {
            "Expression": tuple(f"{number % TEMPLATES} {index}, with some words" for index in range(10))
        },
        "pools": {"Expression": 60},
        "session_created_at": FIRST + timedelta(minutes=37 * number),
        "manifest_generated_at": NOW,
        "first_image_created_at": NOW,
        "last_image_created_at": NOW,
        "stats_computed_at": NOW + timedelta(microseconds=number),
        "stats_version": 2,
    }


@cache
def _prompt(template: int) -> str:
    return ", ".join(random.Random(template).choices(WORDS, k=25))


def _say_things(path: str, numbers: range) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(METADATA, map(_metadata, numbers))


def _say_nothing_of(path: str, numbers: range) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        names = [(session_id(number),) for number in numbers]
        connection.executemany("DELETE FROM session_metadata WHERE session_id = ?", names)


def _metadata(number: int) -> tuple[str | int | None, ...]:
    name = session_id(number)
    tags = f'["tag_{number % 3000}", "portrait", "keepers"]' if number % 4 else None
    note = "the light is good" if number % 80 == 0 else None
    rating = "like" if number % 50 == 0 else None
    updated = (NOW + timedelta(seconds=number)).isoformat()
    liked = number // 10 % 2
    return name, f"/images/{name}", number % 40 == 0, liked, rating, note, tags, NOW.isoformat(), updated


def _make_prompts_differ(path: str) -> None:
    """Give each session a prompt of its own."""
    with Database(path).open(for_writing=True) as connection, transaction(connection):
        (root_id,) = connection.execute("SELECT id FROM sdgen_admin_roots").fetchone()
        for start in range(0, SESSIONS, 1000):
            sessions = map(_session, range(start, start + 1000))
            alone = [
                (name, fields | {"resolved_prompt": f"{fields['resolved_prompt']} {name}"}, state)
                for name, fields, state in sessions
            ]
            facts.put(connection, root_id, alone)
