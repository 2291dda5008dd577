"""A database in the form that earlier versions made: converted as a whole after a backup, or left as it was."""

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sdgen_admin.db.connection import Database
from sdgen_admin.db.schema import OWN_VERSION
from sdgen_admin.errors import DatabaseError, NewerDatabaseError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.reports import ComputeReport, Listener
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.db.uses import PHASES, READS, WRITES, expect
from tests.neighbour import METADATA, WEB_UI, digest, plain, row
from tests.privileges import as_ordinary_user, read_only

DESIGN_STATS = """
CREATE TABLE session_stats (
        session_id TEXT PRIMARY KEY, session_path TEXT NOT NULL,
        sd_model TEXT, template_version TEXT, generation_mode TEXT, seed_mode TEXT, seed_base INTEGER,
        resolved_prompt TEXT, negative_prompt TEXT,
        width INTEGER, height INTEGER, steps INTEGER, cfg_scale REAL, sampler_name TEXT,
        images_expected INTEGER, images_actual INTEGER, completion_percentage REAL,
        is_seed_sweep INTEGER DEFAULT 0,
        placeholders_json TEXT, variations_summary_json TEXT,
        session_created_at TEXT, manifest_generated_at TEXT, first_image_created_at TEXT,
        last_image_created_at TEXT,
        stats_computed_at TEXT NOT NULL, stats_version INTEGER DEFAULT 1,
        FOREIGN KEY (session_id) REFERENCES session_metadata(session_id) ON DELETE CASCADE
    );
CREATE INDEX idx_session_stats_model ON session_stats(sd_model);
CREATE INDEX idx_session_stats_seed_sweep ON session_stats(is_seed_sweep);
CREATE INDEX idx_session_stats_completion ON session_stats(completion_percentage);
CREATE INDEX idx_session_stats_created_at ON session_stats(session_created_at DESC);
"""
EARLIER = f"""
{METADATA}
{DESIGN_STATS}
CREATE TABLE sdgen_admin_sessions (
        session_id TEXT PRIMARY KEY, stats_computed_at TEXT,
        folder_mtime_ns INTEGER, manifest_mtime_ns INTEGER, manifest_size INTEGER,
        missing INTEGER NOT NULL DEFAULT 0, stale INTEGER NOT NULL DEFAULT 0, problem TEXT,
        status TEXT, scheduler TEXT, theme TEXT, style TEXT, seed_list TEXT
    ) WITHOUT ROWID;
CREATE TABLE sdgen_admin_history (
        group_id INTEGER NOT NULL, changed_at TEXT NOT NULL, undoes INTEGER,
        session_id TEXT NOT NULL, field TEXT NOT NULL, old_value, new_value,
        PRIMARY KEY (group_id, session_id, field)
    ) WITHOUT ROWID;
CREATE TABLE sdgen_admin_version (version INTEGER NOT NULL);
CREATE INDEX sdgen_admin_stats_created ON session_stats(session_created_at DESC, session_id, sd_model, is_seed_sweep,
    completion_percentage);
CREATE INDEX sdgen_admin_stats_model ON session_stats(sd_model COLLATE NOCASE, session_created_at DESC, session_id,
    sd_model, is_seed_sweep, completion_percentage);
CREATE INDEX sdgen_admin_stats_images ON session_stats(images_actual DESC, session_created_at DESC, session_id,
    sd_model, is_seed_sweep, completion_percentage);
CREATE INDEX sdgen_admin_stats_completion ON session_stats(completion_percentage DESC, session_created_at DESC,
    session_id, sd_model, is_seed_sweep);
CREATE INDEX sdgen_admin_stats_by_id ON session_stats(session_id, session_created_at, sd_model, is_seed_sweep,
    completion_percentage, stats_computed_at, stats_version);
CREATE INDEX sdgen_admin_metadata_updated ON session_metadata(updated_at DESC, session_id);
CREATE INDEX sdgen_admin_metadata_liked ON session_metadata(session_id) WHERE is_favorite <> 0;
CREATE INDEX sdgen_admin_metadata_test ON session_metadata(session_id) WHERE is_test <> 0;
CREATE INDEX sdgen_admin_metadata_rating ON session_metadata(user_rating, session_id) WHERE user_rating IS NOT NULL;
CREATE INDEX sdgen_admin_metadata_tags ON session_metadata(tags) WHERE tags IS NOT NULL;
CREATE INDEX sdgen_admin_missing ON sdgen_admin_sessions(session_id) WHERE missing = 1;
CREATE INDEX sdgen_admin_problem ON sdgen_admin_sessions(session_id, missing, problem) WHERE problem IS NOT NULL;
CREATE INDEX sdgen_admin_status ON sdgen_admin_sessions(status, missing, session_id) WHERE status IS NOT NULL;
CREATE INDEX sdgen_admin_history_session ON sdgen_admin_history(session_id, group_id);
CREATE INDEX sdgen_admin_history_undoes ON sdgen_admin_history(undoes, group_id) WHERE undoes IS NOT NULL;
INSERT INTO sdgen_admin_version VALUES (1);
"""
"""The tables as version 1 made them."""

