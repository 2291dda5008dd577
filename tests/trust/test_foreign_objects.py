"""What others keep in the file and we cannot evaluate: it stops nothing that does not need it, and stays as it is."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sdgen_admin.errors import ForeignLayoutError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.cli.harness import run
from tests.neighbour import METADATA, WEB_UI, damage, digest, plain, row

OTHER = "20251107_130000-other"
TAG = SessionMetadataUpdate(add_tags=("new",))
ROW = f"""
INSERT INTO session_metadata (session_id, session_path, tags, created_at, updated_at)
VALUES ('{SESSION}', '/x/{SESSION}', '["said"]', '2025-01-01T00:00:00', '2025-01-01 00:00:00');
"""
"""What somebody said before this tool came."""
THEIRS = "CREATE TABLE theirs_only (a TEXT); INSERT INTO theirs_only VALUES ('1'), ('2');"


def metadata(**columns: str) -> str:
    """Return the shared table with some columns defined in another way, or added, and a row in it."""
    script = METADATA.strip().removesuffix(");")
    for name, definition in columns.items():
        script, count = re.subn(rf"\b{name} TEXT[^,]*|\b{name} INTEGER[^,]*", f"{name} {definition}", script)
        script += "" if count else f", {name} {definition}"
    return f"{script}); {ROW}"


def with_tail(tail: str, **columns: str) -> str:
    """Return the shared table with something behind its columns."""
    return metadata(**columns).replace(f"); {ROW}", f") {tail}; {ROW}")


def without_key(then: str = "") -> str:
    """Return the shared table as a program rewrites it that knows no keys."""
    return f"""{METADATA} CREATE TABLE x AS SELECT * FROM session_metadata; DROP TABLE session_metadata;
        ALTER TABLE x RENAME TO session_metadata; {ROW} {then}"""


HARMLESS = {
    "an index by a function": f"{THEIRS} CREATE INDEX i ON theirs_only (theirs(a));",
    "a partial index by a function": f"{THEIRS} CREATE INDEX i ON theirs_only (a) WHERE theirs(a) = '1';",
    "an index by a collation": f"{THEIRS} CREATE INDEX i ON theirs_only (a COLLATE german);",
    "a column with a collation": "CREATE TABLE t (a TEXT COLLATE german UNIQUE); INSERT INTO t VALUES ('1'), ('2');",
    "a key with a collation": "CREATE TABLE t (a TEXT COLLATE german PRIMARY KEY) WITHOUT ROWID;"
    "INSERT INTO t VALUES ('1'), ('2');",
    "a computed column": "CREATE TABLE t (a, b AS (theirs(a))); INSERT INTO t (a) VALUES (1);",
    "a stored computed column": "CREATE TABLE t (a, b AS (theirs(a)) STORED); INSERT INTO t (a) VALUES (1);",
    "a check": "CREATE TABLE t (a CHECK (theirs(a) <> 3)); INSERT INTO t VALUES (1);",
    "a default": "CREATE TABLE t (a, b DEFAULT (theirs(1))); INSERT INTO t VALUES (1, 1);",
    "a view of what is not there": "CREATE VIEW v AS SELECT theirs(x) FROM nowhere JOIN session_metadata;",
    "a trigger elsewhere": f"{THEIRS} CREATE TRIGGER t AFTER INSERT ON theirs_only BEGIN SELECT theirs(1); END;",
    "a virtual table of an unknown module": "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES"
    " ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING theirs (a)');",
    "foreign keys to the shared tables": "CREATE TABLE t (a REFERENCES session_metadata ON DELETE CASCADE, b REFERENCES"
    f" session_stats DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES ('{SESSION}', 'nobody');",
    "odd names": """CREATE TABLE main (a); CREATE TABLE temp (a); CREATE TABLE "a ""b' c" (a); CREATE TABLE "1" (a);""",
    "marks of the file": "PRAGMA user_version = 7; PRAGMA application_id = 7;",
    "a strict table": "CREATE TABLE t (a TEXT) STRICT; INSERT INTO t VALUES ('1');",
}
"""Beside the shared table as it should be."""
USABLE = {name: f"{metadata()} {script}" for name, script in HARMLESS.items()} | {
    "a table without row ids": with_tail("WITHOUT ROWID"),
    "a strict shared table": with_tail("STRICT"),
    "another column": metadata(colour="TEXT NOT NULL DEFAULT 'red'"),
    "a further computed column": metadata(count_of_tags="AS (json_array_length(tags))"),
    "other types": metadata(is_test="BOOLEAN", is_favorite="TEXT", tags="BLOB", updated_at="TIMESTAMP", user_note=""),
    "other cases": metadata().replace("session_id TEXT", '"Session_ID" TEXT').replace("tags TEXT", "[TAGS] TEXT"),
    "a name in another case": metadata().replace("TABLE IF NOT EXISTS session_metadata", "TABLE Session_Metadata"),
    "another key beside ours": metadata(session_id="TEXT UNIQUE", number="INTEGER PRIMARY KEY"),
    "no key": without_key(),
    "a row without an id": without_key("INSERT INTO session_metadata (tags) VALUES ('x'), ('y');"),
    "a collation that everybody has": metadata(tags="TEXT COLLATE NOCASE", user_rating="TEXT COLLATE RTRIM"),
    "a check that holds": metadata(user_rating="TEXT CHECK (user_rating IN ('like', 'dislike'))"),
    "a trigger that logs": f"""{metadata()} CREATE TABLE log (a);
        CREATE TRIGGER t AFTER UPDATE ON session_metadata BEGIN INSERT INTO log VALUES (new.tags); END;""",
    "statistics in a view": f"{metadata()} CREATE VIEW session_stats AS SELECT * FROM nowhere;",
    "an index by a function on statistics": f"{WEB_UI} {ROW} CREATE INDEX i ON session_stats (theirs(sd_model));",
    "a trigger on statistics": f"""{WEB_UI} {ROW}
        CREATE TRIGGER t AFTER INSERT ON session_stats BEGIN SELECT theirs(1); END;""",
    "statistics with a collation": (WEB_UI + ROW).replace("session_name TEXT", "session_name TEXT COLLATE german"),
    "statistics that are searched": f"{metadata()} CREATE VIRTUAL TABLE session_stats USING fts5 (session_name);",
    "computed statistics": (WEB_UI + ROW).replace("seed_max INTEGER", "seed_max INTEGER AS (seed_min)"),
    "statistics without row ids": WEB_UI.replace("DEFAULT 0.95\n)", "DEFAULT 0.95\n) WITHOUT ROWID") + ROW,
}
FIXED = {
    "a view": (
        metadata() + "ALTER TABLE session_metadata RENAME TO md; CREATE VIEW session_metadata AS SELECT * FROM md;",
        "is a view",
    ),
    "a virtual table": (
        metadata()
        .replace("TABLE IF NOT EXISTS session_metadata", "TABLE md")
        .replace("INTO session_metadata", "INTO md")
        + "CREATE VIRTUAL TABLE session_metadata USING fts5 (session_id, session_path, is_test, is_complete,"
        " is_favorite, user_rating, user_note, tags, auto_metadata, created_at, updated_at);"
        "INSERT INTO session_metadata SELECT * FROM md;",
        "is a virtual table",
    ),
    "several rows": (
        without_key(ROW.replace("said", "again").replace("01 00:", "02 00:")),
        f"several rows for {SESSION}",
    ),
    "a key of two columns": (
        with_tail("", session_id="TEXT").replace(
            f") ; {ROW}", f", PRIMARY KEY (session_id, updated_at)); {ROW}" + ROW.replace("01 00:", "02 00:")
        ),
        "several rows",
    ),
    "a key that folds case": (metadata(session_id="TEXT PRIMARY KEY COLLATE NOCASE"), "a rule of its own, NOCASE"),
    "a column that demands a value": (
        metadata(theirs="TEXT NOT NULL")
        .replace("tags, created_at", "tags, theirs, created_at")
        .replace("""'["said"]', """, """'["said"]', 'x', """),
        "demands a column that this version does not know, theirs",
    ),
    "a computed flag": (metadata(is_favorite="INTEGER AS (user_rating = 'like')"), "generated column"),
    "a trigger with a function": (
        metadata()
        + """CREATE TRIGGER t AFTER UPDATE ON session_metadata
        BEGIN SELECT theirs(1); END;""",
        "no such function: theirs",
    ),
    "a trigger on new rows": (
        metadata()
        + """CREATE TRIGGER t BEFORE INSERT ON session_metadata
        BEGIN SELECT theirs(1); END;""",
        "no such function: theirs",
    ),
    "a trigger that writes nowhere": (
        metadata()
        + """CREATE TRIGGER t AFTER DELETE ON session_metadata
        BEGIN INSERT INTO nowhere VALUES (1); END;""",
        "no such table: main.nowhere",
    ),
    "an index by a function on metadata": (
        metadata() + "CREATE INDEX i ON session_metadata (theirs(tags));",
        "unknown function: theirs()",
    ),
    "a partial index on metadata": (
        metadata() + "CREATE INDEX i ON session_metadata (tags) WHERE theirs(tags) > '';",
        "unknown function: theirs()",
    ),
    "a column of metadata with a collation": (
        metadata(tags="TEXT COLLATE german"),
        "no such collation sequence: german",
    ),
    "a key with a collation of theirs": (
        metadata(session_id="TEXT PRIMARY KEY COLLATE german"),
        "no such collation sequence",
    ),
    "a check on metadata": (metadata(user_note="TEXT CHECK (theirs(user_note) <> 'x')"), "unknown function: theirs()"),
    "a default of metadata": (metadata(colour="TEXT DEFAULT (theirs('x'))"), "unknown function: theirs()"),
    "a computed column of metadata": (metadata(colour="TEXT AS (theirs(tags)) STORED"), "unknown function: theirs()"),
}
"""Forms of the shared table that can be read but not changed, and why."""
READING = (
    ["list"],
    ["list", "--liked"],
    ["list", "--rating", "none", "--search", "said"],
    ["list", "--where", "tags=said"],
    ["show", SESSION],
    ["tag", "--list"],
    ["history"],
    ["compute-stats", "--all"],
    ["warm-cache", "--prune"],
    ["config"],
    ["backup"],
)


@contextmanager
def theirs(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection of the program that has the function and the collation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.create_function("theirs", 1, str, deterministic=True)
        connection.create_collation("german", lambda one, other: (one > other) - (one < other))
        yield connection


def make(path: Path, script: str) -> None:
    """Make a database with a script of theirs; skip if this SQLite does not know what is in it."""
    try:
        with theirs(path) as connection:
            connection.executescript(script)
    except sqlite3.OperationalError as error:
        if "STRICT" in script and sqlite3.sqlite_version_info < (3, 37):
            pytest.skip(str(error))
        raise


@pytest.fixture
def place(images_dir: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two sessions, and where their database will be."""
    make_session(images_dir)
    make_session(images_dir, OTHER)
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    monkeypatch.setenv("SDGEN_DB", str(path))
    return path


