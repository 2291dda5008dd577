"""On a fresh database, the mirror that we make serves the design's reader and the web UI, whichever comes first."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.models.stats import STATS_VERSION
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_manifest, make_session, used
from tests.neighbour import LONG_AGO, WEB_UI, plain, row, rows
from tests.samples import SEED_SWEEP, make_seed_sweep

DESIGN = (
    "session_id", "session_path", "sd_model", "template_version", "generation_mode", "seed_mode", "seed_base",
    "resolved_prompt", "negative_prompt", "width", "height", "steps", "cfg_scale", "sampler_name", "images_expected",
    "images_actual", "completion_percentage", "is_seed_sweep", "placeholders_json", "variations_summary_json",
    "session_created_at", "manifest_generated_at", "first_image_created_at", "last_image_created_at",
    "stats_computed_at", "stats_version",
)  # fmt: skip
"""The design's 26 columns."""

ITS_COLUMNS = (
    "session_name", "sd_model", "sampler_name", "scheduler", "cfg_scale", "steps", "width", "height",
    "images_requested", "images_actual", "completion_percent", "placeholders_count", "placeholders",
    "variations_theoretical", "variations_summary", "session_type", "is_seed_sweep", "seed_min", "seed_max",
    "seed_mode", "session_created_at", "stats_computed_at", "completion_threshold",
)  # fmt: skip
"""The web UI's 23."""

WHEN = datetime(2025, 11, 7, 12)
OTHER = "20251107_120001-no-manifest"
PROGRESSIVE = "20251107_120002-progressive"
UNKNOWN = "20251107_120003-unknown"
THIRDS = "20251107_120004-thirds"


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    make_session(images_dir, images=3, when=WHEN)
    make_session(images_dir, OTHER, without_manifest=True, images=2, when=WHEN)
    progressive = {"mode": "random", "seed_mode": "progressive", "seed_base": 5, "num_images": 6}
    make_session(images_dir, PROGRESSIVE, manifest=make_manifest(params=progressive, variations=used(Hair=2)), images=6)
    make_session(images_dir, UNKNOWN, manifest={"snapshot": {"version": "1"}}, images=0)
    make_session(images_dir, THIRDS, manifest=make_manifest(params={"num_images": 3}), images=1)
    make_seed_sweep(images_dir)
    return SessionLibrary(images_dir)


@pytest.fixture
def path(library: SessionLibrary) -> Path:
    library.compute()
    return Path(library.db_path)


def designed(path: Path, session_id: str) -> dict[str, Any]:
    with plain(path) as connection:
        connection.row_factory = sqlite3.Row
        statement = f"SELECT {', '.join(DESIGN)} FROM session_stats WHERE session_id = ?"
        return dict(connection.execute(statement, (session_id,)).fetchone())


def test_every_column_of_the_design(library: SessionLibrary, path: Path, images_dir: Path) -> None:
    stats = library.get(SESSION, fresh=False).stats
    assert stats is not None
    assert stats.stats_computed_at is not None
    assert designed(path, SESSION) == {
        "session_id": SESSION,
        "session_path": str(images_dir / SESSION),
        "sd_model": "ponyXL_v6.safetensors [abc123def4]",
        "template_version": "2.0",
        "generation_mode": "combinatorial",
        "seed_mode": "fixed",
        "seed_base": 42,
        "resolved_prompt": "a portrait, {Expression}, {Hair}",
        "negative_prompt": "blurry",
        "width": 832,
        "height": 1216,
        "steps": 28,
        "cfg_scale": 6.5,
        "sampler_name": "Euler a",
        "images_expected": 6,
        "images_actual": 3,
        "completion_percentage": 50.0,
        "is_seed_sweep": 0,
        "placeholders_json": '{"Expression": 3, "Hair": 2}',
        "variations_summary_json": json.dumps(
            {"Expression": ["expression 0", "expression 1", "expression 2"], "Hair": ["hair 0", "hair 1"]}
        ),
        "session_created_at": "2025-11-07T12:00:00",
        "manifest_generated_at": "2025-11-07T12:00:01",
        "first_image_created_at": WHEN.isoformat(),
        "last_image_created_at": (WHEN + timedelta(seconds=2)).isoformat(),
        "stats_computed_at": stats.stats_computed_at.isoformat(),
        "stats_version": STATS_VERSION,
    }


def test_a_session_without_a_manifest(path: Path, images_dir: Path) -> None:
    found = designed(path, OTHER)
    assert {name: value for name, value in found.items() if value is not None} == {
        "session_id": OTHER,
        "session_path": str(images_dir / OTHER),
        "images_expected": 0,
        "images_actual": 2,
        "completion_percentage": 0.0,
        "is_seed_sweep": 0,
        "session_created_at": "2025-11-07T12:00:01",
        "first_image_created_at": WHEN.isoformat(),
        "last_image_created_at": (WHEN + timedelta(seconds=1)).isoformat(),
        "stats_computed_at": found["stats_computed_at"],
        "stats_version": STATS_VERSION,
    }


