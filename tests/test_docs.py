"""The README's examples run and say what it says, and every command and flag is mentioned in it.

In a ```console block, a line that starts with `$ ` is a command. What follows is its exact output, stdout and stderr
together; a line `…` stands for any lines. A ```python block runs as it is. All of them work on a demo collection in the
current folder, one after the other.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

import sdgen_admin
from sdgen_admin.cli.app import COMMANDS, app
from sdgen_admin.services.demo import make_demo
from tests.cli.harness import environment

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SECONDS = re.compile(r"\bin \d+\.\d s\b")

needs_sh = pytest.mark.skipif(os.name == "nt", reason="there is no sh here")


@dataclass(frozen=True)
class Example:
    """A command of the README and what it says there."""

    line: int
    command: str
    expected: str


def blocks(language: str) -> list[tuple[int, str]]:
    """Return the fenced blocks in a language, each with the number of its first line."""
    found = [match for match in _BLOCK.finditer(TEXT) if match[1] == language]
    return [(TEXT.count("\n", 0, match.start()) + 2, match[2]) for match in found]


def examples() -> list[Example]:
    found: list[Example] = []
    for first, block in blocks("console"):
        parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
        assert parts[0] == "", f"README.md, line {first}: what comes before the first command?"
        found += [Example(first, command, expected) for command, expected in zip(parts[1::2], parts[2::2], strict=True)]
    return found


def fits(said: str, expected: str) -> bool:
    """Whether output is what the README says, apart from how long something took."""
    pieces = re.split(r"^…\n", _SECONDS.sub("in 0.0 s", expected), flags=re.MULTILINE)
    return re.fullmatch(r"(?:.*\n)*?".join(map(re.escape, pieces)), _SECONDS.sub("in 0.0 s", said)) is not None


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """Make a demo in the current folder; return an environment in which `sdgen-admin` works on it."""
    make_demo(tmp_path / "sdgen-demo")
    script = tmp_path / "bin" / "sdgen-admin"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sdgen_admin "$@"\n')
    script.chmod(0o755)
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    return environment({"SDGEN_IMAGES_DIR": "sdgen-demo/images", "PATH": path, "COLUMNS": None})


@needs_sh
def test_the_examples_say_what_the_readme_says(place: dict[str, str]) -> None:
    for example in examples():
        done = subprocess.run(
            ["sh", "-c", example.command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=place, check=False, timeout=60,
        )  # fmt: skip
        said = done.stdout.decode()
        assert fits(said, example.expected), f"README.md, line {example.line}: $ {example.command}\nsays:\n{said}"


def test_there_are_examples_of_the_heart() -> None:
    shown = " ".join(example.command for example in examples())

    assert all(f"sdgen-admin {name}" in shown for name in ("compute-stats", "list", "show", "tag", "refresh"))


def test_the_python_examples_run(place: dict[str, str]) -> None:
    assert blocks("python")
    for first, block in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", block], env=place, capture_output=True, check=False, text=True, timeout=60
        )
        assert done.returncode == 0, f"README.md, line {first}:\n{done.stderr}"


def flags_of(command: Any) -> list[str]:
    options = [option for option in command.params if option.param_type_name == "option"]
    return [flag for option in options for flag in (*option.opts, *option.secondary_opts) if flag.startswith("--")]


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_every_flag_is_mentioned(command: str | None) -> None:
    program: Any = typer.main.get_command(app)
    missing = [flag for flag in flags_of(program.commands[command] if command else program) if not mentions(flag)]

    assert missing == [], f"README.md does not mention {missing} of {command or 'the program'}"


def mentions(flag: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", TEXT) is not None or flag == "--help"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_mentioned(command: str) -> None:
    assert re.search(rf"(?:`|sdgen-admin ){re.escape(command)}\b", TEXT)


def test_no_command_is_mentioned_that_does_not_exist() -> None:
    lines = "\n".join(block for language in ("console", "sh") for _, block in blocks(language)).splitlines()
    code = "\n".join(line for line in lines if "sdgen-admin " in line)
    named = set(re.findall(r"\bsdgen-admin ([a-z][a-z-]*)", code))

    assert named <= set(COMMANDS)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)) <= {
        flag for command in (None, *COMMANDS) for flag in flags_of(_command(command))
    } | {"--version"}


def _command(name: str | None) -> Any:
    program: Any = typer.main.get_command(app)
    return program.commands[name] if name else program


def test_the_front_door_is_documented() -> None:
    assert all(name in TEXT for name in ("SessionLibrary", "SessionFilter"))
    named = set(re.findall(r"\bfrom sdgen_admin import ([\w, ]+)", TEXT))
    assert {name.strip() for names in named for name in names.split(",")} <= set(sdgen_admin.__all__)


def test_every_picture_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (README.parent / target).is_file(), target


def test_lines_that_stand_for_any_lines() -> None:
    assert fits("a\nb\nc\n", "a\n…\n")
    assert fits("a\nb\nc\n", "…\nb\n…\n")
    assert fits("a\nc\n", "a\n…\nc\n")
    assert fits("done in 3.2 s\n", "done in 0.0 s\n")
    assert not fits("a\nb\nc\n", "a\n…\nb\n")
    assert not fits("a\nb\n", "a\n")
