"""SESSION arguments: an id, a part of exactly one, `latest`, `-`; and what is said where there is no such session."""

import json
from pathlib import Path

import pytest

from tests.cli.harness import SESSIONS, fails, ok, process, run

LATEST, CUT, TRY, SWEEP, LANDSCAPES, PORTRAIT, SEEDS, FACES = SESSIONS


def shown(argument: str, *, stdin: str | bytes = "") -> str:
    session_id: str = json.loads(ok("show", argument, "--json", stdin=stdin))["session_id"]
    return session_id


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (FACES, FACES),
        ("facial", FACES),
        ("FACIAL", FACES),
        ("20251105", TRY),
        ("2025-10-20", SEEDS),
        ("長い髪", LATEST),
        ("latest", LATEST),
    ],
)
def test_an_id_or_a_part_of_one_or_latest(shared: Path, argument: str, expected: str) -> None:
    assert shown(argument) == expected


@pytest.mark.parametrize("stdin", [f"{FACES}\n", f"\n{FACES}\r\n\r\n", f"\ufeff{FACES}", "facial\n"])
def test_a_hyphen_reads_ids_from_stdin(shared: Path, stdin: str) -> None:
    assert shown("-", stdin=stdin.encode()) == FACES


def test_stdin_and_names_go_together(demo: Path) -> None:
    ids = ok("refresh", "latest", "-", "facial", "--format", "ids", stdin=f"{CUT}\n{FACES}\n").splitlines()

    assert ids == [LATEST, CUT, FACES]  # each once


def test_stdin_in_another_encoding_is_still_utf8(shared: Path) -> None:
    done = process("show", "-", "--json", stdin=LATEST.encode(), env={"PYTHONIOENCODING": "ascii"})

    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["session_id"] == LATEST


def test_stdin_that_is_no_utf8_is_no_session(shared: Path) -> None:
    assert "There is no session" in fails(1, "show", "-", stdin=b"\xff\xfe\n")


@pytest.mark.parametrize("command", [["refresh"], ["compute-stats"], ["tag", "--add", "x"]])
def test_no_ids_on_stdin_are_nothing_to_do(demo: Path, command: list[str]) -> None:
    outcome = run(*command, "-", stdin="\n \n")

    assert outcome.status == 0
    assert outcome.out in ("", "0 computed, 0 already fresh, 0 with problems, 0 failed, in 0.0 s\n")
    assert (outcome.err == "No session ids on standard input: nothing to change.\n") == (command[0] == "tag")


@pytest.mark.parametrize("command", ["show", "history"])
@pytest.mark.parametrize("stdin", ["", "\n \n", f"{CUT}\n{FACES}\n"])
def test_where_one_session_is_taken(shared: Path, command: str, stdin: str) -> None:
    assert f"{command} takes one session" in fails(2, command, "-", stdin=stdin)


@pytest.mark.parametrize("command", ["show", "refresh", "compute-stats"])
def test_a_part_of_several_lists_them(shared: Path, command: str) -> None:
    said = fails(1, command, "seed")

    assert said.splitlines() == [
        "Error: 'seed' matches 2 sessions.",
        "Be more specific, or use: sdgen-admin list --search seed",
        f"  {SWEEP}",
        f"  {SEEDS}",
    ]


@pytest.mark.parametrize(
    ("mistyped", "meant"), [("landscape_s", LANDSCAPES), ("20251101_220000-landscaps", LANDSCAPES)]
)
def test_near_misses_are_suggested(shared: Path, mistyped: str, meant: str) -> None:
    said = fails(1, "show", mistyped)

    assert "Did you mean" in said
    assert meant in said


def test_nothing_near_says_where_to_look(shared: Path) -> None:
    assert "sdgen-admin list" in fails(1, "show", "qqqq")


@pytest.mark.parametrize("trick", ["../{0}", "{1}", "{1}/", "./{0}", "{0}/../{0}", "{0}\0", "..", "/", "~", ""])
@pytest.mark.parametrize("cached", [[], ["--cached"]])
def test_paths_are_never_followed(shared: Path, trick: str, cached: list[str]) -> None:
    outside = shared.parent / "20250101_000000-outside"
    outside.mkdir(exist_ok=True)
    argument = trick.format(outside.name, outside)

    outcome = run("show", argument, *cached)

    assert (outcome.status, outcome.out) == (1, "")
    assert "There is no session" in outcome.err or "matches 8 sessions" in outcome.err


def test_many_matches_are_listed_newest_first_and_cut_at_eight(images_dir: Path) -> None:
    names = [f"2025{month:02}01_000000-a portrait" for month in range(1, 13)]
    for name in names:
        (images_dir / name).mkdir()
    ok("list", "--images-dir", images_dir)
    said = fails(1, "show", "a portrait", "--images-dir", images_dir).splitlines()

    assert said[:2] == [
        "Error: 'a portrait' matches 12 sessions.",
        "Be more specific, or use: sdgen-admin list --search 'a portrait'",
    ]
    assert said[2:] == [*(f"  {name}" for name in names[:3:-1]), "  … and 4 more"]


def test_one_unknown_name_stops_everything(demo: Path) -> None:
    before = ok("list", "--json")

    assert "no session 'nope'" in fails(1, "tag", "latest", "nope", "--add", "x")
    assert "no session 'nope'" in fails(1, "refresh", "latest", "nope")
    assert ok("list", "--json") == before


def test_a_session_that_is_gone_is_shown_from_the_database(demo: Path) -> None:
    (demo / SEEDS).rename(demo / "elsewhere")
    ok("list")

    out = ok("show", "seed_study")
    assert "gone" in out
    assert "(gone)" in out
    assert "1002 is the best of them" in out


def test_without_a_database_cached_says_what_to_run(demo: Path) -> None:
    for path in (demo.parent / "metadata").iterdir():
        path.unlink()

    assert "compute-stats --all" in fails(3, "list", "--cached")
    assert "compute-stats --all" in fails(3, "tag", "--list")
    assert not (demo.parent / "metadata" / "sessions.db").exists()
    assert shown("latest") == LATEST
