"""The program: its commands, each imported only when it is called for, and how it ends."""

import errno
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from sdgen_admin import __version__
from sdgen_admin.cli.options import VERBOSE
from sdgen_admin.cli.terminal import is_reader_gone, leave_stdout, note, prepare_streams
from sdgen_admin.errors import SdgenAdminError

COMMANDS = {
    "compute-stats": "compute_stats",
    "list": "list",
    "show": "show",
    "tag": "tag",
    "history": "history",
    "undo": "undo",
    "refresh": "refresh",
    "warm-cache": "warm_cache",
    "backup": "backup",
    "restore": "restore",
    "config": "config",
    "demo": "demo",
}
"""Command name to the module in `sdgen_admin.cli.commands` that holds it."""


class _Commands(Mapping[str, TyperCommand]):
    """The commands, loaded on first use: a command line that starts fast loads one of them."""

    def __init__(self) -> None:
        self._loaded: dict[str, TyperCommand] = {}

    def __getitem__(self, name: str) -> TyperCommand:
        if name not in self._loaded:
            module = import_module(f"sdgen_admin.cli.commands.{COMMANDS[name]}")
            from sdgen_admin.cli.help import Command

            alone = typer.Typer(add_completion=False)
            alone.command(name, cls=Command)(module.command)
            self._loaded[name] = typer.main.get_command(alone)  # type: ignore[assignment]
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Program(TyperGroup):
    """The group of commands. It alone turns an error into words and an exit status."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()  # type: ignore[assignment]

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run one command line and exit."""
        prepare_streams()
        try:
            status = super().main(*args, **extra | {"standalone_mode": False})
            sys.stdout.flush()
        except typer.Abort:  # the end of input where some was asked for
            status = 130
        except typer.TyperException as error:
            status = _explain(error.format_message(), _usage_hint(error), error.exit_code)
        except OSError as error:
            if not (is_reader_gone(error) or error.errno == errno.ENOSPC):  # databases have their own errors
                raise
            leave_stdout()
            # Whoever closed the pipe has seen enough.
            status = 0 if is_reader_gone(error) else _explain("Cannot write output: no space left on device.", "", 1)
        if status == 130:  # noqa: PLR2004 -- 128 + SIGINT
            typer.echo("Interrupted.", err=True)
        sys.exit(status or 0)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page of `--help`."""
        from sdgen_admin.cli.help import page

        formatter.write(page(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run the command. An error is explained; a closed pipe is not an error, since its reader has seen enough."""
        try:
            return super().invoke(ctx)
        except SdgenAdminError as error:
            from sdgen_admin.cli.hints import exit_status, hint

            if ctx.meta.get(VERBOSE):
                import traceback

                note(traceback.format_exc())
            raise typer.Exit(_explain(error.message, hint(error), exit_status(error))) from None
        except OSError as error:
            if not is_reader_gone(error):
                raise
            leave_stdout()
            raise typer.Exit from None  # before Typer sees it, which would exit with 1


def _explain(message: str, hint: str, status: int) -> int:
    from sdgen_admin.cli.text import shortened, visible

    for line in (f"Error: {message}", *(hint.split("\n") if hint else ())):
        typer.echo(shortened(visible(line)), err=True)
    return status


def _usage_hint(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"Try: {context.command_path} --help" if context is not None else ""


app = typer.Typer(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sdgen-admin {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def program(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 -- its callback does it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Know and govern your Stable Diffusion generation sessions.

    New here? `sdgen-admin demo` makes a small collection to try things on.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
