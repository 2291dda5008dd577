"""What has changed, shown and undone on the command line."""

import json
from pathlib import Path

import pytest

from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.cli.harness import fails, ok, run
from tests.trust.edits import update


@pytest.fixture
def place(images_dir: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> SessionLibrary:
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    return SessionLibrary(images_dir)


def test_on_the_command_line(place: SessionLibrary, names: list[str]) -> None:
    place.compute()
    assert run("history").err == "Nothing has been changed yet.\n"
    ok("tag", *names, "--add", "a", "--liked")
    ok("tag", names[0], "--note", "[red]\x1b[2J")
    shown = ok("history")
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")] == ["2", "1"]
    assert "note: none → [red]\\x1b[2J" in shown
    assert ok("history", names[1], "--format", "ids") == f"{names[1]}\n"
    assert "session" not in ok("history", names[1]).splitlines()[0]  # of a group of three
    history = json.loads(ok("history", "--json", "--limit", "1"))["history"]
    assert [(entry["field"], entry["old"], entry["new"]) for entry in history] == [("user_note", None, "[red]\x1b[2J")]
    assert len(ok("history", "--format", "csv").splitlines()) == 8
    assert "note: [red]\\x1b[2J → none" in ok("undo", "--dry-run")
    undone = json.loads(ok("undo", "--json"))
    assert (undone["undone"], undone["group"], undone["metadata"][0]["user_note"]) == (2, 3, None)
    assert "undone by 3" in ok("history")
    assert "sdgen-admin undo 3" in fails(1, "undo", "2")
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
    shown = ok("history", names[0])
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")] == ["2", "1"]
    assert "all metadata deleted" in shown
    assert "tags: a → none" in shown
    assert ok("history", "--all") == ok("history")


def test_metadata_made_again_tells_only_what_was_said(place: SessionLibrary, names: list[str]) -> None:
    ok("tag", names[0], "--liked")
    ok("undo")
    ok("undo", "2")
    assert ok("history", "--limit", "1").splitlines()[1:] == [f"  {names[0]}", "    liked: no → yes"]