PLAIN = "20251107_120000-plain"
NO_MANIFEST = "20251107_120001-none"
GONE = "20251107_120002-gone"
SWEEP = "20251107_120003-sweep"
MOMENT = "2025-11-28T10:54:53.730851"
STATS: dict[str, Any] = {
    "sd_model": "ponyXL_v6.safetensors [abc123def4]", "template_version": "2.0", "generation_mode": "combinatorial",
    "seed_mode": "fixed", "seed_base": 42, "resolved_prompt": "a portrait, {Expression}, {Hair}",
    "negative_prompt": "blurry", "width": 832, "height": 1216, "steps": 28, "cfg_scale": 6.5,
    "sampler_name": "Euler a", "images_expected": 6, "images_actual": 6, "completion_percentage": 100.0,
    "is_seed_sweep": 0, "placeholders_json": '{"Expression": 3, "Hair": 2}',
    "variations_summary_json": '{"Expression": ["e 0", "e 1", "e 2"], "Hair": ["h 0", "h 1"]}',
    "session_created_at": "2025-11-07T12:00:00", "manifest_generated_at": "2025-11-07T12:00:01",
    "first_image_created_at": "2025-11-28T09:54:53", "last_image_created_at": "2025-11-28T09:54:58.250000",
    "stats_computed_at": MOMENT, "stats_version": 1,
}  # fmt: skip
OF_THE_FOLDER: dict[str, Any] = {
    **dict.fromkeys(STATS), "images_expected": 0, "images_actual": 2, "completion_percentage": 0.0, "is_seed_sweep": 0,
    "first_image_created_at": "2025-11-28T09:54:53", "last_image_created_at": "2025-11-28T09:54:54",
    "stats_computed_at": MOMENT, "stats_version": 1,
}  # fmt: skip
OWN: dict[str, Any] = {
    "stats_computed_at": MOMENT, "folder_mtime_ns": 1, "manifest_mtime_ns": 1, "manifest_size": 847,
    "status": "completed", "scheduler": "karras", "theme": "cyberpunk", "style": "default",
}  # fmt: skip
HISTORY = [
    (1, MOMENT, None, PLAIN, "session_id", None, PLAIN),
    (1, MOMENT, None, PLAIN, "created_at", MOMENT, MOMENT),
    (1, MOMENT, None, PLAIN, "is_test", 0, 0),
    (1, MOMENT, None, PLAIN, "is_complete", 1, 1),
    (1, MOMENT, None, PLAIN, "is_favorite", 0, 1),
    (1, MOMENT, None, PLAIN, "tags", None, '["a", "é"]'),
    (1, MOMENT, None, PLAIN, "updated_at", MOMENT, MOMENT),
    (2, MOMENT, None, GONE, "session_id", None, GONE),
    (2, MOMENT, None, GONE, "user_note", None, "gone"),
    (3, MOMENT, None, PLAIN, "user_rating", None, "like"),
    (4, MOMENT, 3, PLAIN, "user_rating", "like", None),
]


def insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
    )