def objects(path: Path) -> list[tuple[str, str, str | None]]:
    """Return what the file's schema has of other programs."""
    with plain(path) as connection:
        return connection.execute(
            """SELECT type, name, sql FROM sqlite_master
               WHERE tbl_name NOT GLOB 'sdgen_admin_*' AND name NOT GLOB 'sqlite_autoindex_*'
               AND tbl_name <> 'session_stats' ORDER BY 1, 2"""
        ).fetchall()


def marks(path: Path) -> list[int]:
    with plain(path) as connection:
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")]


def assert_reads(said: str) -> None:
    """Hold every command that only reads metadata to do its work, and to show what was said once."""
    for line in READING:
        done = run(*line)
        assert done.status == 0, (line, done.err)
    assert run("list", "--tag", said, "--format", "ids").out.split() == [SESSION]
    assert run("tag", "--list", "--format", "csv").out.split() == ["tag,count", f"{said},1"]
    assert len(run("list", "--format", "ids").out.split()) == 2


@pytest.mark.parametrize("name", USABLE)
def test_what_does_not_need_it_works(place: Path, name: str) -> None:
    make(place, USABLE[name])
    before, said = objects(place), row(place, "session_metadata", SESSION)
    marked = marks(place)
    for line in (["tag", SESSION, OTHER, "--add", "new"], ["undo"], ["config", "--check"]):
        done = run(*line)
        assert done.status == 0, (line, done.err)
    assert row(place, "session_metadata", SESSION) == said
    assert row(place, "session_metadata", OTHER) is None
    assert_reads("said")
    assert objects(place) == before
    assert marks(place) == marked


