"""`config`: roots and database, where each setting came from, what the database holds, and whether all can be used."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.builders import make_session
from tests.cli.harness import fails, ok, run
from tests.neighbour import damage, digest, make_database, plain, write_metadata
from tests.privileges import allow_writing, as_ordinary_user, forbid_writing

CHECKED = ("is_there", "is_readable", "is_writable", "problem")


def document(*arguments: str | Path, status: int = 0) -> Any:
    outcome = run("config", "--json", *arguments)
    assert (outcome.status, outcome.err) == (status, "")
    return json.loads(outcome.out)


def settings(*arguments: str | Path, status: int = 0) -> dict[str, Any]:
    return {setting["name"]: setting for setting in document(*arguments, status=status)["settings"]}


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
    assert origins("--images-dir", "a", "--db", "b") == [("option", "--images-dir"), ("option", "--db")]


def test_a_line_for_each_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [{"name": "home", "path": str(tmp_path / "a")}, {"name": "the nas", "path": str(tmp_path / "b")}]
    monkeypatch.setenv("IMAGE_FOLDERS", json.dumps(folders))

    assert ok("config").splitlines() == [
        f"images root   home     {tmp_path / 'a'}  (from variable IMAGE_FOLDERS)",
        f"images root   the nas  {tmp_path / 'b'}  (from variable IMAGE_FOLDERS)",
        f"database      {tmp_path / 'metadata' / 'sessions.db'}  (from default, beside the images root)",
        "  holds       nothing: there is no database yet",
    ]
    listed = document()["settings"]
    assert [(setting["name"], setting["root"]) for setting in listed] == [
        ("images_dir", "home"), ("images_dir", "the nas"), ("db_path", None),
    ]  # fmt: skip
    assert document()["database"] is None
    narrowed = document("--root", "the nas")["settings"]
    assert [setting["value"] for setting in narrowed] == [str(tmp_path / "b"), listed[-1]["value"]]
    assert not (tmp_path / "metadata").exists()  # looking made none


def test_what_the_database_holds(shared: Path) -> None:
    assert ok("config").splitlines()[1:] == [
        f"database      {shared.parent / 'metadata' / 'sessions.db'}  (from default, beside the images root)",
        "  holds       8 sessions",
        "  layout      this program's own",
        "  mirror      8 rows of ours, 0 of other programs",
    ]
    assert document()["database"] == {
        "layout": "own", "mirrored": 8, "others": 0, "mirror_problem": None, "metadata_problem": None,
        "sessions": 8, "without_root": 0,
    }  # fmt: skip


def test_metadata_of_other_places_is_counted(demo: Path) -> None:
    write_metadata(
        demo.parent / "metadata" / "sessions.db", "20250101_120000-x", session_path="D:\\sd\\20250101_120000-x"
    )

    assert "  no root     1 session with metadata in no known root" in ok("config").splitlines()
    assert document()["database"]["without_root"] == 1


def test_a_mirror_that_is_off_is_said_and_nothing_else_is(tmp_path: Path, images_dir: Path) -> None:
    path = tmp_path / "metadata" / "sessions.db"
    make_session(images_dir)
    with plain(path) as connection:
        connection.execute("CREATE TABLE session_stats (something TEXT)")
    where = ("--images-dir", str(images_dir))

    assert ok("list", "--format", "ids", *where).split()
    assert "  layout      unknown" in ok("config", *where).splitlines()
    assert "  mirror off  session_stats has a layout" in ok("config", *where)
    assert document(*where)["database"]["mirror_problem"]
    assert document("--check", *where)["settings"][-1]["problem"] is None


def test_unchecked_no_root_is_looked_at() -> None:
    for setting in settings("--images-dir", "/nonexistent").values():
        assert [setting[name] for name in CHECKED] == [None] * 4


def test_all_is_fine(shared: Path) -> None:
    for setting in settings("--check").values():
        assert [setting[name] for name in CHECKED] == [True] * 3 + [None]
    assert ok("config", "--check").splitlines()[:4] == [
        f"images root   images  {shared}  (from variable SDGEN_IMAGES_DIR)",
        "  is          there, readable, writable",
        f"database      {shared.parent / 'metadata' / 'sessions.db'}  (from default, beside the images root)",
        "  is          there, readable, writable",
    ]


def test_a_root_that_is_not_there_is_status_2(tmp_path: Path) -> None:
    found = settings("--check", "--images-dir", tmp_path / "no", "--db", tmp_path / "no.db", status=2)

    assert not found["images_dir"]["is_there"]
    assert "Cannot read the images root" in found["images_dir"]["problem"]
    assert "Is the drive mounted?" in found["images_dir"]["problem"]
    assert "There is no database" in found["db_path"]["problem"]
    assert list(tmp_path.iterdir()) == []  # looking made none


def test_every_root_is_checked(shared: Path, tmp_path: Path) -> None:
    where = ("--images-dir", str(shared), "--images-dir", str(tmp_path / "no"), "--check")
    first, second, database = document(*where, status=2)["settings"]

    assert (first["problem"], first["is_readable"]) == (None, True)
    assert (second["is_there"], second["is_readable"]) == (False, False)
    assert database["problem"] is None
    document(*where, "--root", "images")  # the other one is not asked for


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "There is no database"),
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
    assert "  problem     " in out
    assert "not readable" in out


def test_unchecked_a_database_that_cannot_be_read_is_said_all_the_same(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"a text that is long enough to be taken for a database, if one does not look")
    outcome = run("config", "--db", path)

    advice = "Name another database with --db FILE. If it was one, go back to a backup: sdgen-admin restore FILE"
    assert (outcome.status, outcome.err) == (3, "")
    assert outcome.out.splitlines()[1:] == [
        f"database      {path}  (from option --db)",
        f"  problem     {path} is not a database. {advice}",
    ]


def test_a_foreign_layout_is_status_3_and_left_alone(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with plain(path) as connection:
        connection.execute("CREATE TABLE session_metadata (session_id TEXT)")
    before = digest(path)

    assert "session_metadata" in settings("--check", "--db", path, status=3)["db_path"]["problem"]
    assert digest(path) == before


def test_a_damaged_database_is_status_3(demo: Path) -> None:
    damage(demo.parent / "metadata" / "sessions.db")

    assert "is damaged" in settings("--check", status=3)["db_path"]["problem"]


def test_looking_changes_nothing(tmp_path: Path, images_dir: Path) -> None:
    path = tmp_path / "metadata" / "sessions.db"
    make_database(path)  # as another program made it: without this tool's own tables
    before = digest(path)

    for check in ([], ["--check"]):
        settings(*check, "--images-dir", images_dir)
    assert digest(path) == before
    assert os.listdir(path.parent) == ["sessions.db"]


def test_a_read_only_database_is_status_3_but_readable(demo: Path) -> None:
    path = demo.parent / "metadata" / "sessions.db"
    forbid_writing(path)
    try:
        found = as_ordinary_user(lambda: settings("--check", status=3))["db_path"]
    finally:
        allow_writing(path)

    assert (found["is_there"], found["is_readable"], found["is_writable"]) == (True, True, False)
    assert "can be read but not written" in found["problem"]
    assert "Check the permissions" in found["problem"]


def test_no_root_is_a_usage_error() -> None:
    assert "No images root is configured." in fails(2, "config")


def test_an_unknown_root_is_a_usage_error(shared: Path) -> None:
    assert "The images roots are: images." in fails(2, "config", "--root", "nas")


def test_the_web_ui_s_database_is_recognized(web_ui: Path) -> None:
    lines = ok("config").splitlines()

    assert "  layout      web UI, version 1" in lines
    assert "  mirror      0 rows of ours, 2 of other programs" in lines
    ok("compute-stats", "--all")
    lines = ok("config").splitlines()
    assert "  layout      web UI, version 1" in lines
    assert "  mirror      2 rows of ours, 0 of other programs" in lines
    with sqlite3.connect(web_ui.parent / "metadata" / "sessions.db") as connection:
        assert connection.execute("SELECT count(*) FROM schema_version").fetchone() == (1,)
