"""Every edit is recorded and can be undone: all of it or nothing, and never over somebody else's."""

from pathlib import Path

import pytest

from sdgen_admin.errors import DatabaseNotFoundError, UndoRefusedError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import make_session
from tests.neighbour import plain, row, rows, write_metadata
from tests.trust.collections import make_bare
from tests.trust.edits import stored, update
from tests.trust.mirror import assert_mirrored

OTHER = "20251107_000001-bare"


@pytest.fixture
def library(images_dir: Path, names: list[str]) -> SessionLibrary:
    return SessionLibrary(images_dir)


def test_nothing_was_changed_yet(library: SessionLibrary) -> None:
    with pytest.raises(DatabaseNotFoundError):
        library.history()
    library.compute()
    assert library.history() == ()
    with pytest.raises(UndoRefusedError, match="nothing to undo") as caught:
        library.undo()
    assert caught.value.code == "nothing-to-undo"


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
    with pytest.raises(UndoRefusedError, match="already undone") as caught:
        library.undo(1)
    assert (caught.value.code, caught.value.details) == ("already-undone", {"group": 1, "by": 3})
    assert library.undo().undone == 2
    assert [value["tags"] for value in rows(path, "session_metadata")] == [None]


@pytest.mark.parametrize("number", [0, -1, 2, 2**63, 10**30])
def test_there_is_no_such_group(library: SessionLibrary, names: list[str], number: int) -> None:
    library.update_metadata(names[0], update(is_favorite=True))
    with pytest.raises(UndoRefusedError, match="no group") as caught:
        library.undo(number)
    assert (caught.value.code, caught.value.details) == ("no-such-group", {"group": number})


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


@pytest.mark.parametrize(("column", "value"), [("tags", 7), ("user_note", 7), ("is_favorite", "no")])
def test_what_somebody_else_changed_since_is_not_overwritten(
    library: SessionLibrary, path: Path, names: list[str], column: str, value: object
) -> None:
    library.update_metadata(names, update(add_tags=("a",), user_note="x", is_favorite=True))
    with plain(path) as other:
        other.execute(f"UPDATE session_metadata SET {column} = ? WHERE session_id = ?", (value, OTHER))
    before = stored(path)
    with pytest.raises(UndoRefusedError, match=f"{OTHER} {column} was changed since") as caught:
        library.undo()
    assert (caught.value.code, caught.value.details) == ("changed-since", {"group": 1})
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


def test_what_is_gone_can_still_be_undone(library: SessionLibrary, images_dir: Path, names: list[str]) -> None:
    """Neither a folder that is gone nor pruning takes the history away."""
    library.compute()
    library.update_metadata(names, update(add_tags=("a",)))
    (images_dir / names[0]).rmdir()
    assert library.prune(force=True) == 1
    assert {entry.session_id for entry in library.history()} == set(names)
    assert library.tags() == {"a": 3}
    library.undo()
    assert library.tags() == {}
    library.undo(2)
    assert library.tags() == {"a": 3}
    assert library.get(names[0]).missing


def test_each_collection_has_its_own_history(tmp_path: Path, path: Path) -> None:
    """Two that share a database neither see nor undo each other's edits, even if they have a session id in common."""
    (name,) = make_bare(tmp_path / "a", 1)
    assert make_bare(tmp_path / "b", 1) == [name]
    other = make_session(tmp_path / "b").name
    first, second = (SessionLibrary(tmp_path / root, path) for root in "ab")
    first.update_metadata(name, update(add_tags=("a",)))
    second.update_metadata(other, update(add_tags=("b",)))
    second.compute()
    assert {entry.session_id for entry in first.history()} == {name}
    assert {entry.session_id for entry in second.history()} == {other}
    with pytest.raises(UndoRefusedError, match="not in this collection") as caught:
        first.undo(2)
    assert (caught.value.code, caught.value.details) == ("group-elsewhere", {"group": 2, "sessions": [other]})
    assert first.undo().undone == 1
    with pytest.raises(UndoRefusedError, match="nothing to undo"):
        first.undo()
    assert second.undo().undone == 2
    assert rows(path, "session_metadata") == []


def test_an_edit_and_its_undo_put_the_mirror_in_order(library: SessionLibrary, path: Path, names: list[str]) -> None:
    library.compute()
    for edit in (lambda: library.update_metadata(names[:1], update(add_tags=("a",))), library.undo):
        with plain(path) as other:
            other.execute("DELETE FROM session_stats WHERE session_name = ?", (OTHER,))
            other.execute("UPDATE session_stats SET images_actual = 7, stats_computed_at = '2025-01-01T00:00:00'")
        edit()
        assert_mirrored(library)