@pytest.mark.parametrize("name", FIXED)
def test_what_cannot_be_changed_is_read(place: Path, name: str) -> None:
    """An edit is refused before anything is written, `config --check` says the same, and all else works."""
    script, why = FIXED[name]
    make(place, script)
    before, content = objects(place), digest(place)
    for line in (
        ["tag", SESSION, "--add", "new"],
        ["tag", OTHER, "--add", "new"],
        ["undo"],
        ["tag", SESSION, "--liked", "--dry-run"],
    ):
        done = run(*line)
        assert (done.status, done.out) == (3, ""), line
        assert "Metadata can be read but not changed" in done.err
        assert why in " ".join(done.err.split())
    checked = run("config", "--check")
    assert checked.status == 3
    assert why in " ".join(checked.out.split())
    assert digest(place) == content
    assert os.listdir(place.parent) == [place.name]
    assert_reads("again" if name == "several rows" else "said")
    assert why in " ".join(run("config").out.split())
    assert objects(place) == before


def test_what_a_program_adds_while_we_are_at_work(place: Path) -> None:
    library = SessionLibrary(os.environ["SDGEN_IMAGES_DIR"], place)
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("said",)))
    with theirs(place) as other:
        other.execute("CREATE INDEX i ON session_metadata (theirs(tags))")
    assert library.find(tag=["said"]).total_count == 1
    for edit in (lambda: library.update_metadata(SESSION, TAG), library.undo):
        with pytest.raises(ForeignLayoutError, match=r"unknown function: theirs\(\)") as caught:
            edit()
        assert (caught.value.code, caught.value.details["table"]) == ("foreign-layout", "session_metadata")
    with theirs(place) as other:
        other.execute("DROP INDEX i")
    assert library.update_metadata(SESSION, TAG)[0].after.tags == ("said", "new")
    assert library.find(tag=["new"]).total_count == 1


