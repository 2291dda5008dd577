"""What a command line loads: start-up time is a feature, and what is not loaded costs nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.harness import environment, process

REPORT = """
import json, sys
from sdgen_admin.__main__ import main
sys.argv = ["sdgen-admin", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)
"""
HEAVY = {
    "pydantic", "msgspec", "sqlite3", "rich", "rich.console", "rich.table", "logging", "concurrent.futures", "asyncio",
    "multiprocessing",
}  # fmt: skip
"""What only some command lines need. `subprocess` is not among them: Typer itself loads it."""


def loaded(*arguments: str, env: dict[str, str | None] | None = None) -> set[str]:
    """Return what a command line that succeeds has loaded by its end, beyond what Typer loads by itself."""
    command = [sys.executable, "-c", REPORT, *arguments]
    done = subprocess.run(command, capture_output=True, env=environment(env), check=True, timeout=60)
    status, modules = json.loads(done.stderr.splitlines()[-1])
    assert not status
    return set(modules)


def test_version_loads_nothing_heavy() -> None:
    assert loaded("--version") & HEAVY == set()
    assert not any(name.startswith("sdgen_admin.cli.commands.") for name in loaded("--version"))


@pytest.mark.parametrize("arguments", ["--help", "list --help", ""])
def test_help_loads_nothing_heavy_of_ours(arguments: str) -> None:
    assert loaded(*arguments.split()) & {"rich", "msgspec", "sqlite3", "sdgen_admin.services.library"} == set()


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("show 2025-", "2025-10-20_091500_seed_study.prompt"),
        ("list --tag po", "portfolio"),
        ("list --model pony", "ponyDiffusionV6XL.safetensors"),
        ("list --sort upd", "updated_at"),
        ("list --columns wid", "width"),
        ("list --where sche", "scheduler"),
    ],
)
def test_completion_loads_neither_typer_nor_models(shared: Path, line: str, completed: str) -> None:
    words = ["sdgen-admin", *line.split()]
    env: dict[str, str | None] = {
        "_SDGEN_ADMIN_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }

    assert loaded(env=env) & ((HEAVY | {"typer"}) - {"sqlite3"}) == set()
    assert process(env=env).stdout.decode().split() == [completed]


@pytest.mark.parametrize("arguments", ["list", "list --json", "show latest --cached", "tag --list", "config"])
def test_where_nothing_is_outdated_nothing_that_computes_is_loaded(shared: Path, arguments: str) -> None:
    unneeded = HEAVY - {"pydantic", "sqlite3", "rich"}  # piped, a table needs Rich's cell widths, but no console

    assert loaded(*arguments.split()) & unneeded == set()


def test_each_command_loads_itself_alone(shared: Path) -> None:
    commands = {name for name in loaded("list") if name.startswith("sdgen_admin.cli.commands.")}

    assert commands == {"sdgen_admin.cli.commands.list"}


def test_only_the_format_that_is_asked_for_is_loaded(shared: Path) -> None:
    formats = {name.rpartition(".")[2] for name in loaded("list", "--format", "ids") if ".cli.formats." in name}

    assert formats == {"ids", "interface", "stdout"}