@pytest.mark.parametrize(
    ("session_id", "expected"),
    [
        # What both readers have has the design's meaning, and the session's type follows it.
        (PROGRESSIVE, {"seed_mode": "progressive", "is_seed_sweep": 1, "session_type": "seed-sweep", "seed_max": 42}),
        (SEED_SWEEP, {"seed_mode": "fixed", "is_seed_sweep": 1, "session_type": "seed-sweep", "seed_max": 1003}),
        (SESSION, {"seed_mode": "fixed", "is_seed_sweep": 0, "session_type": "normal", "seed_min": 42}),
        (OTHER, {"seed_mode": None, "is_seed_sweep": 0, "session_type": "normal", "seed_min": None}),
        (UNKNOWN, {"seed_mode": "unknown", "sd_model": "unknown", "generation_mode": "unknown", "seed_base": -1}),
        (UNKNOWN, {"resolved_prompt": "", "images_requested": 0, "completion_percent": 0.0, "sampler_name": None}),
        (SESSION, {"completion_percent": 0.5, "completion_threshold": 0.95, "placeholders": '["Expression", "Hair"]'}),
        (SESSION, {"variations_summary": '{"Expression": 3, "Hair": 2}', "variations_theoretical": 6}),
        (THIRDS, {"completion_percent": 1 / 3, "completion_percentage": 33.33}),
    ],
)
def test_what_both_readers_share(path: Path, session_id: str, expected: dict[str, Any]) -> None:
    found = row(path, "session_stats", session_id)
    assert found is not None
    assert {name: found[name] for name in expected} == expected


def test_the_percentage_is_ours(library: SessionLibrary, path: Path) -> None:
    for record in library.find(fresh=False).sessions:
        assert record.stats is not None
        shown = designed(path, record.session_id)["completion_percentage"]
        assert shown == pytest.approx(record.stats.completion_percentage or 0.0, abs=0.0101)


def test_a_session_is_found_by_its_id_at_once(path: Path) -> None:
    with plain(path) as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT * FROM session_stats WHERE session_id = 'x'").fetchall()
    assert "sdgen_admin_mirror_id (session_id=?)" in str(plan)


def test_other_tables_can_refer_to_it(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("CREATE TABLE theirs (id TEXT REFERENCES session_stats (session_id))")
        connection.execute("INSERT INTO theirs VALUES (?)", (SESSION,))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO theirs VALUES ('nobody')")


def the_web_ui_starts(path: Path) -> None:
    with plain(path) as connection:
        connection.executescript(WEB_UI)
        connection.execute("INSERT OR IGNORE INTO schema_version VALUES (1, 'Initial schema', ?)", (LONG_AGO,))


def the_web_ui_computes(path: Path, session_id: str, **columns: Any) -> None:
    """Store a row as the web UI does, all of its 23 columns."""
    values = dict.fromkeys(ITS_COLUMNS) | {
        "session_name": session_id, "images_requested": 10, "images_actual": 9, "completion_percent": 0.9,
        "placeholders_count": 1, "placeholders": '["Hair"]', "variations_theoretical": 4,
        "variations_summary": '{"Hair": 4}', "session_type": "normal", "is_seed_sweep": 0,
        "session_created_at": LONG_AGO, "stats_computed_at": LONG_AGO, "completion_threshold": 0.95,
    } | columns  # fmt: skip
    with plain(path) as connection:
        connection.execute(
            f"INSERT OR REPLACE INTO session_stats ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            tuple(values.values()),
        )


@pytest.fixture(params=["first", "second", "meanwhile"])
def with_the_web_ui(library: SessionLibrary, request: pytest.FixtureRequest) -> Path:
    """The database after the web UI's migration, which came before our first write, after it, or in between."""
    path = Path(library.db_path)
    if request.param == "first":
        the_web_ui_starts(path)
    library.compute()
    if request.param == "second":
        the_web_ui_starts(path)
    elif request.param == "meanwhile":
        with closing(sqlite3.connect(path)) as other:
            other.execute("SELECT * FROM session_metadata").fetchall()
            the_web_ui_starts(path)
            library.compute(force=True)
    return path


def test_the_web_ui_starts_reads_and_writes(library: SessionLibrary, with_the_web_ui: Path) -> None:
    path = with_the_web_ui
    the_web_ui_starts(path)  # once more, as at each start
    with plain(path) as connection:
        read = connection.execute(f"SELECT {', '.join(ITS_COLUMNS)} FROM session_stats ORDER BY 1").fetchall()
        indexes = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert len(read) == 6
    assert {f"idx_stats_{name}" for name in ("model", "seed_sweep", "created_at", "completion")} <= indexes

    the_web_ui_computes(path, SESSION)
    the_web_ui_computes(path, "20260101_000000-theirs")
    library.find()
    with plain(path) as connection:
        again = connection.execute(f"SELECT {', '.join(ITS_COLUMNS)} FROM session_stats ORDER BY 1").fetchall()
    assert again[:5] == read[:5]
    assert again[5][0] == "20260101_000000-theirs"
    assert again[5][8:11] == (10, 9, 0.9)


QUESTION = (
    "SELECT session_id, images_expected, completion_percentage, placeholders_json FROM session_stats"
    " WHERE session_id = ?"
)


def answer(path: Path, session_id: str = SESSION) -> Any:
    with plain(path) as connection:
        return connection.execute(QUESTION, (session_id,)).fetchone()


def test_the_designs_reader_is_answered(library: SessionLibrary, path: Path) -> None:
    expected = (SESSION, 6, 50.0, '{"Expression": 3, "Hair": 2}')
    assert answer(path) == expected
    the_web_ui_starts(path)
    assert answer(path) == expected

    the_web_ui_computes(path, SESSION)
    assert answer(path) == (SESSION, 10, 90.0, None)  # until the next repair
    library.find()
    assert answer(path) == expected

    the_web_ui_computes(path, "20260101_000000-theirs")
    library.find()
    assert answer(path, "20260101_000000-theirs") == ("20260101_000000-theirs", 10, 90.0, None)


def test_a_command_for_the_other_program_changes_nothing_of_ours(library: SessionLibrary, path: Path) -> None:
    before = rows(path, "session_stats")
    the_web_ui_computes(path, SESSION, stats_computed_at="2026-01-01T00:00:00")
    assert library.get(SESSION, fresh=False).stats == library.get(SESSION).stats
    assert rows(path, "session_stats") == before
    assert (library.describe().layout, library.describe().mirrored) == ("own", 6)
