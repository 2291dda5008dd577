"""`demo`: how a newcomer sees the tool work."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.harness import SESSIONS, fails, ok, run, shell
from tests.neighbour import make_database, rows


def test_it_makes_computes_lists_and_says_what_is_next(tmp_path: Path) -> None:
    outcome = run("demo")

    assert outcome.status == 0
    assert [line.split("  ")[0] for line in outcome.out.splitlines()[1:]] == list(SESSIONS)
    assert f"The demo collection is in {tmp_path / 'sdgen-demo' / 'images'}" in outcome.err
    assert "  export SDGEN_IMAGES_DIR=sdgen-demo/images\n  sdgen-admin show latest\n" in outcome.err


@pytest.mark.skipif(os.name == "nt", reason="there is no sh here")
def test_what_it_says_is_next_works(tmp_path: Path) -> None:
    where = tmp_path / "with a space & more"
    commands = run("demo", where).err.partition("Next:\n")[2]
    done = shell(commands)

    assert (done.returncode, commands.count("sdgen-admin")) == (0, 4)
    assert b"Error" not in done.stderr
    assert b"portfolio" in done.stdout


def test_a_second_time_keeps_what_was_typed() -> None:
    ok("demo")
    where = ("--images-dir", "sdgen-demo/images")
    ok("tag", "facial", "--note", "mine", "--no-liked", *where)
    again = run("demo", "-q")

    assert (again.status, again.err) == (0, "")
    metadata = json.loads(ok("show", "facial", "--json", *where))["metadata"]
    assert (metadata["user_note"], metadata["is_favorite"]) == ("mine", False)
    assert metadata["tags"] == ["portfolio", "faces"]


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()

    said = fails(2, "demo", tmp_path / "mine")
    assert "is not a demo" in said
    assert "sdgen-admin demo DIR" in said
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]
    assert "Cannot create" in fails(2, "demo", tmp_path / "mine" / "thesis.txt")


@pytest.mark.parametrize("flag", ["--images-dir", "--root", "--db"])
def test_it_takes_no_collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str) -> None:
    monkeypatch.chdir(tmp_path)

    assert "demo makes a collection of its own" in fails(2, "demo", flag, tmp_path / "other")
    assert list(tmp_path.iterdir()) == []


def test_another_collection_s_database_is_none_of_its(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.db"
    make_database(own)
    monkeypatch.setenv("SDGEN_DB", str(own))
    outcome = run("demo")

    assert "export SDGEN_DB=sdgen-demo/metadata/sessions.db\n" in outcome.err
    assert rows(own, "session_stats") == []
    assert len(rows(tmp_path / "sdgen-demo" / "metadata" / "sessions.db", "session_stats")) == 8
