"""The web UI at the same database, as a process of its own: it may do as it likes, and whatever we do, it works."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.cli.harness import process
from tests.neighbour import WEB_UI, make_database, plain, row, rows
from tests.samples import COMBI_CAPPED, SEED_SWEEP, make_combi_capped, make_seed_sweep
from tests.trust.collections import assert_sound, beside, make_sessions
from tests.trust.earlier import write_in_earlier_form
from tests.trust.mirror import assert_mirrored, mirrored

SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "webui-v1.db"
SESSIONS = 12
THEIRS = "20200101_000000-theirs"
"""A row that only the web UI has."""

PROGRAM = r"""
import json, os, random, sqlite3, sys, time
from datetime import datetime

path, migration, stop, *names = sys.argv[1:]
COLUMNS = (
    "session_name, sd_model, sampler_name, scheduler, cfg_scale, steps, width, height, images_requested,"
    " images_actual, completion_percent, placeholders_count, placeholders, variations_theoretical,"
    " variations_summary, session_type, is_seed_sweep, seed_min, seed_max, seed_mode, session_created_at,"
    " stats_computed_at, completion_threshold"
)
chance = random.Random(7)
typed = {name: [] for name in names}
liked = set()
lists = 0

def now():
    return datetime.now().isoformat()

def rewrite(name):
    values = (name, "theirs", None, None, 7.0, 20, 512, 512, 4, 1, 0.25, 1, '["A"]', 3, '{"A": 3}', "normal", 0,
              None, None, "fixed", "2025-11-08T12:00:00", now(), 0.95)
    database.execute(f"INSERT OR REPLACE INTO session_stats ({COLUMNS}) VALUES ({', '.join('?' * 23)})", values)

def empty(name):
    database.execute(
        "INSERT OR REPLACE INTO session_stats (session_name, session_created_at, stats_computed_at) VALUES (?, ?, ?)",
        (name, "2025-11-08T12:00:00", now()),
    )

def delete(name):
    database.execute("DELETE FROM session_stats WHERE session_name = ?", (name,))

def delete_all(name):
    database.execute("DELETE FROM session_stats")

def like(name):
    database.execute(
        "INSERT INTO session_metadata (session_id, session_path, is_complete, is_favorite, created_at, updated_at)"
        " VALUES (?, ?, 0, 1, ?, ?) ON CONFLICT (session_id) DO UPDATE SET is_favorite = 1, updated_at = ?",
        (name, "D:\\sd\\" + name, now(), now(), now()),
    )
    liked.add(name)

def tag(name):
    like(name)
    (tags,) = database.execute("SELECT tags FROM session_metadata WHERE session_id = ?", (name,)).fetchone()
    tag = f"w{len(typed[name])}"
    tags = json.dumps([*json.loads(tags or "[]"), tag])
    database.execute("UPDATE session_metadata SET tags = ? WHERE session_id = ?", (tags, name))
    typed[name].append(tag)

def show_list():
    '''One malformed value, and the real one answers 500.'''
    for row in database.execute(f"SELECT {COLUMNS} FROM session_stats ORDER BY session_created_at DESC"):
        row = dict(zip(COLUMNS.split(", "), row))
        assert row["placeholders"] is None or all(type(name) is str for name in json.loads(row["placeholders"])), row
        pools = json.loads(row["variations_summary"] or "{}")
        assert all(type(pool) is int for pool in pools.values()), row
        for name in ("session_created_at", "stats_computed_at"):
            assert datetime.fromisoformat(row[name]).tzinfo is None, row
        assert row["session_type"] in ("normal", "seed-sweep") and row["is_seed_sweep"] in (0, 1), row
        assert type(row["completion_percent"]) is float, row
        for name in ("images_requested", "images_actual", "placeholders_count", "variations_theoretical"):
            assert type(row[name]) is int, row
        for name in ("steps", "width", "height", "seed_min", "seed_max"):
            assert row[name] is None or type(row[name]) is int, row
        assert row["cfg_scale"] is None or type(row["cfg_scale"]) is float, row