def write_earlier(path: Path, images_dir: Path) -> None:
    """Write the database of four sessions as version 1 left it."""
    with plain(path) as connection:
        connection.executescript(EARLIER)
        for name, stats, own in (
            (PLAIN, STATS, OWN),
            (NO_MANIFEST, OF_THE_FOLDER, {"stats_computed_at": MOMENT, "problem": "There is no manifest.json."}),
            (GONE, STATS, OWN | {"missing": 1}),
            (SWEEP, STATS | {"is_seed_sweep": 1}, OWN | {"seed_list": "[1000, 1001]", "status": "ongoing"}),
        ):
            insert(connection, "session_stats", {"session_id": name, "session_path": str(images_dir / name), **stats})
            insert(connection, "sdgen_admin_sessions", {"session_id": name, **own})
        for name, said in ((PLAIN, {"is_favorite": 1, "tags": '["a", "é"]'}), (GONE, {"user_note": "gone"})):
            times = {"created_at": MOMENT, "updated_at": MOMENT}
            insert(
                connection,
                "session_metadata",
                {"session_id": name, "session_path": str(images_dir / name), **said, **times},
            )
        path_entry = (1, MOMENT, None, PLAIN, "session_path", *[str(images_dir / PLAIN)] * 2)
        connection.executemany("INSERT INTO sdgen_admin_history VALUES (?, ?, ?, ?, ?, ?, ?)", [*HISTORY, path_entry])


class Told(Listener):
    """Notes where the copies are."""

    def __init__(self) -> None:
        self.copies: list[str] = []

    def backed_up(self, path: str) -> None:
        self.copies.append(path)


@pytest.fixture
def listener() -> Told:
    return Told()


@pytest.fixture
def library(images_dir: Path, listener: Told) -> SessionLibrary:
    """A collection whose database an earlier version made; of `GONE` there is no folder."""
    for name in (PLAIN, NO_MANIFEST, SWEEP):
        make_session(images_dir, name, without_manifest=name == NO_MANIFEST)
    library = SessionLibrary(images_dir, listener=listener)
    write_earlier(Path(library.db_path), images_dir)
    return library


@pytest.fixture
def path(library: SessionLibrary) -> Path:
    return Path(library.db_path)


def version(path: Path) -> int:
    with plain(path) as connection:
        (found,) = connection.execute("SELECT max(version) FROM sdgen_admin_version").fetchone()
        return int(found)


def what_people_said(path: Path) -> list[Any]:
    with plain(path) as connection:
        said = connection.execute("SELECT * FROM session_metadata ORDER BY session_id").fetchall()
        done = connection.execute("SELECT * FROM sdgen_admin_history ORDER BY group_id, session_id, field").fetchall()
        return [*said, *done]


def test_it_is_converted_after_a_backup(library: SessionLibrary, path: Path, listener: Told) -> None:
    before, said = digest(path), what_people_said(path)
    with plain(path) as connection:
        everything = list(connection.iterdump())
    library.tags()
    assert version(path) == OWN_VERSION
    assert what_people_said(path) == said
    (copy,) = map(Path, listener.copies)
    assert copy.parent == path.parent
    with plain(copy) as connection:
        assert list(connection.iterdump()) == everything
    assert digest(path) != before
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([path.name, copy.name])


def test_without_a_word_of_metadata_there_is_a_backup_too(library: SessionLibrary, path: Path, listener: Told) -> None:
    with plain(path) as connection:
        connection.execute("DELETE FROM session_metadata")
    library.compute()
    assert len(listener.copies) == 1


