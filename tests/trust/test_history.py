"""Every edit is recorded and can be taken back: all of it or nothing, byte for byte, never over somebody else's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdgen_admin.db.history import quoted
from sdgen_admin.errors import DatabaseNotFoundError, UndoRefusedError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import SESSION
from tests.cli.harness import fails, ok, run
from tests.db.test_odd_rows import odd_metadata, temporary_database
from tests.neighbour import plain, row, rows, write_metadata
from tests.trust.collections import make_bare

OTHER = "20251107_000001-bare"


def update(**fields: Any) -> SessionMetadataUpdate:
    return SessionMetadataUpdate.model_validate(fields)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metadata" / "sessions.db"


@pytest.fixture
def names(images_dir: Path) -> list[str]:
    return make_bare(images_dir, 3)


@pytest.fixture
def library(images_dir: Path, names: list[str]) -> SessionLibrary:
    return SessionLibrary(images_dir)


def stored(path: Path) -> list[tuple[Any, ...]]:
    """Return all metadata with type and bytes of every value."""
    with plain(path) as connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(session_metadata)")]
        values = ", ".join(f"typeof({name}), CAST({name} AS BLOB)" for name in map(quoted, columns))
        return connection.execute(f"SELECT {values} FROM session_metadata ORDER BY session_id").fetchall()


def test_nothing_was_changed_yet(library: SessionLibrary) -> None:
    with pytest.raises(DatabaseNotFoundError):
        library.history()
    library.compute()
    assert library.history() == ()
    with pytest.raises(UndoRefusedError, match="nothing to undo"):
        library.undo()


def test_what_is_recorded(library: SessionLibrary, names: list[str]) -> None:
    library.update_metadata(names[:2], update(is_favorite=True, add_tags=("a", "b")))
    library.update_metadata(names[1], update(user_note="a note", remove_tags=("a",)))
    library.update_metadata(names[1], update(user_note="a note"))
    entries = library.history()
    assert [(entry.group, entry.session_id, entry.field, entry.old, entry.new) for entry in entries] == [
        (2, names[1], "tags", ("a", "b"), ("b",)),
        (2, names[1], "user_note", None, "a note"),
        (1, names[0], "is_favorite", False, True),
        (1, names[0], "tags", None, ("a", "b")),
        (1, names[1], "is_favorite", False, True),
        (1, names[1], "tags", None, ("a", "b")),
    ]
    assert {entry.group for entry in library.history(names[0])} == {1}
    assert {entry.group for entry in library.history(limit=1)} == {2}
    assert all(entry.undoes is None and entry.undone_by is None and entry.changed_at for entry in entries)


def test_what_changes_nothing_and_a_dry_run_are_not_recorded(library: SessionLibrary, names: list[str]) -> None:
    library.update_metadata(names, update(is_favorite=False, remove_tags=("a",)))
    library.update_metadata(names, update(is_favorite=True), dry_run=True)
    assert library.history() == ()


def test_step_by_step_and_back_again(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.compute()
    states = [stored(path)]
    for change in (update(is_favorite=True), update(add_tags=("a",)), update(user_note="x", is_favorite=False)):
        library.update_metadata(names[:2], change)
        states.append(stored(path))
    for expected, undone in zip(states[-2::-1], (3, 2, 1), strict=True):
        assert library.undo().undone == undone
        assert stored(path) == expected
    with pytest.raises(UndoRefusedError, match="nothing to undo"):
        library.undo()
    for expected, undo in zip(states[1:], (6, 5, 4), strict=True):
        assert library.undo(undo).undone == undo
        assert stored(path) == expected
    assert library.undo().undone == 3
    assert stored(path) == states[2]
    assert {entry.undone_by for entry in library.history() if entry.group == 3} == {10}


def test_a_group_in_the_middle(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.update_metadata(names[0], update(is_favorite=True))
    library.update_metadata(names[0], update(add_tags=("a",)))
    library.undo(1)
    metadata = library.get(names[0]).metadata
    assert metadata is not None
    assert (metadata.is_favorite, metadata.tags) == (False, ("a",))
    with pytest.raises(UndoRefusedError, match="undone already"):
        library.undo(1)
    assert library.undo().undone == 2
    assert [value["tags"] for value in rows(path, "session_metadata")] == [None]


@pytest.mark.parametrize("number", [0, -1, 2, 2**63, 10**30])
def test_there_is_no_such_group(library: SessionLibrary, names: list[str], number: int) -> None:
    library.update_metadata(names[0], update(is_favorite=True))
    with pytest.raises(UndoRefusedError, match="no group"):
        library.undo(number)


def test_a_thousand_sessions_are_one_group(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    names = [f"20240101_{number // 60:04}{number % 60:02}-x" for number in range(1000)]
    for name in names:
        (images_dir / name).mkdir()
    write_metadata(path, names[0], user_note="mine")
    before = stored(path)
    library.update_metadata(names, update(add_tags=("bulk",), user_rating="like"))
    assert {entry.group for entry in library.history()} == {1}
    assert len(library.undo().changes) == 1000
    assert stored(path) == before


def test_only_the_first_of_many_are_named(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.update_metadata(names, update(user_note="ours", is_test=True))
    with plain(path) as other:
        other.execute("UPDATE session_metadata SET user_note = 'theirs', is_test = 0")
    with pytest.raises(UndoRefusedError, match="and 3 more") as caught:
        library.undo()
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("column", ["tags", "user_note", "is_favorite"])
def test_what_somebody_else_changed_since_is_not_overwritten(
    library: SessionLibrary, path: Path, names: list[str], column: str
) -> None:
    library.update_metadata(names, update(add_tags=("a",), user_note="x", is_favorite=True))
    with plain(path) as other:
        other.execute(f"UPDATE session_metadata SET {column} = 7 WHERE session_id = ?", (OTHER,))
    before = stored(path)
    with pytest.raises(UndoRefusedError, match=f"{OTHER} {column} was changed since") as caught:
        library.undo()
    assert "--force" in caught.value.hint
    assert stored(path) == before
    library.undo(force=True)
    assert [value["session_id"] for value in rows(path, "session_metadata")] == [OTHER]
    metadata = library.get(OTHER).metadata
    assert metadata is not None
    assert (metadata.tags, metadata.user_note, metadata.is_favorite) == ((), None, False)


def test_a_row_that_somebody_else_replaced(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.update_metadata(names[0], update(add_tags=("a",)))
    write_metadata(path, names[0], tags='["a"]', user_note="theirs")
    library.undo()
    after = row(path, "session_metadata", names[0])
    assert after is not None
    assert (after["tags"], after["user_note"]) == (None, "theirs")


def test_a_row_that_somebody_else_deleted(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.update_metadata(names[0], update(add_tags=("a",)))
    library.update_metadata(names[0], update(user_note="x"))
    with plain(path) as other:
        other.execute("DELETE FROM session_metadata")
    with pytest.raises(UndoRefusedError, match="its metadata was deleted since"):
        library.undo()
    library.undo(force=True)
    assert [value["user_note"] for value in rows(path, "session_metadata")] == [None]
    with plain(path) as other:
        other.execute("DELETE FROM session_metadata")
    assert library.undo().undone == 1  # the row that this made is gone already
    with pytest.raises(UndoRefusedError, match="nothing to undo"):
        library.undo()
    assert library.undo(4).undone == 4
    assert rows(path, "session_metadata") == []


def test_deleted_metadata_comes_back(library: SessionLibrary, path: Path, names: list[str]) -> None:
    service = SessionMetadataService(path)
    library.compute()
    with plain(path) as other:
        other.execute('ALTER TABLE session_metadata ADD COLUMN "ui ""colour\'" TEXT DEFAULT \'red\'')
    library.update_metadata(names[0], update(add_tags=("a",), user_note="x"))
    with plain(path) as other:
        other.execute('UPDATE session_metadata SET "ui ""colour\'" = \'blue\', is_complete = NULL')
    before = stored(path)
    assert service.delete_metadata(names[0])
    assert library.history(limit=1)[0].field == "session_id"
    library.undo()
    assert stored(path) == before
    library.undo(3)
    assert stored(path) == []
    service.upsert_metadata(names[0], "/x", update(user_rating="like"))
    with pytest.raises(UndoRefusedError, match="something was said about it since"):
        library.undo(2)
    with pytest.raises(UndoRefusedError, match="something was said about it since"):
        library.undo(4)
    library.undo(4, force=True)
    assert [value["user_note"] for value in rows(path, "session_metadata")] == ["x"]


def test_a_dry_run_of_undo(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.update_metadata(names, update(add_tags=("a",)))
    before = stored(path)
    report = library.undo(dry_run=True)
    assert [change.after.tags for change in report.changes] == [()] * 3
    assert stored(path) == before
    assert library.undo().undone == 1


def test_the_order_of_what_was_changed_last_comes_back(library: SessionLibrary, names: list[str]) -> None:
    for name in names:
        library.update_metadata(name, update(is_favorite=True))
    query = SessionFilter.model_validate({"liked": True, "sort": "updated"})
    before = [record.session_id for record in library.find(query).sessions]
    library.update_metadata(names[0], update(add_tags=("a",)))
    library.undo()
    assert [record.session_id for record in library.find(query).sessions] == before


Edit = Callable[[SessionLibrary], object]
EDITS: list[Edit] = [
    lambda library: library.update_metadata(SESSION, update(is_favorite=True, is_test=True, is_complete=False)),
    lambda library: library.update_metadata(SESSION, update(add_tags=("a",), user_rating="like", user_note="\0'\"")),
    lambda library: library.update_metadata(SESSION, update(tags=(), user_rating=None, user_note=None)),
    lambda library: SessionMetadataService(library.database.path).delete_metadata(SESSION),
]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metadata=odd_metadata, edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=4), not_utf_8=st.booleans())
def test_whatever_other_programs_stored_comes_back_byte_for_byte(
    metadata: dict[str, Any], edits: list[Edit], not_utf_8: bool
) -> None:
    with temporary_database() as path:
        (path.parent / SESSION).mkdir()
        write_metadata(path, SESSION, **metadata)
        if not_utf_8:
            with plain(path) as other:
                other.execute("UPDATE session_metadata SET user_note = CAST(x'00ff61' AS TEXT), tags = x'ff'")
        library = SessionLibrary(path.parent, path)
        before = stored(path)
        for edit in edits:
            edit(library)
        assert all(json.loads(entry.model_dump_json()) for entry in library.history())
        for _ in range(len({entry.group for entry in library.history()})):
            library.undo()
        with pytest.raises(UndoRefusedError, match="nothing to undo"):
            library.undo()
        assert stored(path) == before


@pytest.fixture
def place(images_dir: Path, library: SessionLibrary, monkeypatch: pytest.MonkeyPatch) -> SessionLibrary:
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    return library


def test_on_the_command_line(place: SessionLibrary, names: list[str]) -> None:
    place.compute()
    assert run("history").err == "Nothing was changed yet.\n"
    ok("tag", *names, "--add", "a", "--liked")
    ok("tag", names[0], "--note", "[red]\x1b[2J")
    shown = ok("history")
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")] == ["2", "1"]
    assert "note: none → [red]\\x1b[2J" in shown
    assert ok("history", names[1], "--format", "ids") == f"{names[1]}\n" * 2
    history = json.loads(ok("history", "--json", "--limit", "1"))["history"]
    assert [(entry["field"], entry["old"], entry["new"]) for entry in history] == [("user_note", None, "[red]\x1b[2J")]
    assert len(ok("history", "--format", "csv").splitlines()) == 8
    assert "note: [red]\\x1b[2J → none" in ok("undo", "--dry-run")
    undone = json.loads(ok("undo", "--json"))
    assert (undone["undone"], undone["group"], undone["metadata"][0]["user_note"]) == (2, 3, None)
    assert "undone by 3" in ok("history")
    assert "To do it again: sdgen-admin undo 3" in fails(1, "undo", "2")
    assert "undo of 2" in ok("history")
    assert fails(1, "undo", "9").startswith("Error: There is no group 9")


def test_long_groups_are_cut_for_the_eyes_only(place: SessionLibrary, images_dir: Path) -> None:
    names = [f"20240101_00000{number}-x" for number in range(9)]
    for name in names:
        (images_dir / name).mkdir()
    place.update_metadata(names, update(is_test=True))
    assert "… and 4 more sessions" in ok("history")
    assert len(json.loads(ok("history", "--json"))["history"]) == 9


def test_deleted_metadata_is_shown_and_found(place: SessionLibrary, path: Path, names: list[str]) -> None:
    place.update_metadata(names[0], update(add_tags=("a",)))
    SessionMetadataService(path).delete_metadata(names[0])
    assert "all metadata deleted" in ok("history", names[0])
    assert "Nothing was changed yet" not in ok("history", "--all")
