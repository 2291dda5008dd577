"""What to type next after an error: every code has a hint, and each says the words of the command line."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import sdgen_admin
from sdgen_admin import errors
from sdgen_admin.cli.app import COMMANDS
from sdgen_admin.cli.hints import HINTS, exit_status, hint
from sdgen_admin.errors import SdgenAdminError
from tests.cli.harness import flags_of

PACKAGE = Path(sdgen_admin.__file__).parent
FAMILY = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, SdgenAdminError)]


def raised_codes() -> Iterator[str]:
    """Yield every code that is written where an error is made."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def hint_for(code: str, **details: Any) -> str:
    return hint(SdgenAdminError("It failed.", code=code, **details))


def test_every_code_has_a_hint() -> None:
    assert {kind.code for kind in FAMILY} | set(raised_codes()) <= set(HINTS)


@pytest.mark.parametrize("code", HINTS)
def test_every_hint_does_without_details(code: str) -> None:
    assert isinstance(hint_for(code), str)


@pytest.mark.parametrize("code", HINTS)
def test_hints_name_commands_and_options_that_exist(code: str) -> None:
    words = hint_for(code).split()
    commands = [after for word, after in pairwise(words) if word == "sdgen-admin"]
    options = {flag for command in COMMANDS for flags in flags_of(command).values() for flag in flags}

    assert set(commands) <= set(COMMANDS)
    assert {word for word in words if word.startswith("--")} <= options


def test_an_unknown_code_has_no_hint() -> None:
    assert hint_for("from-the-future") == ""


@pytest.mark.parametrize(
    ("code", "details", "expected"),
    [
        ("invalid-tag", {"tag": "a b", "longest": 50}, "A tag is 1 to 50 letters, digits, '-' and '_'."),
        ("invalid-field", {"field": "stpes", "near": ["steps"]}, "Did you mean steps?"),
        ("invalid-field", {"field": "seed", "near": ["a", "b", "c"]}, "Did you mean a, b or c?"),
        ("no-such-root", {"root": "nsa", "known": ["home", "nas"]}, "Did you mean nas?"),
        ("no-such-root", {"root": "x", "known": ["home", "nas"]}, "The images roots are: home, nas."),
        ("no-such-session", {"sessions": ["x"], "near": ["y"]}, "Did you mean y?"),
        ("no-such-session", {"sessions": ["x"], "near": ["y", "z"]}, "Did you mean:\n  y\n  z"),
        ("no-such-session", {"sessions": ["x"], "near": []}, "List the sessions with: sdgen-admin list"),
        ("already-undone", {"group": 3, "by": 5}, "To redo it: sdgen-admin undo 5"),
        ("changed-since", {"group": 3}, "To put the old values back anyway: sdgen-admin undo 3 --force"),
        ("session-in-two-roots", {"session": "x", "root": "my nas"}, "--root 'my nas'"),
        ("session-in-two-roots", {"session": "x", "root": "/mnt/my nas"}, "--images-dir '/mnt/my nas'"),
        ("read-only-database", {"path": "x.db", "wal": True}, "-wal file"),
        ("invalid-request", {"hint": "Leave one of them out."}, "Leave one of them out."),
        ("invalid-request", {}, ""),
    ],
)
def test_what_details_add(code: str, details: dict[str, Any], expected: str) -> None:
    said = hint_for(code, **details)

    assert expected in said
    assert bool(expected) == bool(said)


def test_an_ambiguous_name_lists_eight_of_its_matches() -> None:
    matches = [f"2025010{number}_000000-it's a portrait" for number in range(9)]
    head, *lines, more = hint_for("ambiguous-session", text="it's", matches=matches, count=186).splitlines()

    assert head == """Be more specific, or use: sdgen-admin list --search 'it'"'"'s'"""
    assert lines == [f"  {name}" for name in matches[:8]]
    assert more == "  … and 178 more"


def test_what_comes_from_files_cannot_steer_a_terminal() -> None:
    said = hint_for("ambiguous-session", text="\x1b[2J", matches=["a\nb\x1b", "c"], count=2)

    assert "\x1b" not in said
    assert said.splitlines()[1:] == ['  "a\\x0ab\\x1b"', "  c"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (errors.SdgenAdminError, 1),
        (errors.SessionNotFoundError, 1),
        (errors.AmbiguousSessionError, 1),
        (errors.TwinSessionError, 1),
        (errors.UndoRefusedError, 1),
        (errors.PruneRefusedError, 1),
        (errors.ManifestNotFoundError, 1),
        (errors.UsageError, 2),
        (errors.InvalidTagError, 2),
        (errors.InvalidConditionError, 2),
        (errors.SettingsError, 2),
        (errors.ImagesRootError, 2),
        (errors.RootNotFoundError, 2),
        (errors.RestoreRefusedError, 1),
        (errors.BackupExistsError, 2),
        (errors.DatabaseError, 3),
        (errors.DatabaseLockedError, 3),
        (errors.NewerDatabaseError, 3),
    ],
)
def test_exit_statuses(kind: type[SdgenAdminError], expected: int) -> None:
    assert exit_status(kind("It failed.")) == expected
