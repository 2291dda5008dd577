"""Errors say what failed and what to type next, in one or two lines, and end with the status that they mean."""

import os
from pathlib import Path

import pytest

from sdgen_admin.cli.app import COMMANDS
from tests.builders import make_session
from tests.cli.harness import fails, run
from tests.neighbour import make_database
from tests.platforms import needs_raw_names


@pytest.mark.parametrize("command", [*COMMANDS, "nonsense"])
def test_an_unknown_flag_is_status_2_and_points_to_help(command: str) -> None:
    assert "--help" in fails(2, command, "--no-such-flag")


def test_a_mistyped_command_names_the_near_one() -> None:
    assert "Did you mean 'list'?" in fails(2, "lsit")


def test_no_images_root_says_how_to_set_it_once() -> None:
    said = fails(2, "list")

    assert said.startswith("Error: No images root is configured.\n")
    assert all(way in said for way in ("--images-dir", "SDGEN_IMAGES_DIR", "IMAGE_FOLDERS", "sdgen_config.json"))
    assert "sdgen-admin demo" in said


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    for command in (["list"], ["show", "latest"], ["compute-stats", "--all"], ["warm-cache"], ["refresh", "--all"]):
        said = fails(2, *command, "--images-dir", tmp_path / "nope")
        assert f"Cannot read the images root {tmp_path / 'nope'}" in said
        assert "Is the drive mounted?" in said
    assert "Cannot read the images root" in fails(2, "list", "--images-dir", __file__)


def test_an_empty_root_says_what_was_looked_for_and_found(tmp_path: Path) -> None:
    (tmp_path / "holiday\x1b[31m").mkdir()
    for number in range(7):
        (tmp_path / f"z{number}").touch()
    said = run("list", "--images-dir", tmp_path, "--limit", "5", "--sort", "name").err

    assert "such as 20251107_120000-name" in said
    assert "The folder holds: holiday\\x1b[31m, " in said
    assert "z3 and " in said
    (tmp_path / "empty").mkdir()
    assert "The folder is empty." in run("list", "--images-dir", tmp_path / "empty").err
    assert run("list", "--images-dir", tmp_path, "--liked").err == "No session matches.\n"
    for command in (["compute-stats", "--all"], ["warm-cache", "--prune"]):
        assert "The folder is empty." in run(*command, "--images-dir", tmp_path / "empty").err
    assert not (tmp_path / "metadata" / "sessions.db").exists()


@pytest.mark.parametrize(
    "content", [b"no database, but long enough to be read as one", b"SQLite format 3\0" + b"x" * 600]
)
def test_a_foreign_file_is_status_3(shared: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.db"
    path.write_bytes(content)

    for command in (["list"], ["show", "latest"], ["tag", "latest", "--liked"], ["tag", "--list"], ["warm-cache"]):
        fails(3, *command, "--db", path)
    assert path.read_bytes() == content


def test_strict_minds_problems(demo: Path) -> None:
    for command in (["compute-stats", "--all"], ["refresh", "--all"], ["warm-cache"]):
        assert run(*command).status == 0
        strict = run(*command, "--strict", "--quiet")
        assert strict.status == 1
        assert "quick_try: There is no manifest.json" in strict.err  # what makes it fail is said
    assert run("compute-stats", "latest", "--strict").status == 0


@needs_raw_names
def test_a_session_that_cannot_be_stored_is_a_problem_and_no_failure(images_dir: Path) -> None:
    make_session(images_dir)
    os.mkdir(os.fsencode(images_dir) + b"/20250101_000000-\xff")
    where = ("--images-dir", str(images_dir))

    outcome = run("compute-stats", "--all", *where)
    assert outcome.status == 0
    assert outcome.err.splitlines()[1:] == ["20250101_000000-\\xff: The folder's name is not valid UTF-8; rename it."]
    assert run("warm-cache", "--quiet", *where).err == ""
    assert run("compute-stats", "--all", "--strict", *where).status == 1
    for line in ("list", "list --limit 1", "list --problem"):
        assert "\\xff" in run(*line.split(), *where).err
    assert "\\xff" not in run("list", "--liked", *where).err


@pytest.mark.parametrize("line", [["list"], ["compute-stats", "--all"], ["list", "--json"]])
def test_a_mistyped_root_is_left_as_it_is(tmp_path: Path, line: list[str]) -> None:
    make_session(tmp_path / "images")
    (session,) = (tmp_path / "images").iterdir()

    assert run(*line, "--images-dir", session).status == 0

    assert list((tmp_path / "images").iterdir()) == [session]


def test_problems_are_cut_at_ten(images_dir: Path) -> None:
    for number in range(13):
        make_session(images_dir, f"20250101_0000{number:02}-x", without_manifest=True, images=0)
    run("list", "--images-dir", images_dir)
    outcome = run("compute-stats", "--all", "--images-dir", images_dir)

    assert outcome.status == 0
    assert len(outcome.err.splitlines()) == 11
    assert outcome.err.endswith("… and 3 more: sdgen-admin list --problem --all\n")


def test_a_cache_without_sessions(tmp_path: Path) -> None:
    make_database(tmp_path / "metadata" / "sessions.db")
    outcome = run("list", "--cached", "--images-dir", tmp_path / "images")

    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err.startswith("The database has no session with a folder.")