database = sqlite3.connect(path, timeout=60, isolation_level=None)
database.executescript(open(migration).read())
database.execute("BEGIN IMMEDIATE")
rewrite("20200101_000000-theirs")
database.execute("COMMIT")
print("ready", flush=True)
while not os.path.exists(stop):
    database.execute("BEGIN IMMEDIATE")
    chance.choice((rewrite, rewrite, empty, delete, like, tag, tag, delete_all))(chance.choice(names))
    database.execute("COMMIT")
    show_list()
    lists += 1
    time.sleep(0.005)  # a hundred commits a second are more than any person causes
database.execute("BEGIN IMMEDIATE")
rewrite("20200101_000000-theirs")  # it may have deleted that itself
rewrite(names[0])
empty(names[1])
delete(names[2])
database.execute("COMMIT")
print(json.dumps({"typed": typed, "liked": sorted(liked), "lists": lists}))
"""

modes = pytest.mark.parametrize("mode", ["wal", "delete"])


class WebUI:
    """The web UI as a process, which runs its migration, then reads and writes all the time."""

    def __init__(self, folder: Path, path: Path, names: list[str]) -> None:
        self.said: dict[str, Any] = {}
        self._stop = folder / "stop"
        (folder / "webui.py").write_text(PROGRAM, encoding="utf-8")
        (folder / "migration.sql").write_text(WEB_UI, encoding="utf-8")
        script, migration = folder / "webui.py", folder / "migration.sql"
        self._line: list[str | Path] = [sys.executable, script, path, migration, self._stop, *names]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let it work while the body runs. Afterwards `said` has what was typed in it."""
        with subprocess.Popen(self._line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            try:
                assert running.stdout.readline() == "ready\n"
                yield
            finally:
                self._stop.touch()
                out, err = running.communicate(timeout=60)
            assert running.returncode == 0, err
            self.said = json.loads(out)


def sdgen(line: str, library: SessionLibrary) -> str:
    """Run a command line as a process. It succeeds, whatever others do to the database."""
    done = process(*line.split(), "--images-dir", library.roots[0].path, "--db", library.db_path)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@modes
@pytest.mark.parametrize("first", ["the web UI", "we"])
def test_nothing_is_lost_on_either_side(tmp_path: Path, images_dir: Path, path: Path, *, first: str, mode: str) -> None:
    names = make_sessions(images_dir, SESSIONS)
    library = SessionLibrary(images_dir, path)
    if first == "we":
        library.compute()
        with plain(path) as other:
            other.execute(f"PRAGMA journal_mode = {mode}")
    else:
        make_database(path, journal_mode=mode)
    web_ui = WebUI(tmp_path, path, names)
    with web_ui.at_work():
        assert len(json.loads(sdgen("list --json", library))["sessions"]) == SESSIONS
        for turn in range(3):
            sdgen(f"tag {names[0]} {names[turn]} --add ours-{turn} --note typed", library)
            assert f"{SESSIONS} computed" in sdgen("compute-stats --all --force", library)
            assert sdgen("list --format ids", library).split() == names[::-1]
            sdgen("refresh --all --jobs 2", library)
    typed, liked = web_ui.said["typed"], set(web_ui.said["liked"])
    assert web_ui.said["lists"] > SESSIONS
    assert_sound(path, others_edit=True)
    sdgen("list", library)
    assert_mirrored(library, others=[THEIRS])
    metadata = {row["session_id"]: row for row in rows(path, "session_metadata")}
    for number, name in enumerate(names):
        ours = [f"ours-{turn}" for turn in range(3) if number in (0, turn)]
        assert_typed(metadata.get(name), ours, typed[name], is_liked=name in liked)
    assert set(metadata) == liked | set(names[:3])
    assert library.tags() == {
        tag: sum(tag in json.loads(row["tags"] or "[]") for row in metadata.values())
        for row in metadata.values()
        for tag in json.loads(row["tags"] or "[]")
    }


def assert_typed(found: dict[str, Any] | None, ours: list[str], theirs: list[str], *, is_liked: bool) -> None:
    """Hold one session's metadata to all that was said about it on both sides."""
    if not (ours or is_liked):
        assert found is None
        return
    assert found is not None
    assert set(json.loads(found["tags"] or "[]")) == {*ours, *theirs}
    assert bool(found["is_favorite"]) is is_liked
    assert found["user_note"] == ("typed" if ours else None)


def test_its_migration_succeeds_on_our_database(images_dir: Path, path: Path) -> None:
    """And what the design and the web UI each select by name is there."""
    names = make_sessions(images_dir, 2)
    library = SessionLibrary(images_dir, path)
    library.compute()
    for _ in range(2):  # at each of its starts
        with plain(path) as web_ui:
            web_ui.executescript(WEB_UI)
    before = mirrored(path)
    with plain(path) as other:
        design = "SELECT session_id, images_expected, completion_percentage, placeholders_json FROM session_stats"
        assert sorted(other.execute(design)) == [(name, 6, 33.33, '{"Expression": 3, "Hair": 2}') for name in names]
        columns = "session_name, sd_model, images_actual, stats_computed_at, completion_threshold"
        other.execute(f"INSERT OR REPLACE INTO session_stats ({columns}) VALUES (?, 'x', 1, ?, 0.95)", (names[0], "x"))
    library.find()
    assert mirrored(path) == before
    assert_mirrored(library)
    assert_sound(path)


def test_its_migration_fails_halfway_on_the_earlier_form_and_succeeds_after_the_conversion(
    images_dir: Path, tmp_path: Path
) -> None:
    names = make_sessions(images_dir, 2)
    first = SessionLibrary(images_dir, tmp_path / "first.db")
    first.compute()
    first.update_metadata(names, SessionMetadataUpdate(add_tags=("a",)))
    path = tmp_path / "earlier" / "sessions.db"
    path.parent.mkdir()
    write_in_earlier_form(first, path)
    with plain(path) as web_ui, pytest.raises(sqlite3.OperationalError, match="no such column: completion_percent"):
        web_ui.executescript(WEB_UI)
    library = SessionLibrary(images_dir, path)
    assert "a " in sdgen("tag --list", library)
    sdgen("list", library)
    assert len(beside(path)) == 1
    with plain(path) as web_ui:
        web_ui.executescript(WEB_UI)
    assert_mirrored(library)
    assert library.tags() == {"a": 2}


def sample(path: Path) -> None:
    """Put a copy of a database in place that the real web UI made."""
    if not SAMPLE.exists():
        pytest.skip("the sample is not here")
    path.parent.mkdir()
    path.write_bytes(SAMPLE.read_bytes())


def made_here(path: Path) -> None:
    """Make a database like the sample's."""
    make_database(path)
    with plain(path) as web_ui:
        web_ui.execute("INSERT INTO schema_version VALUES (1, 'Initial schema', '2026-11-25T21:32:34')")
        for name in (COMBI_CAPPED, SEED_SWEEP):
            web_ui.execute(
                "INSERT INTO session_stats (session_name, stats_computed_at) VALUES (?, '2026-11-25')", (name,)
            )
        web_ui.execute(
            "INSERT INTO session_metadata (session_id, session_path, is_favorite, tags, created_at, updated_at)"
            " VALUES (?, ?, 1, '[\"seeds\"]', '2026-11-25T21:33:17', '2026-11-25T21:33:17')",
            (SEED_SWEEP, f"/srv/sd/images/{SEED_SWEEP}"),
        )


databases = pytest.mark.parametrize("make", [sample, made_here])

PAGE_2 = {
    COMBI_CAPPED: {
        "session_name": COMBI_CAPPED, "sd_model": "illustriousXL_v01.safetensors [abc123def4]",
        "sampler_name": "DPM++ 2M Karras", "scheduler": "karras", "cfg_scale": 6.5, "steps": 28, "width": 832,
        "height": 1216, "images_requested": 12, "images_actual": 12, "completion_percent": 1.0,
        "placeholders_count": 2, "placeholders": ["Expression", "Hair"], "variations_theoretical": 20,
        "variations_summary": {"Expression": 5, "Hair": 4}, "session_type": "normal", "is_seed_sweep": 0,
        "seed_min": 7, "seed_max": 7, "seed_mode": "fixed", "session_created_at": "2026-11-21T04:47:41",
        "completion_threshold": 0.95,
    },
    SEED_SWEEP: {
        "session_name": SEED_SWEEP, "sd_model": "illustriousXL_v01.safetensors [abc123def4]",
        "sampler_name": "DPM++ 2M Karras", "scheduler": "karras", "cfg_scale": 6.5, "steps": 28, "width": 832,
        "height": 1216, "images_requested": 80, "images_actual": 80, "completion_percent": 1.0,
        "placeholders_count": 2, "placeholders": ["Expression", "Hair"], "variations_theoretical": 20,
        "variations_summary": {"Expression": 5, "Hair": 4}, "session_type": "seed-sweep", "is_seed_sweep": 1,
        "seed_min": 1000, "seed_max": 1003, "seed_mode": "random", "session_created_at": "2026-11-21T04:48:19",
        "completion_threshold": 0.95,
    },
}  # fmt: skip
"""What the web UI must find, column by column, apart from `stats_computed_at`."""


@databases
def test_every_command_works_on_its_database(make: Any, images_dir: Path, path: Path, tmp_path: Path) -> None:
    make(path)
    make_combi_capped(images_dir)
    make_seed_sweep(images_dir)
    library = SessionLibrary(images_dir, path)
    with plain(path) as web_ui:
        schema = dict(web_ui.execute("SELECT name, sql FROM sqlite_master"))
    typed = row(path, "session_metadata", SEED_SWEEP)

    listed = json.loads(sdgen("list --json", library))["sessions"]
    assert [(each["session_id"], each["stats"]["images_expected"]) for each in listed] == [
        (SEED_SWEEP, 80),
        (COMBI_CAPPED, 12),
    ]
    assert listed[0]["metadata"]["tags"] == ["seeds"]
    assert len(beside(path)) == 1
    assert sdgen("list --liked --format ids", library) == f"{SEED_SWEEP}\n"
    assert "illustriousXL_v01" in sdgen(f"show {COMBI_CAPPED}", library)
    assert sdgen("tag --list --format csv", library).split() == ["tag,count", "seeds,1"]
    assert f"{COMBI_CAPPED}\n  tags: none → x" in sdgen(f"tag {COMBI_CAPPED} --add x", library)
    assert f"{SEED_SWEEP}\n" in sdgen("tag seed_sweep --remove seeds --no-liked", library)
    history = json.loads(sdgen("history --json", library))["history"]
    assert [(change["group"], change["session_id"], change["field"]) for change in history] == [
        (2, SEED_SWEEP, "is_favorite"),
        (2, SEED_SWEEP, "tags"),
        (1, COMBI_CAPPED, "tags"),
    ]
    assert "tags: none → seeds" in sdgen("undo", library)
    assert row(path, "session_metadata", SEED_SWEEP) == typed
    assert "2 computed" in sdgen("compute-stats --all --force", library)
    assert sdgen("refresh --where images>12 --format ids", library) == f"{SEED_SWEEP}\n"
    shutil.rmtree(images_dir / COMBI_CAPPED)
    sdgen("warm-cache --prune --force", library)
    assert set(mirrored(path)) == {SEED_SWEEP}
    assert [each["tags"] for each in rows(path, "session_metadata")] == ['["x"]', '["seeds"]']
    assert str(tmp_path / "copy.db") in sdgen(f"backup {tmp_path / 'copy.db'}", library)
    assert "web UI, version 1" in sdgen("config", library)
    assert "web UI, version 1" in sdgen("config --check", library)

    with plain(path) as web_ui:
        after = dict(web_ui.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%sdgen_admin_%'"))
        assert after == schema
        web_ui.executescript(WEB_UI)


@databases
def test_its_rows_are_what_page_2_says(make: Any, images_dir: Path, path: Path) -> None:
    make(path)
    make_combi_capped(images_dir)
    make_seed_sweep(images_dir)
    library = SessionLibrary(images_dir, path)
    for line in ("list", "compute-stats --all", "tag latest --add x", "refresh --all", "undo"):
        with plain(path) as web_ui:
            web_ui.execute("UPDATE session_stats SET sd_model = NULL, stats_computed_at = '2026-11-25T00:00:00'")
        sdgen(line, library)
        found = mirrored(path)
        assert all(row.pop("stats_computed_at") > "2026-11-25T00:00:00" for row in found.values())
        assert found == PAGE_2
    assert_mirrored(library)
