"""The schema: the shared tables to the letter, and nothing of ours that a neighbour could mistake for its own."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.db.schema import METADATA_COLUMNS, OWN_COLUMNS, STATS_COLUMNS
from sdgen_admin.errors import ForeignLayoutError
from tests.neighbour import CONTRACT, digest, make_database, page_size, plain, rows, write_metadata, write_stats

SHARED = ("session_metadata", "session_stats")
CONTRACT_INDEXES = {
    "idx_session_stats_model",
    "idx_session_stats_seed_sweep",
    "idx_session_stats_completion",
    "idx_session_stats_created_at",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metadata" / "sessions.db"


def opened(path: Path) -> Path:
    with Database(path).open(for_writing=True):
        pass
    return path


def columns(path: Path, table: str) -> list[Any]:
    with plain(path) as connection:
        return connection.execute(f"PRAGMA table_info({table})").fetchall()


def objects(path: Path, kind: str) -> dict[str, str | None]:
    with plain(path) as connection:
        return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = ?", (kind,)))


def squeezed(sql: str | None) -> str:
    return "".join((sql or "").split())


@pytest.mark.parametrize("table", SHARED)
def test_shared_tables_are_those_of_the_contract(path: Path, tmp_path: Path, table: str) -> None:
    theirs = tmp_path / "theirs.db"
    make_database(theirs)
    opened(path)
    assert columns(path, table) == columns(theirs, table)
    assert squeezed(objects(path, "table")[table]) == squeezed(objects(theirs, "table")[table])


@pytest.mark.parametrize("table", SHARED)
def test_foreign_keys_are_those_of_the_contract(path: Path, tmp_path: Path, table: str) -> None:
    theirs = tmp_path / "theirs.db"
    make_database(theirs)
    opened(path)
    with plain(path) as ours, plain(theirs) as other:
        pragma = f"PRAGMA foreign_key_list({table})"
        assert ours.execute(pragma).fetchall() == other.execute(pragma).fetchall()


def test_the_contracts_indexes_are_there_and_all_others_bear_our_name(path: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.db"
    make_database(theirs)
    ours = {name: sql for name, sql in objects(opened(path), "index").items() if sql is not None}
    contract = objects(theirs, "index")
    assert set(contract) >= CONTRACT_INDEXES
    for name in CONTRACT_INDEXES:
        assert squeezed(ours[name]) == squeezed(contract[name])
    own = set(ours) - CONTRACT_INDEXES
    assert own
    assert all(name.startswith("sdgen_admin_") for name in own)


def test_all_other_tables_bear_our_name(path: Path) -> None:
    own = set(objects(opened(path), "table")) - {*SHARED, "sqlite_stat1", "sqlite_sequence"}
    assert "sdgen_admin_sessions" in own
    assert all(name.startswith("sdgen_admin_") for name in own)


@pytest.mark.parametrize("kind", ["trigger", "view"])
def test_there_are_no_triggers_and_views(path: Path, kind: str) -> None:
    assert objects(opened(path), kind) == {}


@pytest.mark.parametrize(
    ("table", "names"),
    [("session_metadata", METADATA_COLUMNS), ("session_stats", STATS_COLUMNS), ("sdgen_admin_sessions", OWN_COLUMNS)],
)
def test_named_columns_are_the_tables(path: Path, table: str, names: tuple[str, ...]) -> None:
    assert tuple(column[1] for column in columns(opened(path), table)) == names


def test_an_existing_database_keeps_everything(path: Path) -> None:
    make_database(path)
    with plain(path) as connection:
        connection.execute("ALTER TABLE session_metadata ADD COLUMN ui_colour TEXT DEFAULT 'red'")
        connection.execute("ALTER TABLE session_stats ADD COLUMN ui_rank INTEGER")
        connection.execute("CREATE TABLE ui_settings (name TEXT, value TEXT)")
        connection.execute("INSERT INTO ui_settings VALUES ('theme', 'dark')")
    write_metadata(path, "20251107_120000-a", tags='["one"]', ui_colour="blue", auto_metadata='{"score": 1}')
    write_stats(path, "20251107_120000-a", sd_model="pony", ui_rank=7)
    before = {table: (columns(path, table), rows(path, table)) for table in SHARED}
    opened(path)
    assert {table: (columns(path, table), rows(path, table)) for table in SHARED} == before
    with plain(path) as connection:
        assert connection.execute("SELECT * FROM ui_settings").fetchall() == [("theme", "dark")]


def test_a_whole_database_is_not_written_when_opened_again(path: Path) -> None:
    opened(path)
    before = digest(path)
    opened(path)
    assert digest(path) == before


def test_what_is_missing_is_added_and_what_is_there_is_left(path: Path) -> None:
    with plain(path) as connection:
        connection.executescript(CONTRACT.split("CREATE TABLE session_stats")[0])
        connection.execute("CREATE INDEX idx_session_stats_model ON session_metadata(tags)")
    opened(path)
    assert set(objects(path, "table")) >= {*SHARED, "sdgen_admin_sessions"}
    assert squeezed(objects(path, "index")["idx_session_stats_model"]).endswith("session_metadata(tags)")


def test_pages_are_large_in_a_new_database_and_left_alone_in_another(path: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.db"
    make_database(theirs)
    before = page_size(theirs)
    assert page_size(opened(path)) == 16_384
    assert page_size(opened(theirs)) == before


@pytest.mark.parametrize("mode", ["wal", "delete", "truncate"])
def test_the_journal_mode_is_left_alone(path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    header = path.read_bytes()[18:20]
    opened(path)
    with plain(path) as connection:
        after = connection.execute("PRAGMA journal_mode").fetchone()[0]
    assert path.read_bytes()[18:20] == header
    assert (after == "wal") == (mode == "wal")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE session_stats (session_id TEXT, model TEXT)",
        "CREATE TABLE session_metadata (session_id TEXT PRIMARY KEY, note TEXT)",
        "CREATE TABLE sdgen_admin_sessions (session_id TEXT)",
    ],
)
@pytest.mark.parametrize("for_writing", [False, True])
def test_a_foreign_layout_is_refused_and_left(path: Path, statement: str, *, for_writing: bool) -> None:
    with plain(path) as connection:
        connection.execute(statement)
    before = digest(path)
    with pytest.raises(ForeignLayoutError, match="lacks"), Database(path).open(for_writing=for_writing):
        pytest.fail("it was opened")
    assert digest(path) == before


def test_one_missing_column_is_named(path: Path) -> None:
    with plain(path) as connection:
        connection.executescript(CONTRACT.replace("scheduler", "").replace("user_rating TEXT, ", ""))
    with pytest.raises(ForeignLayoutError, match="lacks user_rating") as caught, Database(path).open():
        pytest.fail("it was opened")
    assert caught.value.exit_status == 3
    assert caught.value.hint


def test_foreign_keys_are_not_enforced_on_write(path: Path) -> None:
    with Database(path).open(for_writing=True) as connection:
        connection.execute(
            "INSERT INTO session_stats (session_id, session_path, stats_computed_at) VALUES ('a', 'b', 'c')"
        )
        assert connection.execute("SELECT count(*) FROM session_stats").fetchone() == (1,)
        assert isinstance(connection, sqlite3.Connection)
