"""Hostile arguments: bytes that are not text, endless numbers and texts. Each is used or refused in plain words."""

import csv
import io
import json
import os
import sys
from pathlib import Path

import pytest

from sdgen_admin.models.fields import FIELDS
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.cli.harness import Outcome, ok, process, run
from tests.neighbour import row

BYTE = "\udcff"
"""How Python passes on a byte of an argument that is not valid UTF-8."""
HUGE = "9" * 30
ENDLESS = "9" * 5000
LONG = "x" * 100_000
MEGABYTE = "word " * 200_000 + "needle"
THOUSANDS = tuple(f"tag{number}" for number in range(10_000))


@pytest.fixture
def images_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An images root with one session, which every command works on."""
    make_session(tmp_path / "images")
    SessionLibrary(tmp_path / "images").compute()
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(tmp_path / "images"))
    return tmp_path / "images"


def is_explained(outcome: Outcome) -> bool:
    """Whether a command has done what it was asked, or says in a few lines why not."""
    if outcome.status == 0:
        return "Error" not in outcome.err
    has_words = outcome.err.startswith("Error: ") and outcome.err.count("Error: ") == 1
    return outcome.status in (1, 2, 3) and has_words and len(outcome.err) < 10_000 and "Traceback" not in outcome.err


TAKE_TEXT = [
    *(["list", option] for option in (
        "--search", "--model", "--tag", "--where", "--sort", "--columns", "--root", "--from-date", "--to-date",
        "--rating",
        "--status", "--source", "--format", "--limit", "--offset", "--db", "--images-dir",
    )),
    *(["tag", SESSION, "--dry-run", option] for option in ("--add", "--remove", "--set", "--note", "--rating",
    "--where")),
    *(["list", "--where", f"{field.name}="] for field in FIELDS),
    *([command] for command in ("show", "history", "undo", "compute-stats", "refresh", "list", "backup", "")),
    ["tag", "--liked", "--dry-run"],
    ["refresh", "--all", "--jobs"],
    ["history", "--limit"],
    ["config", "--root"],
]  # fmt: skip


@pytest.mark.parametrize("command", TAKE_TEXT, ids=" ".join)
@pytest.mark.parametrize(
    "text", [BYTE, f"a{BYTE}b", "", " ", "\x1b[31m\u202e", HUGE, f"-{HUGE}", ENDLESS, LONG, "nan", "-0"]
)
def test_whatever_stands_there_it_is_used_or_refused(
    images_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    *before, last = command
    outcome = run(*filter(None, before), *([f"{last}{text}"] if last.endswith("=") else filter(None, (last, text))))

    assert is_explained(outcome), outcome.err[:2000]
    assert not set(outcome.out + outcome.err) & {"\x1b", "\u202e"}


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="arguments and names are text there")
@pytest.mark.parametrize("arguments", [["list", "--search"], ["show"], ["tag", SESSION, "--note"], ["list", "--tag"]])
def test_real_bytes_on_a_real_command_line(images_dir: Path, arguments: list[str]) -> None:
    ended = process(*arguments, os.fsdecode(b"caf\xe9\xff"))

    assert ended.returncode in (1, 2)
    assert ended.stderr.startswith(b"Error: ")
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.isascii()


@pytest.mark.parametrize("condition", [
    "seed_base=12345678901234567890123", "seed_base>=1e400", "steps=28.5", "cfg>=7", "images<0", "images>1e3",
    "first>9999-01-01", "last<0001-01-01", "first=0001-01-01T00:00:00Z", "duration>inf", f"seed_max={ENDLESS}",
])  # fmt: skip
def test_numbers_and_times_that_nothing_fulfils(images_dir: Path, condition: str) -> None:
    outcome = run("list", "--where", condition)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "No session matches.\n")


@pytest.mark.parametrize("condition", [
    "seed_base<12345678901234567890123", f"seed_base>-{HUGE}", "seed_base!=12345678901234567890123", "steps=28.0",
    "steps=2.8e1", "cfg<7", "images<1e3", "steps<inf", "first<9999-12-31", "last>0001-01-01", "first!=9999-01-01",
])  # fmt: skip
def test_numbers_and_times_that_every_session_fulfils(images_dir: Path, condition: str) -> None:
    assert ok("list", "--where", condition, "--format", "ids") == f"{SESSION}\n"


@pytest.mark.parametrize("condition", ["steps=nan", "cfg=7,5", "images=0x10", "steps=", "steps=many", "duration=NaN"])
def test_what_is_not_a_number_is_refused(images_dir: Path, condition: str) -> None:
    outcome = run("list", "--where", condition)
    assert (outcome.status, outcome.out) == (2, "")
    assert "a number is expected" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["list", "--limit", HUGE], 2, "--limit: Input should be less than or equal to 500."),
        (["list", "--offset", HUGE], 2, "--offset: Input should be less than or equal to"),
        (["list", "--limit", "0"], 2, "--limit: Input should be greater than or equal to 1."),
        (["list", "--offset", "-1"], 2, "--offset: Input should be greater than or equal to 0."),
        (["undo", HUGE], 1, f"There is no group {HUGE} in the history."),
        (["undo", str(2**63)], 1, "There is no group 9223372036854775808 in the history."),
        (["undo", ENDLESS], 2, "Invalid value for '[N]': "),  # the rest is Typer's, and changes
        (["refresh", "--all", "--jobs", HUGE], 2, "Invalid value for '--jobs': "),
    ],
)
def test_numbers_out_of_range(images_dir: Path, arguments: list[str], status: int, words: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (status, "")
    assert words in outcome.err


@pytest.mark.parametrize("limit", [str(2**63 - 1), str(2**63), HUGE])
def test_a_history_of_any_length(images_dir: Path, limit: str) -> None:
    ok("tag", SESSION, "--liked")
    assert ok("history", "--limit", limit) == ok("history")


@pytest.mark.parametrize(
    "typed", [b"\0", b"\xff\xfe", b"\r\r", b"a\0b\n", b"\xef\xbb\xbf\xff", b"\x1b[2J\n", b"x" * 100_000]
)
@pytest.mark.parametrize("command", [["show", "-"], ["tag", "-", "--liked"], ["refresh", "-"]])
def test_whatever_comes_on_standard_input(images_dir: Path, command: list[str], typed: bytes) -> None:
    database = images_dir.parent / "metadata" / "sessions.db"
    outcome = run(*command, stdin=typed)
    assert is_explained(outcome), outcome.err[:2000]
    assert not set(outcome.err) & {"\x1b", "\0"}
    assert row(database, "session_metadata", SESSION) is None


def test_an_endless_text_is_cut_in_the_middle_of_its_error(images_dir: Path) -> None:
    error = run("show", LONG).err
    assert error.startswith("Error: There is no session 'xxx")
    assert error.splitlines()[0].endswith("xxx'.")
    assert " … " in error
    assert len(error) < 5000


@pytest.fixture
def loaded(images_dir: Path) -> SessionLibrary:
    """The collection whose session has a note of a megabyte and ten thousand tags."""
    library = SessionLibrary(images_dir)
    library.update_metadata(SESSION, SessionMetadataUpdate(user_note=MEGABYTE, tags=THOUSANDS))
    return library


def test_nothing_is_lost_of_a_megabyte_and_ten_thousand_tags(loaded: SessionLibrary) -> None:
    metadata = json.loads(ok("show", SESSION, "--json"))["metadata"]
    assert (metadata["user_note"], tuple(metadata["tags"])) == (MEGABYTE, THOUSANDS)
    limit = csv.field_size_limit(10_000_000)
    try:
        header, values = csv.reader(io.StringIO(ok("list", "--format", "csv"), newline=""))
    finally:
        csv.field_size_limit(limit)
    record = dict(zip(header, values, strict=True))
    assert (record["user_note"], tuple(record["tags"].split(","))) == (MEGABYTE, THOUSANDS)
    for query in (
        ["--search", "needle"],
        ["--tag", "tag9999"],
        ["--where", "note~NEEDLE"],
        ["--where", "tags=TAG9999"],
    ):
        assert ok("list", *query, "--format", "ids") == f"{SESSION}\n"
    assert len(json.loads(ok("tag", "--list", "--json"))["tags"]) == len(THOUSANDS)


def test_they_are_edited_and_undone_whole(loaded: SessionLibrary) -> None:
    before = row(Path(loaded.db_path), "session_metadata", SESSION)
    changed = json.loads(ok("tag", SESSION, "--remove", "tag0", "--add", "last", "--note", "short", "--json"))[
        "metadata"
    ][0]
    assert (changed["user_note"], tuple(changed["tags"])) == ("short", (*THOUSANDS[1:], "last"))
    for form in ("table", "json", "csv"):
        assert "tag9999" in ok("history", "--format", form)
    ok("undo")
    assert row(Path(loaded.db_path), "session_metadata", SESSION) == before


def test_ten_thousand_tags_on_a_command_line(images_dir: Path) -> None:
    tags = json.loads(ok("tag", SESSION, "--set", ",".join(THOUSANDS), "--json"))["metadata"][0]["tags"]
    assert tuple(tags) == THOUSANDS
    ok("tag", SESSION, "--clear-tags")
    assert json.loads(ok("show", SESSION, "--json"))["metadata"]["tags"] == []