def test_facts_are_as_they_were_but_outdated(library: SessionLibrary, images_dir: Path) -> None:
    found = {record.session_id: record for record in library.find(fresh=False).sessions}
    assert set(found) == {PLAIN, NO_MANIFEST, SWEEP}
    assert all(record.outdated for record in found.values())

    whole = found[PLAIN]
    assert whole.stats is not None
    assert whole.session_path == whole.stats.session_path == str(images_dir / PLAIN)
    read = json.loads(whole.stats.model_dump_json())
    times = ("session_created_at", "manifest_generated_at", "first_image_created_at", "last_image_created_at")
    assert {name: read[name] for name in (*times, "stats_computed_at")} == {
        name: STATS[name] for name in (*times, "stats_computed_at")
    }
    same = set(STATS) & set(read) - {*times, "stats_computed_at", "is_seed_sweep"}
    assert {name: read[name] for name in same} == {name: STATS[name] for name in same}
    assert whole.stats.placeholders == {"Expression": 3, "Hair": 2}
    assert whole.stats.variations_summary == {"Expression": ("e 0", "e 1", "e 2"), "Hair": ("h 0", "h 1")}
    assert (whole.scheduler, whole.theme, whole.style, whole.run_status) == (
        "karras",
        "cyberpunk",
        "default",
        "completed",
    )
    assert (whole.source, whole.confidence, whole.problem, whole.duration) == ("manifest", "high", None, 5.25)
    assert (whole.pools, whole.images_recorded, whole.seed_min) == ({}, None, None)
    assert whole.metadata is not None
    assert (whole.metadata.is_favorite, whole.metadata.tags) == (True, ("a", "é"))

    bare = found[NO_MANIFEST]
    assert bare.stats is not None
    assert (bare.source, bare.confidence, bare.problem) == ("folder", "low", "There is no manifest.json.")
    assert (bare.stats.images_actual, bare.stats.images_expected, bare.stats.completion_percentage) == (2, None, None)
    assert (bare.stats.is_seed_sweep, bare.complete, bare.stats.placeholders) == (None, None, None)

    sweep = found[SWEEP]
    assert sweep.stats is not None
    assert (sweep.stats.is_seed_sweep, sweep.seed_list, sweep.run_status) == (True, (1000, 1001), "ongoing")


def test_what_is_gone_stays_known(library: SessionLibrary) -> None:
    (record,) = library.find(missing=True, fresh=False).sessions
    assert (record.session_id, record.missing) == (GONE, True)
    assert record.stats is not None
    assert record.stats.steps == 28
    assert record.metadata is not None
    assert record.metadata.user_note == "gone"


def test_outdated_facts_are_computed_at_the_next_look(library: SessionLibrary, path: Path) -> None:
    library.tags()
    reports: list[ComputeReport] = []
    page = library.find(on_report=reports.append)
    assert (page.total_count, reports[0].computed, reports[0].fresh) == (3, 3, 0)
    assert not any(record.outdated for record in page.sessions)
    found = library.get(PLAIN)
    assert found.stats is not None
    assert found.stats.stats_computed_at is not None
    assert found.stats.stats_computed_at > datetime.fromisoformat(MOMENT)
    assert (found.images_recorded, found.pools) == (1, {"Expression": 3, "Hair": 2})
    assert library.find(on_report=reports.append).total_count == 3
    assert reports[1].computed == 0


def test_history_goes_on(library: SessionLibrary, path: Path) -> None:
    entries = [(entry.group, entry.session_id, entry.field, entry.undone_by) for entry in library.history()]
    assert entries == [
        (4, PLAIN, "user_rating", None),
        (3, PLAIN, "user_rating", 4),
        (2, GONE, "user_note", None),
        (1, PLAIN, "is_favorite", None),
        (1, PLAIN, "tags", None),
    ]
    assert library.undo(1).undone == 1
    assert row(path, "session_metadata", PLAIN) is None
    assert library.undo().undone == 2
    assert library.find(liked=True, fresh=False).total_count == 0


def test_the_mirror_has_our_layout_and_all_rows_at_once(library: SessionLibrary, path: Path) -> None:
    library.tags()
    report = library.describe()
    assert (report.layout, report.mirrored, report.others, report.mirror_problem) == ("own", 4, 0, None)
    with plain(path) as connection:
        asked = "SELECT session_id, images_expected, completion_percentage, placeholders_json FROM session_stats"
        assert connection.execute(f"{asked} ORDER BY 1").fetchall() == [
            (PLAIN, 6, 100.0, '{"Expression": 3, "Hair": 2}'),
            (NO_MANIFEST, 0, 0.0, None),
            (GONE, 6, 100.0, '{"Expression": 3, "Hair": 2}'),
            (SWEEP, 6, 100.0, '{"Expression": 3, "Hair": 2}'),
        ]
        indexes = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert not any(name.startswith(("sdgen_admin_stats", "sdgen_admin_metadata_liked")) for name in indexes)
    assert "sdgen_admin_mirror_id" in indexes


