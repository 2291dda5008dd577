"""Triggers and rules of other programs on what people said: recorded is what the row says then, and undo works."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.errors import DatabaseError, EditRefusedError, UndoRefusedError
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.cli.harness import fails
from tests.neighbour import METADATA, make_database, plain, row, rows, write_metadata
from tests.trust.edits import stored, update

TOUCH = """CREATE TRIGGER touch AFTER UPDATE ON session_metadata BEGIN
    UPDATE session_metadata SET updated_at = '2030-01-01 00:00:00' WHERE session_id = new.session_id; END"""
TOUCH_NEW = """CREATE TRIGGER touch_new AFTER INSERT ON session_metadata BEGIN
    UPDATE session_metadata SET updated_at = '2030-01-01 00:00:00' WHERE session_id = new.session_id; END"""
NORMALIZE = """CREATE TRIGGER normalize AFTER UPDATE OF tags ON session_metadata BEGIN
    UPDATE session_metadata SET tags = replace(lower(new.tags), ' ', '') WHERE session_id = new.session_id; END"""
LOG = """CREATE TABLE log (a, b); CREATE TRIGGER log_it AFTER UPDATE ON session_metadata BEGIN
    INSERT INTO log VALUES (old.tags, new.tags); END"""


def ignoring(event: str, when: str = "1") -> str:
    return f"CREATE TRIGGER no BEFORE {event} ON session_metadata WHEN {when} BEGIN SELECT raise(IGNORE); END"


def resetting(column: str) -> str:
    return f"""CREATE TRIGGER reset AFTER UPDATE OF {column} ON session_metadata BEGIN
        UPDATE session_metadata SET {column} = old.{column} WHERE session_id = new.session_id; END"""


@pytest.fixture
def library(images_dir: Path, path: Path, names: list[str]) -> SessionLibrary:
    """A library of three sessions; of the first, somebody said something."""
    make_database(path, script=METADATA)
    write_metadata(path, names[0], tags='[ "q" ]', user_note="theirs")
    library = SessionLibrary(images_dir, path)
    library.compute()
    return library


def add(path: Path, script: str) -> None:
    with plain(path) as other:
        other.executescript(script)


def drop(path: Path) -> None:
    """Drop all triggers."""
    with plain(path) as other:
        for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            other.execute(f"DROP TRIGGER {name}")


def history(path: Path) -> list[Any]:
    with plain(path) as connection:
        return connection.execute("SELECT * FROM sdgen_admin_history").fetchall()


REFUSED = {
    "an ignored update": (ignoring("UPDATE"), "trigger ignores it"),
    "an ignored insert": (ignoring("INSERT"), "trigger ignores it"),
    "a tag that is taken back": (resetting("tags"), "trigger ignores it"),
    "a message": (
        "CREATE TRIGGER no BEFORE UPDATE ON session_metadata BEGIN SELECT raise(ABORT, 'ask Ann'); END",
        "ask Ann",
    ),
    "a message and a rollback": (
        "CREATE TRIGGER no AFTER UPDATE ON session_metadata BEGIN SELECT raise(ROLLBACK, 'ask Ann'); END",
        "ask Ann",
    ),
    "a failure": (
        "CREATE TRIGGER no AFTER UPDATE ON session_metadata BEGIN SELECT raise(FAIL, 'ask Ann'); END",
        "ask Ann",
    ),
    "a rule": ("CREATE UNIQUE INDEX one_list ON session_metadata (tags)", "UNIQUE constraint failed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_edit_that_does_not_happen_is_refused_as_a_whole(
    library: SessionLibrary, path: Path, names: list[str], name: str
) -> None:
    script, why = REFUSED[name]
    add(path, script)
    before = stored(path)
    with pytest.raises(EditRefusedError, match=why) as caught:
        library.update_metadata(names, update(tags=("new",)))
    assert isinstance(caught.value, DatabaseError)
    assert caught.value.code == "edit-refused"
    assert caught.value.details["session"] in names
    assert (stored(path), history(path)) == (before, [])
    with pytest.raises(UndoRefusedError, match="nothing to undo"):
        library.undo()


def test_the_command_line_passes_their_words_on(library: SessionLibrary, path: Path, names: list[str]) -> None:
    add(path, REFUSED["a message"][0])
    place: list[str | Path] = ["--images-dir", library.roots[0].path, "--db", path]
    said = fails(1, "tag", names[0], "--add", "new", *place)
    assert f"{names[0]} cannot be changed: ask Ann." in said
    add(path, "DROP TRIGGER no")
    add(path, ignoring("UPDATE"))
    assert "another program's trigger" in fails(1, "tag", names[0], "--add", "new", *place)


def test_what_happens_of_an_edit_is_recorded(library: SessionLibrary, path: Path, names: list[str]) -> None:
    add(path, resetting("user_note"))
    (change,) = library.update_metadata(names[0], update(add_tags=("new",), user_note="ours"))
    assert (change.after.tags, change.after.user_note) == (("q", "new"), "theirs")
    assert [(entry.field, entry.old, entry.new) for entry in library.history()] == [("tags", ("q",), ("q", "new"))]
    before = row(path, "session_metadata", names[0])
    assert before is not None
    library.undo()
    assert (row(path, "session_metadata", names[0]) or {})["tags"] == '[ "q" ]'


BESIDE = {"touched": TOUCH, "new ones touched": TOUCH_NEW, "normalized": NORMALIZE, "logged": LOG,
          "all": f"{TOUCH}; {TOUCH_NEW}; {NORMALIZE}; {LOG}"}  # fmt: skip


@pytest.mark.parametrize("script", BESIDE.values(), ids=BESIDE)
def test_undo_beside_triggers_that_touch_the_row(
    library: SessionLibrary, path: Path, names: list[str], script: str
) -> None:
    """A row that the group made goes, and one that was there has its words back, to the letter."""
    add(path, f"{script};")
    before = rows(path, "session_metadata")
    library.update_metadata(names[:2], update(add_tags=("N",), is_favorite=True))
    new = "n" if "normalize" in script else "N"
    assert {entry.new for entry in library.history() if entry.field == "tags"} == {("q", new), (new,)}
    recorded = row(path, "session_metadata", names[0])
    assert recorded is not None
    (updated,) = [entry[-1] for entry in history(path) if entry[3:5] == (names[0], "updated_at")] or [
        recorded["updated_at"]
    ]
    assert updated == recorded["updated_at"]
    library.undo()
    words = [name for name in before[0] if name != "updated_at"]
    after = [{name: value[name] for name in words} for value in rows(path, "session_metadata")]
    if "normalize" in script:  # which is theirs to do
        before[0]["tags"] = '["q"]'
    assert after == [{name: value[name] for name in words} for value in before]
    assert library.undo(2).undone == 2
    assert library.tags() == {"q": 1, new: 2}


def test_a_row_that_somebody_has_used_since_stays(library: SessionLibrary, path: Path, names: list[str]) -> None:
    add(path, TOUCH)
    library.update_metadata(names[1], update(add_tags=("new",)))
    with plain(path) as other:
        other.execute("UPDATE session_metadata SET is_test = 1 WHERE session_id = ?", (names[1],))
    library.undo()
    left = row(path, "session_metadata", names[1])
    assert left is not None
    assert (left["tags"], left["is_test"]) == (None, 1)


def test_an_undo_that_does_not_happen_is_refused(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.update_metadata(names[:2], update(add_tags=("new",)))
    SessionMetadataService(path).delete_metadata(names[1])
    before = stored(path), history(path)
    for event, number in (("INSERT", 2), ("UPDATE", 1)):
        add(path, ignoring(event))
        with pytest.raises(EditRefusedError, match="ignores it"):
            library.undo(number, force=True)
        drop(path)
        assert (stored(path), history(path)) == before
    library.undo(2)
    add(path, ignoring("DELETE"))
    with pytest.raises(EditRefusedError, match="ignores it"):
        library.undo(1)
    drop(path)
    library.undo(1)
    assert [value["session_id"] for value in rows(path, "session_metadata")] == names[:1]


@pytest.mark.parametrize(
    ("script", "why"),
    [(ignoring("DELETE"), "ignores it"),
     ("CREATE TRIGGER no BEFORE DELETE ON session_metadata BEGIN SELECT raise(ABORT, 'never'); END", "never")],
)  # fmt: skip
def test_metadata_that_cannot_be_deleted(
    library: SessionLibrary, path: Path, names: list[str], script: str, why: str
) -> None:
    add(path, script)
    before = stored(path)
    with pytest.raises(EditRefusedError, match=why):
        SessionMetadataService(path).delete_metadata(names[0])
    assert (stored(path), history(path)) == (before, [])


def rewrite(path: Path, session_id: str, values: dict[str, Any]) -> None:
    """Write some columns as another program does."""
    with plain(path) as other:
        for name, value in values.items():
            other.execute(f"UPDATE session_metadata SET {name} = ? WHERE session_id = ?", (value, session_id))


def as_flag(value: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda _: {"is_favorite": value}


REWRITES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "tags without blanks": lambda r: {"tags": json.dumps(json.loads(r["tags"]), separators=(",", ":"))},
    "tags with escapes": lambda r: {"tags": json.dumps(json.loads(r["tags"]), ensure_ascii=True)},
    "tags over lines": lambda r: {"tags": json.dumps(json.loads(r["tags"]), indent=2)},
    "a flag as text": as_flag("true"),
    "a flag as a number": as_flag(1.0),
    "a flag as bytes": as_flag(b"1"),
    "the moment with a blank": lambda r: {"updated_at": r["updated_at"].replace("T", " ")},
    "an empty note": lambda _: {"user_note": ""},
    "a test that is not": lambda _: {"is_test": "false"},
    "all together": lambda r: {"tags": json.dumps(json.loads(r["tags"]), indent=1), "is_favorite": "yes"},
}


@pytest.mark.parametrize("name", REWRITES)
def test_another_spelling_is_not_a_change(library: SessionLibrary, path: Path, names: list[str], name: str) -> None:
    with plain(path) as other:
        other.execute("UPDATE session_metadata SET user_note = NULL")
    before = rows(path, "session_metadata")
    library.update_metadata(names[:2], update(add_tags=("été", "b"), is_favorite=True))
    for found in rows(path, "session_metadata"):
        rewrite(path, found["session_id"], REWRITES[name](found))
    library.undo()
    edited = ("session_id", "tags", "is_favorite", "updated_at")
    after = rows(path, "session_metadata")
    assert [[value[column] for column in edited] for value in after] == [
        [value[column] for column in edited] for value in before
    ]


CHANGES: dict[str, dict[str, Any]] = {
    "other tags": {"tags": '["q", "b"]'},
    "another order": {"tags": '["b", "été", "q"]'},
    "no tags": {"tags": "[]"},
    "a flag": {"is_favorite": "false"},
    "other bytes": {"user_note": b"\xff"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_meaning_is_a_change(library: SessionLibrary, path: Path, names: list[str], name: str) -> None:
    library.update_metadata(names[0], update(add_tags=("été", "b"), is_favorite=True, user_note="\ufffd"))
    rewrite(path, names[0], CHANGES[name])
    before = stored(path)
    with pytest.raises(UndoRefusedError, match="was changed since"):
        library.undo()
    assert stored(path) == before


def test_a_limit_counts_what_is_shown(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.update_metadata(names[1], update(add_tags=("a",)))
    library.update_metadata(names[1], update(add_tags=("b",)))
    with plain(path) as other:
        other.execute("DELETE FROM session_metadata WHERE session_id = ?", (names[1],))
    library.undo(1)  # nothing is left to do
    library.undo(2, force=True)
    shown = list(dict.fromkeys(entry.group for entry in library.history()))
    assert len(shown) >= 2
    assert [len({entry.group for entry in library.history(limit=n)}) for n in (1, 2)] == [1, 2]
    assert list(dict.fromkeys(entry.group for entry in library.history(limit=2))) == shown[:2]