def test_two_rows_of_an_id_may_appear_at_any_time(place: Path) -> None:
    make(place, without_key())
    library = SessionLibrary(os.environ["SDGEN_IMAGES_DIR"], place)
    library.update_metadata(SESSION, TAG)
    with plain(place) as other:
        other.execute("INSERT INTO session_metadata SELECT * FROM session_metadata")
    assert library.find().total_count == 2
    assert library.tags() == {"new": 1, "said": 1}
    with pytest.raises(ForeignLayoutError, match="several rows"):
        library.undo()
    with plain(place) as other:
        other.execute("DELETE FROM session_metadata WHERE rowid = 1")
    library.undo()
    assert library.tags() == {"said": 1}


@pytest.mark.parametrize("name", ["a view", "several rows", "a key with a collation of theirs"])
def test_the_backup_of_what_cannot_be_changed_is_whole(place: Path, tmp_path: Path, name: str) -> None:
    make(place, FIXED[name][0])
    SessionLibrary(os.environ["SDGEN_IMAGES_DIR"], place).backup(tmp_path / "copy.db")
    assert objects(tmp_path / "copy.db") == objects(place)
    with theirs(place) as one, theirs(tmp_path / "copy.db") as copy:
        found = [connection.execute("SELECT * FROM session_metadata").fetchall() for connection in (one, copy)]
    assert found[0] == found[1] != []


def test_a_broken_view_under_the_shared_name_is_refused(place: Path) -> None:
    make(place, "CREATE VIEW session_metadata AS SELECT * FROM nowhere")
    before = digest(place)
    for line in (["list"], ["tag", SESSION, "--add", "a"], ["config", "--check"]):
        assert run(*line).status == 3
    assert "no such table" in run("list").err
    assert digest(place) == before


@pytest.mark.parametrize("name", ["an index by a function", "a key with a collation", "a check"])
def test_damage_is_found_beside_them(place: Path, tmp_path: Path, name: str) -> None:
    make(place, USABLE[name])
    with plain(place) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'session_metadata'").fetchone()
    damage(place, page)
    for line in (["backup", str(tmp_path / "copy.db")], ["config", "--check"]):
        done = run(*line)
        assert done.status == 3
        assert "is damaged" in " ".join((done.out + done.err).split())
    assert not (tmp_path / "copy.db").exists()