def test_what_a_failed_start_of_the_web_ui_left_does_no_harm(library: SessionLibrary, path: Path) -> None:
    with plain(path) as connection, pytest.raises(sqlite3.OperationalError, match="completion_percent"):
        connection.executescript(WEB_UI)
    with plain(path) as connection:
        left = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'idx_stats*'")}
        assert len(left) == 3
    library.find()
    assert library.describe().layout == "own"
    assert rows_of(path, "schema_version") == []
    with plain(path) as connection:
        left = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'idx_stats*'")}
        assert left == set()
        connection.executescript(WEB_UI)  # now it starts
        assert connection.execute("SELECT count(*) FROM session_stats WHERE completion_percent = 1.0").fetchone() == (
            3,
        )
    library.find()
    assert library.describe().mirrored == 4


def rows_of(path: Path, table: str) -> list[Any]:
    with plain(path) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


def test_rows_of_another_root_wait_for_it(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    name = "20251107_130000-elsewhere"
    with plain(path) as connection:
        connection.execute("UPDATE session_stats SET session_id = ?, session_path = ? WHERE session_id = ?",
                           (name, str(tmp_path / "more" / name), GONE))  # fmt: skip
        connection.execute(
            "UPDATE sdgen_admin_sessions SET session_id = ?, missing = 0 WHERE session_id = ?", (name, GONE)
        )
    assert library.find().total_count == 3
    assert library.prune(force=True) == 0
    both = SessionLibrary([library.roots[0], tmp_path / "more"], path)
    record = both.get(name, fresh=False)
    assert (record.root, record.missing, record.outdated) == ("more", False, True)
    reports: list[ComputeReport] = []
    assert both.find(on_report=reports.append).total_count == 4
    assert reports[0].offline == ("more",)


def test_a_table_that_others_dropped_is_missed_by_nobody(library: SessionLibrary, path: Path) -> None:
    with plain(path) as connection:
        connection.execute("DROP TABLE session_stats")
    said = what_people_said(path)
    assert library.find().total_count == 3
    assert what_people_said(path) == said
    assert library.describe().mirrored == 3


anything = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.binary(max_size=10),
    st.sampled_from(
        [
            "[",
            "[1]",
            '["a"]',
            '{"a": "b"}',
            '{"a": ["b"]}',
            '{"a": 1}',
            '{"a": -1}',
            "[1, null]",
            "fixed",
            "progressive",
        ]
    ),
)
ODD = tuple(name for name in STATS if name != "stats_computed_at")


@settings(max_examples=30, phases=PHASES)
@given(
    stats=st.fixed_dictionaries(
        {
            "stats_computed_at": st.integers(-(2**63), 2**63 - 1)
            | st.text(st.characters(exclude_categories=["Cs"]))
            | st.binary()
        },
        optional=dict.fromkeys(ODD, anything),
    ),
    own=st.fixed_dictionaries({}, optional=dict.fromkeys([*OWN, "problem", "seed_list"], anything)),
    is_whole=st.booleans(),
)
def test_nonsense_in_any_column_is_left_behind(
    tmp_path_factory: pytest.TempPathFactory, stats: dict[str, Any], own: dict[str, Any], is_whole: bool
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    path = folder / "sessions.db"
    write_earlier(path, folder / "images")
    with plain(path) as connection:
        for table, values in (("session_stats", stats), ("sdgen_admin_sessions", own)):
            for name, value in values.items():
                connection.execute(f"UPDATE {table} SET {name} = ? WHERE session_id = ?", (value, PLAIN))
        if not is_whole:
            connection.execute("DELETE FROM sdgen_admin_sessions WHERE session_id = ?", (PLAIN,))
    library = SessionLibrary(folder / "images", path)
    page = library.find(fresh=False)
    assert page.total_count == 3
    assert json.loads(page.model_dump_json())
    assert library.find(SessionFilter(sort="images", where=("steps!=1",)), fresh=False).total_count >= 2
    assert library.describe().mirrored == 4
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("session_path", "D:\\images\\other"),
        ("session_path", b"\xff"),
        ("session_id", "not a session"),
        ("session_id", None),
    ],
)
def test_rows_that_belong_to_no_folder_are_left_behind(
    library: SessionLibrary, path: Path, column: str, value: Any
) -> None:
    with plain(path) as connection:
        connection.execute(f"UPDATE session_stats SET {column} = ? WHERE session_id = ?", (value, PLAIN))
    assert library.find(fresh=False).total_count == 2
    assert library.find().total_count == 3


