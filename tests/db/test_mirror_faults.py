"""A mirror that others empty, rewrite, replace or guard: what is ours stands, what is theirs stays."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.errors import DatabaseError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import Listener
from sdgen_admin.models.roots import Root
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from sdgen_admin.services.opened import opened
from tests.builders import SESSION, make_session
from tests.db.uses import LIKE, traced
from tests.db.written import Written, write
from tests.neighbour import (
    CONTRACT,
    METADATA,
    WEB_UI,
    digest,
    make_database,
    plain,
    row,
    rows,
    write_metadata,
    write_stats,
)

IDS = [f"20251107_12000{number}-{number}" for number in range(4)]
THEIRS = ["20200101_000000-theirs", "not a session", "thumbnails"]
OWN = ""
"""Instead of a script of the web UI's: nobody has made a table before us."""


@pytest.fixture(params=[WEB_UI, OWN], ids=["web UI", "own"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A database with or without the web UI's tables."""
    path = tmp_path / "metadata" / "sessions.db"
    if request.param:
        make_database(path, script=request.param)
    return path


@pytest.fixture
def library(images_dir: Path, path: Path) -> SessionLibrary:
    """A library of four sessions, with all of them mirrored."""
    for name in IDS:
        make_session(images_dir, name)
    library = SessionLibrary(images_dir, path, lock_timeout=5)
    library.compute()
    assert len(rows(path, "session_stats")) == len(IDS)
    return library


def execute(path: Path, *statements: str) -> None:
    with plain(path) as connection:
        for statement in statements:
            connection.execute(statement)


DAMAGE = {
    "all deleted": "DELETE FROM session_stats",
    "one deleted": f"DELETE FROM session_stats WHERE session_name = '{IDS[1]}'",
    "emptied": "UPDATE session_stats SET stats_computed_at = '', sd_model = NULL, images_actual = NULL, steps = NULL",
    "computed anew": "UPDATE session_stats SET stats_computed_at = '2026-01-01T00:00:00', completion_percent = 47.3",
    "another spelling": "UPDATE session_stats SET stats_computed_at = replace(stats_computed_at, 'T', ' '), steps = 1",
    "not text": "UPDATE session_stats SET stats_computed_at = x'ff', placeholders = x'00', width = 'wide'",
    "renamed": f"UPDATE session_stats SET session_name = 'x' || session_name WHERE session_name <> '{IDS[0]}'",
}
REPAIRS: dict[str, Callable[[SessionLibrary], object]] = {
    "find": lambda library: library.find(),
    "get": lambda library: library.get(IDS[0]),
    "compute": lambda library: library.compute(),
    "compute one": lambda library: library.compute(IDS[0], force=True),
    "compute a filter's": lambda library: library.compute(SessionFilter(liked=True)),
    "tag": lambda library: library.update_metadata(IDS[0], SessionMetadataUpdate(add_tags=("a",))),
    "tag nothing": lambda library: library.update_metadata(IDS[0], SessionMetadataUpdate(is_favorite=False)),
    "undo": lambda library: (library.update_metadata(IDS[0], LIKE), library.undo()),
    "prune": lambda library: library.prune(),
    "service": lambda library: SessionMetadataService(library.db_path).upsert_metadata(IDS[0], "/x", LIKE),
    "delete metadata": lambda library: SessionMetadataService(library.db_path).delete_metadata(IDS[0]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_whatever_others_do_to_the_rows_is_repaired(library: SessionLibrary, path: Path, damage: str) -> None:
    before = rows(path, "session_stats")
    execute(path, damage)
    assert rows(path, "session_stats") != before
    library.find()
    assert [found for found in rows(path, "session_stats") if not found["session_name"].startswith("x")] == before


@pytest.mark.parametrize("repair", REPAIRS.values(), ids=REPAIRS)
def test_everything_that_may_write_repairs_all_rows(
    library: SessionLibrary, path: Path, repair: Callable[[SessionLibrary], object]
) -> None:
    before = {found["session_name"]: found for found in rows(path, "session_stats")}
    execute(path, DAMAGE["all deleted"])
    repair(library)
    after = {found["session_name"]: found for found in rows(path, "session_stats")}
    assert set(after) == set(IDS)
    assert all(after[name] == before[name] for name in IDS[1:])


@pytest.mark.parametrize(
    "look",
    [
        lambda library: library.find(fresh=False),
        lambda library: library.get(IDS[0], fresh=False),
        lambda library: library.describe(),
        lambda library: library.tags(),
        lambda library: library.history(),
        lambda library: library.resolve(["latest"], fresh=False),
        lambda library: library.update_metadata(IDS[0], LIKE, dry_run=True),
    ],
)
def test_a_look_at_the_database_as_it_is_repairs_nothing(
    library: SessionLibrary, path: Path, look: Callable[[SessionLibrary], object]
) -> None:
    execute(path, DAMAGE["computed anew"])
    before = digest(path)
    look(library)
    assert digest(path) == before


def test_the_mirror_is_never_read_as_truth(library: SessionLibrary, path: Path) -> None:
    before = library.find(fresh=False)
    execute(path, "UPDATE session_stats SET sd_model = 'theirs', images_actual = 77, stats_computed_at = '2030'")
    write_stats(path, THEIRS[0], sd_model="theirs")
    assert library.find(fresh=False) == before
    assert library.models() == {"ponyXL_v6.safetensors [abc123def4]": 4}
    assert library.find() == before


def test_rows_of_others_stay(library: SessionLibrary, path: Path, images_dir: Path) -> None:
    for name in (*THEIRS, None, b"\xff"):
        write_stats(path, name, sd_model="theirs", images_actual=7)
    theirs = [found for found in rows(path, "session_stats") if found["session_name"] not in IDS]
    assert len(theirs) == 5
    (images_dir / IDS[0]).rename(images_dir.parent / "gone")
    library.find()
    assert library.prune(force=True) == 1
    library.delete_stats(IDS[1])
    library.delete_stats(THEIRS[0])
    library.compute([IDS[2]], force=True)
    assert [found for found in rows(path, "session_stats") if found["session_name"] not in IDS] == theirs
    assert {found["session_name"] for found in rows(path, "session_stats")} >= set(IDS[2:])
    assert row(path, "session_stats", IDS[0]) is None
    assert (library.describe().mirrored, library.describe().others) == (2, 5)


def test_deleting_what_was_said_deletes_no_stats(library: SessionLibrary, path: Path) -> None:
    library.update_metadata(IDS, LIKE)
    before = library.find(fresh=False).sessions, rows(path, "session_stats")
    for name in IDS:
        assert SessionMetadataService(path).delete_metadata(name)
    assert [record.stats for record in library.find(fresh=False).sessions] == [record.stats for record in before[0]]
    assert rows(path, "session_stats") == before[1]


def test_columns_that_we_do_not_know_keep_their_values(library: SessionLibrary, path: Path) -> None:
    execute(
        path,
        "ALTER TABLE session_stats ADD COLUMN ui_rank INTEGER",
        "ALTER TABLE session_stats ADD COLUMN \"it's\" TEXT NOT NULL DEFAULT 'so'",
        "UPDATE session_stats SET ui_rank = rowid, stats_computed_at = 'x'",
        f"DELETE FROM session_stats WHERE session_name = '{IDS[3]}'",
    )
    ranks = {found["session_name"]: found["ui_rank"] for found in rows(path, "session_stats")}
    library.find()
    assert library.describe().mirrored == len(IDS)
    found = rows(path, "session_stats")
    assert {row["session_name"]: row["ui_rank"] for row in found} == {**ranks, IDS[3]: None}
    assert {row["it's"] for row in found} == {"so"}


def test_a_table_that_they_make_after_us(library: SessionLibrary, path: Path) -> None:
    execute(path, "DROP TABLE session_stats")
    make_database(path)
    library.find()
    assert library.describe().layout == "web UI, version 1"
    assert {found["session_name"] for found in rows(path, "session_stats")} == set(IDS)


def test_a_table_that_somebody_dropped_is_made_again(library: SessionLibrary, path: Path) -> None:
    execute(path, "DROP TABLE session_stats")
    assert library.describe().layout == "none"
    library.find()
    assert (library.describe().layout, library.describe().mirrored) == ("own", 4)


def test_they_work_while_we_work(library: SessionLibrary, path: Path) -> None:
    """Another program deletes, empties and replaces rows all the time; afterwards one repair is enough."""
    stop = threading.Event()
    problems: list[Exception] = []

    def disturb() -> None:
        with closing(sqlite3.connect(path, timeout=30)) as other:
            while not stop.is_set():
                for statement in (DAMAGE["one deleted"], DAMAGE["emptied"], DAMAGE["all deleted"]):
                    try:
                        with other:
                            other.execute(statement)
                            name = (
                                "INSERT OR REPLACE INTO session_stats (session_name, stats_computed_at) VALUES (?, ?)"
                            )
                            other.execute(name, (IDS[2], "theirs"))
                    except sqlite3.Error as error:
                        problems.append(error)
                    time.sleep(0.001)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(20):
            assert library.compute(force=True).computed == len(IDS)
            assert library.find().total_count == len(IDS)
    finally:
        stop.set()
        thread.join()
    assert problems == []
    library.find()
    assert library.describe().mirrored == len(IDS)
    assert library.describe().mirror_problem is None


class Heard(Listener):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def waiting(self, path: str) -> None:
        self.told.append(f"waiting for {path}")

    def in_memory(self, why: str) -> None:
        self.told.append(why)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock, as another program does that is about to write."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize(
    "use",
    [lambda library: library.find(), lambda library: library.get(IDS[0]), lambda library: library.find(liked=False)],
)
def test_a_repair_that_finds_nothing_wrong_takes_no_lock(
    library: SessionLibrary, images_dir: Path, path: Path, use: Callable[[SessionLibrary], object]
) -> None:
    before, listener = digest(path), Heard()
    with locked(path), traced() as statements:
        use(SessionLibrary(images_dir, path, lock_timeout=5, listener=listener))
    assert listener.told == []
    assert not [statement for statement in statements if statement.startswith("BEGIN")]
    assert digest(path) == before


def test_a_repair_waits_a_second_at_most_and_is_made_good_later(
    library: SessionLibrary, images_dir: Path, path: Path
) -> None:
    execute(path, DAMAGE["one deleted"])
    reading = SessionLibrary(images_dir, path, lock_timeout=30)
    with locked(path):
        begun = time.monotonic()
        assert reading.find().total_count == len(IDS)
        assert time.monotonic() - begun < 5
    assert row(path, "session_stats", IDS[1]) is None
    reading.find()
    assert row(path, "session_stats", IDS[1]) is not None


STOPPING = {
    "a trigger": """CREATE TRIGGER theirs BEFORE INSERT ON session_stats BEGIN
        SELECT RAISE(ABORT, 'not before noon'); END""",
    "a trigger with a function": """CREATE TRIGGER theirs AFTER INSERT ON session_stats BEGIN
        SELECT their_function(new.session_name); END""",
    "a unique index": "CREATE UNIQUE INDEX theirs ON session_stats (steps)",
}
SAYS = {"a trigger": "not before noon", "a trigger with a function": "their_function", "a unique index": "steps"}
FITS = {"a unique index": 1}
"""How many rows can be mirrored all the same."""


@pytest.mark.parametrize("stopping", STOPPING)
def test_what_stops_the_mirror_stops_nothing_else(
    library: SessionLibrary, path: Path, images_dir: Path, stopping: str
) -> None:
    execute(path, DAMAGE["all deleted"], STOPPING[stopping])
    make_session(images_dir, "20251107_120009-new")
    fresh = SessionLibrary(images_dir, path)
    report = fresh.compute()
    assert (report.computed, report.failed) == (1, 0)
    assert fresh.find().total_count == 5
    fresh.update_metadata(IDS, LIKE)
    assert fresh.find(liked=True).total_count == 4
    fresh.undo()
    assert fresh.find(fresh=False).total_count == 5
    assert len(rows(path, "session_stats")) == FITS.get(stopping, 0)

    described = fresh.describe()
    assert described.mirror_problem is not None
    assert SAYS[stopping] in described.mirror_problem
    assert described.mirrored == FITS.get(stopping, 0)
    assert described.sessions == 5
    assert described.layout in ("own", "web UI, version 1")

    execute(path, f"DROP {'INDEX' if 'index' in stopping else 'TRIGGER'} theirs")
    fresh.find()
    assert fresh.describe().mirrored == 5
    assert fresh.describe().mirror_problem is None


def test_a_trigger_on_what_is_said_stops_the_edit_alone(library: SessionLibrary, path: Path) -> None:
    execute(
        path,
        """CREATE TRIGGER theirs BEFORE INSERT ON session_metadata BEGIN SELECT RAISE(ABORT, 'ask first'); END""",
    )
    with pytest.raises(DatabaseError, match="ask first"):
        library.update_metadata(IDS[0], LIKE)
    assert library.find().total_count == 4
    assert library.history() == ()
    assert rows(path, "session_metadata") == []


UNKNOWN = {
    "the design's": (CONTRACT[CONTRACT.index("CREATE TABLE session_stats") :], "layout"),
    "another one": ("CREATE TABLE session_stats (session_id TEXT PRIMARY KEY, model TEXT)", "layout"),
    "a view": ("CREATE VIEW session_stats AS SELECT 'a' AS session_name", "view"),
    "without a key": (WEB_UI.replace("session_name TEXT PRIMARY KEY", "session_name TEXT"), "key"),
    "with a key of two": (
        WEB_UI.replace("session_name TEXT PRIMARY KEY", "session_name TEXT").replace(
            "completion_threshold REAL DEFAULT 0.95", "completion_threshold REAL, PRIMARY KEY (session_name, steps)"
        ),
        "key",
    ),
    "with a strict column": (
        WEB_UI.replace("stats_computed_at TEXT NOT NULL", "stats_computed_at TEXT NOT NULL, ui_rank INTEGER NOT NULL"),
        "ui_rank",
    ),
    "one column short": (WEB_UI.replace("seed_mode TEXT", "seeds_mode TEXT"), "layout"),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_unknown_layout_turns_the_mirror_off_and_nothing_else(images_dir: Path, tmp_path: Path, kind: str) -> None:
    script, why = UNKNOWN[kind]
    path = tmp_path / "theirs.db"
    make_database(path, script=METADATA + script)
    with plain(path) as connection:
        if kind != "a view":
            names = [column[1] for column in connection.execute("PRAGMA table_info(session_stats)")]
            values = {name: f"their {name}" for name in names} | {names[0]: IDS[0]}
            marks = ", ".join("?" * len(values))
            connection.execute(
                f"INSERT INTO session_stats ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
            )
    before = everything(path)
    for name in IDS:
        make_session(images_dir, name)
    (images_dir / "20251107_120008-gone").mkdir()
    library = SessionLibrary(images_dir, path)

    assert library.compute().computed == 5
    assert library.find().total_count == 5
    library.update_metadata(IDS[:2], LIKE)
    assert [record.session_id for record in library.find(liked=True).sessions] == IDS[1::-1]
    library.undo()
    library.update_metadata(IDS[0], SessionMetadataUpdate(add_tags=("a",)))
    assert library.tags() == {"a": 1}
    assert library.get(IDS[0]).stats is not None
    (images_dir / "20251107_120008-gone").rmdir()
    library.find()
    assert library.prune() == 1
    assert library.delete_stats(IDS[3])
    assert library.models() == {"ponyXL_v6.safetensors [abc123def4]": 3}
    assert Path(library.backup().path).exists()

    described = library.describe()
    assert (described.layout, described.mirrored) == ("unknown", 0)
    assert described.mirror_problem is not None
    assert why in described.mirror_problem
    assert everything(path) == before


def everything(path: Path) -> list[Any]:
    """Return what is theirs: the table, whatever it is, its rows and its indexes."""
    with plain(path) as connection:
        made = connection.execute("SELECT * FROM sqlite_master WHERE name NOT LIKE 'sdgen_admin%' ORDER BY name")
        made_by_them = [(kind, name, sql) for kind, name, table, _, sql in made if table == "session_stats"]
        return [*made_by_them, *connection.execute("SELECT * FROM session_stats")]


@pytest.mark.parametrize(
    "options",
    [
        ("session_name TEXT PRIMARY KEY,", "session_name TEXT PRIMARY KEY NOT NULL, ui TEXT NOT NULL DEFAULT 'x',"),
        ("completion_threshold REAL DEFAULT 0.95\n);", "completion_threshold REAL DEFAULT 0.95\n) WITHOUT ROWID;"),
        ("completion_threshold REAL DEFAULT 0.95\n);", "completion_threshold REAL DEFAULT 0.95\n) STRICT;"),
        ("sd_model TEXT,", "sd_model TEXT, summary TEXT AS (sd_model || steps) STORED,"),
        ("sd_model TEXT,", 'sd_model TEXT, "order" TEXT, session_id TEXT,'),
    ],
)
def test_what_differs_in_nothing_that_matters_is_the_same_layout(
    images_dir: Path, tmp_path: Path, options: tuple[str, str]
) -> None:
    path = tmp_path / "theirs.db"
    make_database(path, script=WEB_UI.replace(*options))
    make_session(images_dir)
    library = SessionLibrary(images_dir, path)
    library.find()
    assert (library.describe().layout, library.describe().mirrored) == ("web UI, version 1", 1)
    execute(path, "UPDATE session_stats SET stats_computed_at = '', sd_model = 'theirs'")
    library.find()
    assert library.describe().mirrored == 1


def test_one_row_of_nonsense_hinders_nobody(images_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    make_database(path)
    with plain(path) as connection:
        names = [column[1] for column in connection.execute("PRAGMA table_info(session_stats)")]
        for name in (IDS[0], "20251107_120009-theirs", "nonsense"):
            values = [name, *(x for _ in names[1:] for x in [b"\xff\x00"])]
            connection.execute(f"INSERT INTO session_stats VALUES ({', '.join('?' * len(values))})", values)
    theirs = rows(path, "session_stats")[1:]
    for name in IDS:
        make_session(images_dir, name)
    library = SessionLibrary(images_dir, path)
    assert library.find().total_count == 4
    found = {found["session_name"]: found for found in rows(path, "session_stats")}
    assert [found.pop(row["session_name"]) for row in theirs] == theirs
    for name in IDS:
        assert (found[name]["steps"], found[name]["completion_percent"], found[name]["session_type"]) == (
            28,
            1.0,
            "normal",
        )
    assert (library.describe().mirrored, library.describe().others) == (4, 2)


def test_rows_in_thousands_are_repaired_in_turns(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    names = [
        f"{20_000_101 + number // 1000}_12{number // 60 % 17:02}{number % 60:02}-{number}" for number in range(5_200)
    ]
    write(path, [Written(name) for name in names])
    execute(path, "DELETE FROM session_stats WHERE rowid % 50")
    root = Root("images", str(tmp_path / "images"))
    with opened(Database(path), [root], [root], for_writing=True, to_make=False) as collection:
        collection.finish()
    with plain(path) as connection:
        assert connection.execute("SELECT count(*) FROM session_stats").fetchone() == (5_200,)


def test_metadata_may_come_before_any_session_is_known(path: Path) -> None:
    SessionMetadataService(path).upsert_metadata(SESSION, "/images", LIKE)
    write_metadata(path, IDS[0])
    assert rows(path, "session_stats") == []
    assert SessionMetadataService(path).get_metadata(SESSION) is not None


def test_a_neighbours_trigger_that_makes_every_row_wrong_again(library: SessionLibrary, path: Path) -> None:
    for event in ("INSERT", "UPDATE"):
        execute(
            path,
            f"CREATE TRIGGER after_{event} AFTER {event} ON session_stats BEGIN"
            " UPDATE session_stats SET stats_computed_at = 'now' WHERE session_name = new.session_name; END",
        )
    execute(path, "UPDATE session_stats SET steps = 1")
    assert library.find().total_count == len(IDS)
    assert {row["stats_computed_at"] for row in rows(path, "session_stats")} == {"now"}
