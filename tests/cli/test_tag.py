"""`tag`: one session or many, whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.harness import SESSIONS, fails, ok, run, shell
from tests.neighbour import digest, row, write_metadata

LATEST, CUT, TRY, SWEEP, LANDSCAPES, PORTRAIT, SEEDS, FACES = SESSIONS


def said(session_id: str) -> Any:
    return json.loads(ok("show", session_id, "--json"))["metadata"]


def database(demo: Path) -> Path:
    return demo.parent / "metadata" / "sessions.db"


def test_old_to_new(demo: Path) -> None:
    out = ok("tag", "facial", "--add", "new", "--remove", "faces", "--no-liked", "--rating", "none", "--note", "good")

    assert out.splitlines() == [
        FACES,
        "  liked: yes → no",
        "  rating: like → none",
        "  note: none → good",
        "  tags: portfolio, faces → portfolio, new",
    ]


def test_what_is_so_already_is_said(demo: Path) -> None:
    assert ok("tag", "facial", "--liked") == f"{FACES}  nothing to change\n"
    assert ok("tag", "facial", "landscapes", "--liked", "--format", "ids") == f"{LANDSCAPES}\n"


@pytest.mark.parametrize(
    ("edits", "name", "value"),
    [
        (["--add", "a", "--add", "ñ_1"], "tags", ["seeds", "a", "ñ_1"]),
        (["--remove", "seeds", "--remove", "not-there"], "tags", []),
        (["--set", "a, b,,a"], "tags", ["a", "b"]),
        (["--set", ""], "tags", []),
        (["--set", "a,b", "--remove", "a", "--add", "c"], "tags", ["b", "c"]),
        (["--clear-tags"], "tags", []),
        (["--clear-tags", "--add", "x"], "tags", ["x"]),
        (["--liked"], "is_favorite", True),
        (["--test"], "is_test", True),
        (["--no-complete"], "is_complete", False),
        (["--rating", "dislike"], "user_rating", "dislike"),
        (["--note", "two\nlines"], "user_note", "two\nlines"),
        (["--clear-note"], "user_note", None),
        (["--note", ""], "user_note", None),
    ],
)
def test_each_edit(demo: Path, edits: list[str], name: str, value: Any) -> None:
    before = said(SEEDS)

    (after,) = json.loads(ok("tag", "seed_study", *edits, "--json"))["metadata"]

    assert after[name] == value
    assert said(SEEDS) == after
    unchanged = set(before) - {name, "updated_at"}
    assert {key: after[key] for key in unchanged} == {key: before[key] for key in unchanged}


def test_a_dry_run_says_the_same_and_changes_nothing(demo: Path) -> None:
    before = digest(database(demo))
    outcome = run("tag", "latest", "facial", "--add", "x", "--clear-note", "--dry-run")

    assert digest(database(demo)) == before
    assert outcome.err == "Dry run: nothing was changed.\n"
    assert outcome.out == ok("tag", "latest", "facial", "--add", "x", "--clear-note")
    assert said(LATEST)["tags"] == ["x"]


def test_many_through_a_pipe(demo: Path) -> None:
    done = shell("sdgen-admin list --model pony --all --format ids -q | sdgen-admin tag - --add pony --json")

    assert (done.returncode, done.stderr) == (0, b"")
    assert [entry["session_id"] for entry in json.loads(done.stdout)["metadata"]] == [LANDSCAPES, PORTRAIT]
    assert ok("list", "--tag", "pony", "--format", "ids").splitlines() == [LANDSCAPES, PORTRAIT]


def test_where_changes_all_that_match(demo: Path) -> None:
    changed = json.loads(ok("tag", "--where", "model~pony", "--add", "pony", "--json"))["metadata"]

    assert {entry["session_id"] for entry in changed} == {LANDSCAPES, PORTRAIT}
    assert ok("list", "--tag", "pony", "--format", "ids").splitlines() == [LANDSCAPES, PORTRAIT]
    assert ok("undo", "--format", "ids").split()  # as one group
    assert ok("list", "--tag", "pony", "--format", "ids") == ""


def test_where_narrows_the_named_ones(demo: Path) -> None:
    line = ["facial", "portrait", "landscapes", "--where", "model~pony", "--where", "status=aborted"]

    assert ok("tag", *line, "--add", "x", "--format", "ids").splitlines() == [PORTRAIT]
    assert ok("list", "--tag", "x", "--format", "ids").splitlines() == [PORTRAIT]


@pytest.mark.parametrize("named", [[], ["latest", "facial"]])
def test_where_that_matches_none_changes_none(demo: Path, named: list[str]) -> None:
    outcome = run("tag", *named, "--where", "steps=3", "--add", "x")

    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "No session matches: nothing to change.\n"
    assert ok("list", "--tag", "x", "--format", "ids") == ""


def test_all_or_nothing(demo: Path) -> None:
    before = digest(database(demo))

    fails(1, "tag", "latest", "no-such-session", "--add", "x")
    fails(1, "tag", "-", "--add", "x", stdin=f"{LATEST}\n../{CUT}\n")
    fails(2, "tag", "latest", "facial", "--add", "not a tag")
    assert digest(database(demo)) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["latest"], "Nothing to change: give at least one edit."),
        (["--where", "steps=28"], "Nothing to change: give at least one edit."),
        (["--add", "x"], "No session is named."),
        ([], "No session is named."),
        (["latest", "--set", "a", "--clear-tags"], "--set and --clear-tags contradict"),
        (["latest", "--note", "a", "--clear-note"], "--note and --clear-note contradict"),
        (["latest", "--add", "a", "--remove", "a"], "Cannot both add and remove the tag 'a'."),
        (["latest", "--add", "a b"], "--add: Invalid tag 'a b'.\nA tag is 1 to 50 letters, digits, '-' and '_'."),
        (["latest", "--add", ""], "--add: Invalid tag ''."),
        (["latest", "--set", "a,b/c"], "--set: Invalid tag 'b/c'."),
        (["latest", "--add", "x" * 51], "--add: Invalid tag 'xxx"),
        (["--where", "colour=red", "--liked"], "--where: There is no field 'colour'."),
        (["latest", "--rating", "love"], "Invalid value for '--rating'"),
        (["latest", "--note", "\udcff"], "--note: "),
        (["--list", "latest"], "--list takes no sessions and no edits."),
        (["--list", "--liked"], "--list takes no sessions and no edits."),
        (["--list", "--where", "steps=28"], "--list takes no sessions and no edits."),
    ],
)
def test_usage_errors(demo: Path, arguments: list[str], expected: str) -> None:
    before = digest(database(demo))

    assert expected in fails(2, "tag", *arguments)
    assert digest(database(demo)) == before


def test_the_tags_in_use(demo: Path) -> None:
    assert ok("tag", "--list").split() == [
        "tag", "sessions", "faces", "2", "portfolio", "1", "redo", "1", "seeds", "1",
    ]  # fmt: skip
    assert ok("tag", "--list", "--format", "ids").split()[0] == "faces"
    assert json.loads(ok("tag", "--list", "--json"))["tags"][0] == {"tag": "faces", "count": 2}


def test_no_tags_yet(images_dir: Path) -> None:
    (images_dir / LATEST).mkdir()
    ok("list", "--images-dir", images_dir)
    outcome = run("tag", "--list", "--images-dir", images_dir)

    assert (outcome.status, outcome.out) == (0, "")
    assert "No tags yet." in outcome.err


def test_odd_rows_of_other_programs_are_kept(demo: Path) -> None:
    write_metadata(database(demo), LATEST, tags="red, (odd tag)", user_rating="five stars", auto_metadata='{"a": 1}')

    assert ok("tag", LATEST, "--liked") == f"{LATEST}\n  liked: no → yes\n"
    stored = row(database(demo), "session_metadata", LATEST)
    assert stored is not None
    assert (stored["tags"], stored["user_rating"]) == ("red, (odd tag)", "five stars")
    assert stored["auto_metadata"] == '{"a": 1}'
    assert "(odd tag) → red\n" in ok("tag", LATEST, "--remove", "(odd tag)")
