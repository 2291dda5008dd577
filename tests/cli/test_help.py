"""Each command's `--help`, as a snapshot: a change of it shows."""

import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from sdgen_admin.cli.app import COMMANDS
from tests.cli.harness import ok


class TextFile(SingleFileSnapshotExtension):
    """A snapshot in a text file of its own, to be read as it looks."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


def help_of(*arguments: str, columns: int = 80) -> str:
    """Return help as a terminal of some width shows it."""
    return ok(*arguments, "--help", env={"COLUMNS": str(columns)})


def test_program(picture: SnapshotAssertion) -> None:
    assert help_of() == picture


@pytest.mark.parametrize("command", COMMANDS)
def test_command(picture: SnapshotAssertion, command: str) -> None:
    assert help_of(command) == picture


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_two_examples(command: str) -> None:
    assert help_of(command).count(f" sdgen-admin {command}") >= 2 + 1  # the usage line is one


@pytest.mark.parametrize("command", COMMANDS)
def test_no_flag_is_cut(command: str) -> None:
    text = help_of(command)

    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text.replace("A,B,…", "")
    assert set(re.findall(r"--[a-z-]+", text)) == set(re.findall(r"--[a-z-]+", help_of(command, columns=200)))