@contextmanager
def refused(place: int) -> Iterator[list[int]]:
    """Let SQLite refuse the statement in which the body's connections write for the nth time."""
    writes = [0]
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect_and_watch(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)

        def authorize(action: int, _table: Any, _other: Any, schema: str | None, _within: Any) -> int:
            if action in WRITING and schema == "main" and connection.in_transaction:
                writes[0] += 1
                if writes[0] == place:
                    return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK

        if options.get("factory") is not None:  # not the copy
            connection.set_authorizer(authorize)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect_and_watch)
        yield writes


WRITING = (
    sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX,
)  # fmt: skip


def test_what_fails_at_any_statement_leaves_everything_as_it_was(library: SessionLibrary, path: Path) -> None:
    with refused(0) as writes, Database(shutil.copy(path, path.with_name("copy.db"))).open(for_writing=True):
        pass
    for file in path.parent.glob("copy.db*"):
        file.unlink()
    before, count = digest(path), writes[0]
    assert count > 50
    failed = 0
    for place in range(1, count, 5):
        with refused(place):
            try:
                with Database(path).open(for_writing=True):
                    break  # only the mirror's rows were refused
            except DatabaseError:
                failed += 1
        assert digest(path) == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert failed > 10
    assert library.find().total_count == 3
    assert version(path) == OWN_VERSION


def test_if_it_cannot_be_converted_it_is_read(library: SessionLibrary, path: Path) -> None:
    before = digest(path)
    with refused(20):
        page = library.find(fresh=False)
    assert {record.session_id for record in page.sessions} == {PLAIN, NO_MANIFEST, SWEEP}
    assert digest(path) == before


CONVERT = """
import sys
from sdgen_admin.db.connection import Database
print("ready", flush=True)
sys.stdin.readline()
with Database(sys.argv[1]).open(for_writing=True):
    print("done", flush=True)
"""


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CONVERT, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """The database of so many sessions that converting takes a moment."""
    path = tmp_path / "many" / "sessions.db"
    write_earlier(path, tmp_path / "images")
    with plain(path) as connection:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        columns = ", ".join(name for name in STATS if name != "resolved_prompt")
        connection.execute(
            f"""{numbers} INSERT INTO session_stats (session_id, session_path, resolved_prompt, {columns})
                SELECT '20240101_000000-' || i, '{tmp_path}/images/20240101_000000-' || i, 'a prompt ' || i, {columns}
                FROM n JOIN session_stats WHERE session_id = '{PLAIN}'"""
        )
        connection.execute(
            f"""{numbers} INSERT INTO sdgen_admin_sessions (session_id, stats_computed_at)
                SELECT '20240101_000000-' || i, '{MOMENT}' FROM n"""
        )
    return path


