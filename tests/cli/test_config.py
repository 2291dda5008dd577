"""`config`: every setting, its value and where it came from; and whether it can be used."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.harness import fails, ok, run
from tests.neighbour import damage, digest, make_database, plain
from tests.privileges import allow_writing, as_ordinary_user, forbid_writing


def settings(*arguments: str | Path, status: int = 0) -> dict[str, Any]:
    outcome = run("config", "--json", *arguments)
    assert (outcome.status, outcome.err) == (status, "")
    return {setting["name"]: setting for setting in json.loads(outcome.out)["settings"]}


def origins(*arguments: str | Path) -> list[tuple[str, str]]:
    return [(setting["origin"], setting["source"]) for setting in settings(*arguments).values()]


def test_where_each_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = ("default", "beside the images root")
    (tmp_path / "sdgen_config.json").write_text('{"output_dir": "from-file"}')
    assert origins() == [("file", "sdgen_config.json"), default]
    assert settings()["images_dir"]["value"] == str(tmp_path / "from-file")
    monkeypatch.setenv("IMAGE_FOLDERS", '[{"name": "x", "path": "/srv/x"}]')
    assert origins() == [("variable", "IMAGE_FOLDERS"), default]
    monkeypatch.setenv("SDGEN_IMAGES_DIR", "here")
    monkeypatch.setenv("SDGEN_DB", "there.db")
    assert origins() == [("variable", "SDGEN_IMAGES_DIR"), ("variable", "SDGEN_DB")]
    assert origins("--images-dir", "a", "--db", "b") == [("flag", "--images-dir"), ("flag", "--db")]


def test_unchecked_nothing_is_looked_at() -> None:
    for setting in settings("--images-dir", "/nonexistent").values():
        assert [setting[name] for name in ("is_there", "is_readable", "is_writable", "problem")] == [None] * 4


def test_all_is_fine(shared: Path) -> None:
    for setting in settings("--check").values():
        assert [setting[name] for name in ("is_there", "is_readable", "is_writable", "problem")] == [True] * 3 + [None]
    assert ok("config", "--check").splitlines() == [
        f"images root {shared}",
        "  from      variable SDGEN_IMAGES_DIR",
        "  is        there, readable, writable",
        f"database    {shared.parent / 'metadata' / 'sessions.db'}",
        "  from      default, beside the images root",
        "  is        there, readable, writable",
    ]


def test_a_root_that_is_not_there_is_status_2(tmp_path: Path) -> None:
    found = settings("--check", "--images-dir", tmp_path / "no", "--db", tmp_path / "no.db", status=2)

    assert not found["images_dir"]["is_there"]
    assert "cannot be read: " in found["images_dir"]["problem"]
    assert "There is no database at" in found["db_path"]["problem"]
    assert list(tmp_path.iterdir()) == []  # and looking made none


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "There is no database at"),
        (b"a text that is long enough to be taken for a database, if one does not look", "is not a database."),
    ],
)
def test_a_database_that_cannot_be_used_is_status_3(shared: Path, tmp_path: Path, content: Any, problem: str) -> None:
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    found = settings("--check", "--db", path, status=3)

    assert problem in found["db_path"]["problem"]
    assert found["db_path"]["is_there"] == (content is not None)
    assert found["images_dir"]["problem"] is None
    out = run("config", "--check", "--db", path).out
    assert "  problem   " in out
    assert "not readable" in out


def test_a_foreign_layout_is_status_3_and_left_alone(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with plain(path) as connection:
        connection.execute("CREATE TABLE session_stats (session_id TEXT)")
    before = digest(path)

    assert "it lacks" in settings("--check", "--db", path, status=3)["db_path"]["problem"]
    assert digest(path) == before


def test_a_damaged_database_is_status_3(demo: Path) -> None:
    damage(demo.parent / "metadata" / "sessions.db")

    assert "is damaged" in settings("--check", status=3)["db_path"]["problem"]


def test_looking_changes_nothing(tmp_path: Path, images_dir: Path) -> None:
    path = tmp_path / "metadata" / "sessions.db"
    make_database(path)  # as another program made it: without this tool's own tables
    before = digest(path)

    settings("--check", "--images-dir", images_dir)
    assert digest(path) == before


def test_a_read_only_database_is_status_3_but_readable(demo: Path) -> None:
    path = demo.parent / "metadata" / "sessions.db"
    forbid_writing(path)
    try:
        found = as_ordinary_user(lambda: settings("--check", status=3))["db_path"]
    finally:
        allow_writing(path)

    assert (found["is_there"], found["is_readable"], found["is_writable"]) == (True, True, False)
    assert "cannot be written; reading works." in found["problem"]


def test_nothing_named_is_a_usage_error() -> None:
    assert "No images root is named." in fails(2, "config")
