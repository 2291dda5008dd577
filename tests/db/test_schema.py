"""The schema: the shared tables to the letter, this tool's own beside them, looked through once."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.db.schema import COLUMNS, INDEXES, OWN_VERSION, TABLES
from sdgen_admin.db.shared.own import CREATE_STATS
from sdgen_admin.errors import DatabaseError, ForeignLayoutError
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION
from tests.db.uses import LIKE, traced
from tests.neighbour import METADATA, digest, make_database, page_size, plain, rows, write_metadata, write_stats

MIRROR_INDEXES = {
    "idx_session_stats_model": "session_stats(sd_model)",
    "idx_session_stats_seed_sweep": "session_stats(is_seed_sweep)",
    "idx_session_stats_completion": "session_stats(completion_percentage)",
    "idx_session_stats_created_at": "session_stats(session_created_at DESC)",
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
        return connection.execute(f"PRAGMA table_xinfo({table})").fetchall()


def objects(path: Path, kind: str) -> dict[str, str | None]:
    with plain(path) as connection:
        return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = ?", (kind,)))


def squeezed(sql: str | None) -> str:
    return "".join((sql or "").split()).replace("IFNOTEXISTS", "").rstrip(";")


def test_the_shared_table_is_that_of_the_contract(path: Path) -> None:
    assert squeezed(objects(opened(path), "table")["session_metadata"]) == squeezed(METADATA)


def test_the_mirror_that_is_made_has_our_layout(path: Path) -> None:
    opened(path)
    assert squeezed(objects(path, "table")["session_stats"]) == squeezed(f"CREATE TABLE session_stats {CREATE_STATS}")
    made = objects(path, "index")
    for name, on in MIRROR_INDEXES.items():
        assert squeezed(made[name]) == squeezed(f"CREATE INDEX {name} ON {on}")
    assert squeezed(made["sdgen_admin_mirror_id"]) == squeezed(
        "CREATE UNIQUE INDEX sdgen_admin_mirror_id ON session_stats (session_id)"
    )


def test_nothing_of_a_mirror_that_is_there_is_changed(path: Path) -> None:
    make_database(path)
    before = objects(path, "table")["session_stats"], {name for name in objects(path, "index") if "sdgen" not in name}
    opened(path)
    after = (
        objects(path, "table")["session_stats"],
        {name for name in objects(path, "index") if "sdgen" not in name or "mirror" in name},
    )
    assert after == before


def test_all_else_bears_our_name(path: Path) -> None:
    opened(path)
    own = set(objects(path, "table")) - {"session_metadata", "session_stats"}
    assert own == set(TABLES)
    assert all(name.startswith("sdgen_admin_") for name in own)
    made = {name for name, sql in objects(path, "index").items() if sql is not None}
    assert made == {*INDEXES, *MIRROR_INDEXES, "sdgen_admin_mirror_id"}
    assert all(name.startswith("sdgen_admin_") for name in made - set(MIRROR_INDEXES))


@pytest.mark.parametrize("kind", ["trigger", "view"])
def test_there_are_no_triggers_and_views(path: Path, kind: str) -> None:
    assert objects(opened(path), kind) == {}


def test_there_are_no_foreign_keys(path: Path) -> None:
    with plain(opened(path)) as connection:
        for table in objects(path, "table"):
            assert connection.execute(f"PRAGMA foreign_key_list({table})").fetchall() == []


def test_named_columns_are_the_tables(path: Path) -> None:
    assert {column[1] for column in columns(opened(path), "sdgen_admin_sessions")} == {"id", *COLUMNS}


def test_an_existing_database_keeps_everything(path: Path) -> None:
    make_database(path)
    with plain(path) as connection:
        connection.execute("ALTER TABLE session_metadata ADD COLUMN ui_colour TEXT DEFAULT 'red'")
        connection.execute("ALTER TABLE session_stats ADD COLUMN ui_rank INTEGER")
        connection.execute("CREATE TABLE ui_settings (name TEXT, value TEXT)")
        connection.execute("INSERT INTO ui_settings VALUES ('theme', 'dark')")
    write_metadata(path, "20251107_120000-a", tags='["one"]', ui_colour="blue", auto_metadata='{"score": 1}')
    write_stats(path, "20251107_120000-a", sd_model="pony", ui_rank=7)
    shared = ("session_metadata", "session_stats")
    before = {table: (columns(path, table), rows(path, table)) for table in shared}
    opened(path)
    assert {table: (columns(path, table), rows(path, table)) for table in shared} == before
    with plain(path) as connection:
        assert connection.execute("SELECT * FROM ui_settings").fetchall() == [("theme", "dark")]


def test_a_whole_database_is_not_written_when_opened_again(path: Path) -> None:
    opened(path)
    before = digest(path)
    opened(path)
    assert digest(path) == before


def looks_through(statements: list[str]) -> bool:
    return any("SELECT name FROM main.sqlite_master" in statement for statement in statements)


def statements_of(database: Database) -> list[str]:
    """Return what opening a database executes, but for waiting until it can be read."""
    with traced() as statements, database.open():
        return [s for s in statements if "busy_timeout" not in s and s != "SELECT 1 FROM sqlite_master"]


def test_the_schema_is_looked_through_once(path: Path) -> None:
    database = Database(path)
    first = statements_of(database)
    assert looks_through(first)
    for _ in range(2):
        again = statements_of(database)
        assert not looks_through(again)
        assert "PRAGMA schema_version" in again
        assert len(again) <= 6


@pytest.mark.parametrize(
    "change", ["CREATE TABLE theirs (x)", "CREATE INDEX theirs ON session_metadata (tags)", "DROP TABLE session_stats"]
)
def test_it_is_looked_through_again_if_somebody_changed_it(path: Path, change: str) -> None:
    database = Database(path)
    statements_of(database)
    with plain(path) as other:
        other.execute(change)
    assert looks_through(statements_of(database))
    assert not looks_through(statements_of(database))


def test_it_is_looked_through_again_in_another_file(path: Path) -> None:
    database = Database(path)
    statements_of(database)
    other = opened(path.with_name("other.db"))
    path.unlink()
    other.rename(path)
    assert looks_through(statements_of(database))


def test_two_libraries_look_for_themselves(path: Path) -> None:
    statements_of(Database(path))
    assert looks_through(statements_of(Database(path)))


@pytest.mark.parametrize("name", [*INDEXES, "sdgen_admin_history", "sdgen_admin_folded"])
def test_what_somebody_dropped_is_made_again(path: Path, name: str) -> None:
    database = Database(path)
    statements_of(database)
    kind = "INDEX" if name in INDEXES else "TABLE"
    before = objects(path, kind.lower())
    with plain(path) as other:
        other.execute(f"DROP {kind} {name}")
    for _ in range(2):
        statements_of(database)
    assert objects(path, kind.lower()) == before


def test_what_is_missing_is_added_and_what_is_there_is_left(path: Path) -> None:
    with plain(path) as connection:
        connection.executescript(METADATA)
        connection.execute("CREATE INDEX idx_session_stats_model ON session_metadata(tags)")
    opened(path)
    assert set(objects(path, "table")) == {"session_metadata", "session_stats", *TABLES}
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


FOREIGN = [
    "CREATE TABLE session_metadata (session_id TEXT PRIMARY KEY, note TEXT)",
    "CREATE VIEW session_metadata AS SELECT 1 AS session_id",
    METADATA.replace("user_rating TEXT, ", ""),
]


@pytest.mark.parametrize("statement", FOREIGN)
@pytest.mark.parametrize("for_writing", [False, True])
def test_a_foreign_table_of_metadata_is_refused_and_left(path: Path, statement: str, *, for_writing: bool) -> None:
    with plain(path) as connection:
        connection.executescript(statement)
    before = digest(path)
    with pytest.raises(ForeignLayoutError) as caught, Database(path).open(for_writing=for_writing):
        pytest.fail("it was opened")
    assert caught.value.code == "foreign-layout"
    assert caught.value.details["table"] == "session_metadata"
    assert "user_rating" in caught.value.details["lacking"]
    assert "user_rating" in caught.value.message
    assert digest(path) == before


def test_one_missing_column_is_named(path: Path) -> None:
    with plain(path) as connection:
        connection.executescript(FOREIGN[2])
    with pytest.raises(ForeignLayoutError, match="lacks user_rating") as caught, Database(path).open():
        pytest.fail("it was opened")
    assert caught.value.details["lacking"] == ["user_rating"]


USES: list[Callable[[SessionLibrary], object]] = [
    lambda library: library.compute(),
    lambda library: library.update_metadata(SESSION, LIKE),
]


@pytest.mark.parametrize("use", USES)
def test_a_foreign_table_of_our_name_is_left_and_hinders_writers_only(
    library: SessionLibrary, use: Callable[[SessionLibrary], object]
) -> None:
    path = Path(library.db_path)
    with plain(path) as connection:
        connection.execute("CREATE TABLE sdgen_admin_sessions (session_id TEXT)")
    before = digest(path)
    with pytest.raises(DatabaseError, match="cannot be used") as caught:
        use(library)
    assert caught.value.code == "database-error"
    assert library.find().total_count == 1
    assert digest(path) == before


def test_a_version_that_is_not_a_number_is_none(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("CREATE TABLE sdgen_admin_version (version, changed)")
        connection.execute("INSERT INTO sdgen_admin_version VALUES ('two', 0)")
    with pytest.raises(DatabaseError), Database(path).open(for_writing=True) as connection:
        connection.execute("SELECT * FROM nowhere")
    with plain(path) as connection:
        assert connection.execute("SELECT version FROM sdgen_admin_version").fetchone() == ("two",)


def test_the_version_is_noted(path: Path) -> None:
    with plain(opened(path)) as connection:
        assert connection.execute("SELECT version FROM sdgen_admin_version").fetchall() == [(OWN_VERSION,)]


def test_foreign_keys_are_not_enforced_on_write(path: Path) -> None:
    with Database(path).open(for_writing=True) as connection:
        connection.execute("CREATE TABLE theirs (id REFERENCES session_metadata (session_id))")
        connection.execute("INSERT INTO theirs VALUES ('nobody')")
        assert connection.execute("SELECT count(*) FROM theirs").fetchone() == (1,)
        assert isinstance(connection, sqlite3.Connection)