def test_killed_at_any_moment_it_is_as_it_was_or_converted(many: Path) -> None:
    said, path = what_people_said(many), many.with_name("copy.db")
    shutil.copy(many, path)
    with start(path) as whole:
        begun = time.monotonic()
        whole.communicate("go\n", timeout=60)
        takes = time.monotonic() - begun
    seen = set()
    chance = random.Random(7)
    for _ in range(7):
        for file in many.parent.glob("copy.db*"):
            file.unlink()
        shutil.copy(many, path)
        with start(path) as process:
            go(process)
            time.sleep(chance.uniform(0, takes))
            process.kill()
        seen.add(version(path))
        assert what_people_said(path) == said
        with plain(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            table = "session_stats" if version(path) == 1 else "sdgen_admin_sessions"
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (3004,)
    assert 1 in seen
    library = SessionLibrary(many.parents[1] / "images", path)
    assert library.find(SessionFilter(limit=1), fresh=False).total_count == 3003
    assert what_people_said(path) == said


def test_several_programs_convert_it_at_once(many: Path) -> None:
    said = what_people_said(many)
    processes = [start(many) for _ in range(3)]
    for process in processes:
        go(process)
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert (process.returncode, output) == (0, "done\n")
    assert version(many) == OWN_VERSION
    assert what_people_said(many) == said
    with plain(many) as connection:
        for table in ("sdgen_admin_sessions", "session_stats"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (3004,)
        assert connection.execute("SELECT count(*) FROM sdgen_admin_version").fetchone() == (1,)
    assert len(list(many.parent.glob("sessions.db.backup-*"))) == 1
    assert len(list(many.parent.iterdir())) == 2


def test_a_read_only_file_in_the_earlier_form_is_read(library: SessionLibrary, path: Path, images_dir: Path) -> None:
    before = digest(path)
    with read_only(path):
        as_it_is = as_ordinary_user(lambda: library.find(fresh=False))
        assert {record.session_id for record in as_it_is.sessions} == {PLAIN, NO_MANIFEST, SWEEP}
        assert all(record.outdated for record in as_it_is.sessions)
        fresh = as_ordinary_user(library.find)
        assert not any(record.outdated for record in fresh.sessions)
        assert as_ordinary_user(lambda: library.find(liked=True, search="portrait hair")).total_count == 1
        assert as_ordinary_user(lambda: library.find(missing=True)).total_count == 1
        assert as_ordinary_user(library.tags) == {"a": 1, "é": 1}
        assert len(as_ordinary_user(library.history)) == 5
        assert as_ordinary_user(library.describe).sessions == 4
        for use in WRITES.values():
            with pytest.raises(DatabaseError):
                as_ordinary_user(lambda: use(library))  # noqa: B023 -- done at once
    assert digest(path) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


CHANGES_OF_A_NEWER_VERSION = {
    "a further table": "CREATE TABLE sdgen_admin_checks (session_id TEXT);",
    "further columns": "ALTER TABLE sdgen_admin_sessions ADD COLUMN thumbnails INTEGER DEFAULT 3;"
    "ALTER TABLE sdgen_admin_roots ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';",
    "other columns": "ALTER TABLE sdgen_admin_sessions RENAME COLUMN theme TO topic;",
    "another table": "DROP TABLE sdgen_admin_folded; CREATE TABLE sdgen_admin_words (word TEXT);",
    "without an index": "DROP INDEX sdgen_admin_newest;",
}


@pytest.mark.parametrize("change", CHANGES_OF_A_NEWER_VERSION)
def test_of_a_newer_version_it_reads_what_it_can_and_writes_nothing(
    library: SessionLibrary, path: Path, images_dir: Path, change: str
) -> None:
    library.compute()
    library.find()
    with plain(path) as connection:
        connection.executescript(CHANGES_OF_A_NEWER_VERSION[change])
        connection.execute("UPDATE sdgen_admin_version SET version = ?", (OWN_VERSION + 1,))
    before = digest(path)
    for name, use in WRITES.items():
        with pytest.raises(NewerDatabaseError) as caught:
            use(library)
        assert (caught.value.code, caught.value.details["version"]) == ("newer-database", OWN_VERSION + 1), name
        assert caught.value.details["known"] == OWN_VERSION
        assert caught.value.details["path"] == str(path)
    for use in READS.values():
        if use not in (READS["get"], READS["dry run"]):  # of a session that is not here
            assert use(library) is not None
    make_session(images_dir, "20251107_140000-new")
    assert library.find().total_count == 4
    assert library.get(PLAIN, fresh=False).stats is not None
    assert library.tags() == {"a": 1, "é": 1}
    assert len(library.history()) == 5
    expect(NewerDatabaseError, lambda _: Database(path).check(), library)
    assert digest(path) == before
    assert library.describe().sessions == 4
    assert digest(path) == before
