"""The words of the command line as Typer knows them. `python -m tests.cli.words` writes them for the completion."""

import inspect
import subprocess
import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import typer

from sdgen_admin.cli import words
from sdgen_admin.cli.app import COMMANDS, app

_HELP = "Show this message and exit."
_HEAD = '''"""The words that the shell can complete. `python -m tests.cli.words` writes this file: do not edit it.

An option's values are None for a flag, the words to choose from, or empty if they are not known beforehand.
"""

Options = dict[str, tuple[str, tuple[str, ...] | None]]
"""Each option's help and values."""

'''


def program_options() -> dict[str, Any]:
    """Return the options that stand before a command."""
    return _options(typer.main.get_command(app), {})


def commands() -> dict[str, Any]:
    """Return each command's purpose, its arguments (`SESSION`, `SESSION...` if repeatable) and its options."""
    program: Any = typer.main.get_command(app)
    found = {}
    for name, module in COMMANDS.items():
        command = program.commands[name]
        function: Any = import_module(f"sdgen_admin.cli.commands.{module}").command
        types = {each.name: each.annotation for each in inspect.signature(function).parameters.values()}
        arguments = tuple(_bare(param.metavar) for param in command.params if param.param_type_name == "argument")
        found[name] = (_purpose(command.help), arguments, _options(command, types))
    return found


def _options(command: Any, types: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for param in command.params:
        if param.param_type_name == "option" and not param.hidden:
            is_flag = param.is_flag or param.name.endswith("_completion")
            values = None if is_flag else _choices(types.get(param.name))
            found |= dict.fromkeys([*param.opts, *param.secondary_opts], (param.help or "", values))
    return found | {"--help": (_HELP, None)}


def _choices(hint: Any) -> tuple[str, ...]:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return tuple(member.value for member in hint)
    return next(filter(None, map(_choices, get_args(hint))), ())


def _bare(metavar: str) -> str:
    return metavar.replace("[", "").replace("]", "")


def _purpose(text: str) -> str:
    return text.strip().splitlines()[0]


def main() -> None:
    """Write the file."""
    file = Path(words.__file__)
    values = {"PROGRAM": program_options(), "COMMANDS": commands()}
    kinds = {"PROGRAM": "Options", "COMMANDS": "dict[str, tuple[str, tuple[str, ...], Options]]"}
    text = "".join(f"{name}: {kinds[name]} = {_literal(values[name])}\n" for name in values)
    file.write_text(_HEAD + text, encoding="utf-8")
    for step in (["format"], ["check", "--fix"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, "--quiet", str(file)], check=True)


def _literal(value: Any) -> str:
    return (
        repr(value)
        if not isinstance(value, dict)
        else ("{" + ", ".join(f"{key!r}: {_literal(item)}" for key, item in value.items()) + "}")
    )


if __name__ == "__main__":
    main()
