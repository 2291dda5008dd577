"""Several images roots in one collection: named by options, a path list or the web UI's list, and narrowed by name."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.builders import make_manifest, make_session
from tests.cli.harness import fails, ok, run

FIRST, SECOND, TWIN = "20250102_000000-first", "20250103_000000-second", "20250104_000000-twin"


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two images roots with a session each."""
    home, nas = tmp_path / "a" / "home", tmp_path / "b" / "nas"
    make_session(home, FIRST)
    make_session(nas, SECOND, manifest=make_manifest(api={"steps": 40}))
    return home, nas


@pytest.fixture
def collection(two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The two, which every command works on, with their stats computed."""
    monkeypatch.setenv("SDGEN_IMAGES_DIR", os.pathsep.join(map(str, two)))
    ok("compute-stats", "--all")
    return two


def ids(*arguments: str | Path) -> list[str]:
    return ok("list", "--format", "ids", *arguments).split()


def test_a_repeated_option(two: tuple[Path, Path]) -> None:
    home, nas = two

    assert ids("--images-dir", home, "--images-dir", nas) == [SECOND, FIRST]
    assert ids("--images-dir", nas) == [SECOND]


def test_a_path_list_in_the_environment(two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDGEN_IMAGES_DIR", os.pathsep.join(map(str, two)))

    assert ids() == [SECOND, FIRST]
    assert (two[0].parent / "metadata" / "sessions.db").exists()
    assert not (two[1].parent / "metadata").exists()


def test_every_entry_of_the_web_ui_s_list(two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [{"name": "mine", "path": str(two[0])}, {"name": "the nas", "path": str(two[1])}]
    monkeypatch.setenv("IMAGE_FOLDERS", json.dumps(folders))

    assert ids() == [SECOND, FIRST]
    assert ids("--root", "the nas") == [SECOND]
    assert ids("--where", "root=mine") == [FIRST]


def test_verbose_names_each(collection: tuple[Path, Path]) -> None:
    lines = run("list", "--verbose").err.splitlines()

    assert lines[:2] == [
        f"images root home: {collection[0]} (from SDGEN_IMAGES_DIR)",
        f"images root nas: {collection[1]} (from SDGEN_IMAGES_DIR)",
    ]


@pytest.mark.parametrize(
    ("command", "root", "expected"),
    [
        (["list"], "home", [FIRST]),
        (["list", "--cached"], "nas", [SECOND]),
        (["refresh", "--all"], "nas", [SECOND]),
        (["refresh", "--where", "steps>=1"], "home", [FIRST]),
        (["tag", "--where", "steps>=1", "--liked"], "nas", [SECOND]),
        (["show", "latest"], "home", [FIRST]),
    ],
)
def test_one_of_them(collection: tuple[Path, Path], command: list[str], root: str, expected: list[str]) -> None:
    assert ok(*command, "--root", root, "--format", "ids").split() == expected
    assert (collection[0].parent / "metadata" / "sessions.db").exists()  # narrowing moves no database
    assert not (collection[1].parent / "metadata").exists()


@pytest.mark.parametrize(
    "command", ["list", "show latest", "compute-stats --all", "warm-cache", "tag --list", "history"]
)
def test_a_name_that_no_root_has(collection: tuple[Path, Path], command: str) -> None:
    said = fails(2, *command.split(), "--root", "nsa")

    assert "Did you mean nas?" in said


def test_show_says_which_root(collection: tuple[Path, Path]) -> None:
    assert "  root             nas\n" in ok("show", "second")
    assert "  root  " not in ok("show", "second", "--images-dir", collection[1])


def test_filters_reach_both(collection: tuple[Path, Path]) -> None:
    assert json.loads(ok("refresh", "--where", "steps>=1", "--json"))["computed"] == 2
    assert json.loads(ok("refresh", "--where", "steps=40", "--json"))["computed"] == 1
    assert ok("tag", "first", "second", "--where", "steps=40", "--add", "x", "--format", "ids").split() == [SECOND]


def test_an_offline_root_is_noted_once_and_the_other_is_current(collection: tuple[Path, Path]) -> None:
    home, nas = collection
    nas.rename(nas.parent / "elsewhere")
    make_session(home, "20250105_000000-new")

    outcome = run("list", "--format", "ids")
    assert outcome.out.split() == ["20250105_000000-new", SECOND, FIRST]
    assert outcome.err.splitlines()[0] == "The images root nas is offline. Its sessions are shown as recorded."
    assert outcome.err.count("nas") == 1
    assert ids("--missing") == []
    for command in ("refresh --where steps>=1", "compute-stats --all", "warm-cache --prune"):
        said = run(*command.split())
        assert (said.status, said.err.count("The images root nas is offline.")) == (0, 1), said.err
    assert ok("tag", "second", "--liked", "--format", "ids").split() == [SECOND]
    assert ok("tag", "second", "--where", "steps=40", "--add", "x", "--format", "ids").split() == [SECOND]
    assert f"Cannot read the images root {nas}" in fails(2, "refresh", "second")
    assert SECOND in ids("--cached")


def test_all_roots_offline(two: tuple[Path, Path]) -> None:
    where = [part for root in two for part in ("--images-dir", str(root))]
    for root in two:
        shutil.rmtree(root)

    said = fails(2, "list", *where)
    assert "Is the drive mounted?" in said


def test_a_twin_is_named_by_its_root_or_its_path(collection: tuple[Path, Path]) -> None:
    home, nas = collection
    make_session(home, TWIN, manifest=make_manifest(api={"steps": 1}))
    make_session(nas, TWIN, manifest=make_manifest(api={"steps": 2}))

    assert ok("list", "--where", "steps<=2", "--columns", "root", "--format", "tsv").split() == ["root", "home", "nas"]
    for arguments, steps in (([TWIN], 1), ([TWIN, "--root", "nas"], 2), ([nas / TWIN], 2), ([f"{home / TWIN}/"], 1)):
        assert json.loads(ok("show", *arguments, "--json"))["stats"]["steps"] == steps
    refreshed = json.loads(ok("refresh", TWIN, nas / TWIN, "--where", "steps=2", "--json"))
    assert [session["stats"]["steps"] for session in refreshed["sessions"]] == [2]
    assert json.loads(ok("refresh", "--where", "steps<=2", "--json"))["computed"] == 2
    said = fails(1, "tag", nas / TWIN, "--liked")
    assert "--root home" in said
    assert ok("tag", TWIN, "--liked", "--format", "ids").split() == [TWIN]
    assert ids("--liked") == [TWIN]
    assert ids("--liked", "--root", "nas") == []
