"""Each option that several commands have, declared once. `groups.with_options` spells groups out for Typer.

The groups are plain dataclasses without the methods that nobody uses: start-up time is a feature.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import typer

from sdgen_admin.cli.formats import OutputFormat
from sdgen_admin.errors import UsageError

if TYPE_CHECKING:
    from sdgen_admin.cli.says import Says
    from sdgen_admin.services.library import SessionLibrary

VERBOSE = "sdgen_admin.verbose"
"""The key under which the context remembers that `--verbose` was given."""

_OUTPUT = "Output"
_PLACE = "Where"


def _remember_verbose(context: typer.Context, verbose: bool) -> bool:
    context.meta[VERBOSE] = verbose
    return verbose


Sessions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SESSION]...",
        help="A session id, part of exactly one id, 'latest', or '-' to read ids from standard input.",
        show_default=False,
    ),
]
Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="A session id, part of exactly one id, or 'latest'.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="A condition on any field, such as 'steps>=30'; repeatable (all).",
        rich_help_panel="Filters",
    ),
]
Cached = Annotated[
    bool, typer.Option("--cached", help="Take the database as it is; touch no folder.", rich_help_panel=_OUTPUT)
]
Force = Annotated[bool, typer.Option("--force", help="Compute all of them, fresh ones too.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", metavar="N", min=1, max=128, help="Read this many sessions at once (default: what suits the drive)."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if a session has a problem.")]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="A,B,…",
        help="Fields to show, in table, csv and tsv.",
        rich_help_panel=_OUTPUT,
    ),
]


@dataclass(repr=False, eq=False)
class Place:
    """Which collection, and how much to say."""

    images_dir: Annotated[
        list[str] | None,
        typer.Option("--images-dir", metavar="DIR", help="An images root; repeatable.", rich_help_panel=_PLACE),
    ] = None
    root: Annotated[
        str | None,
        typer.Option(
            "--root",
            metavar="NAME",
            help="Only this one of several images roots.",
            rich_help_panel=_PLACE,
        ),
    ] = None
    db: Annotated[str | None, typer.Option("--db", metavar="FILE", help="The database.", rich_help_panel=_PLACE)] = None
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            help="Say more on stderr, with a traceback for an error.",
            callback=_remember_verbose,
            rich_help_panel=_PLACE,
        ),
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.", rich_help_panel=_PLACE)
    ] = False

    def library(self) -> "SessionLibrary":
        """Return the library of the collection that is meant. Raises SettingsError if nothing names one."""
        from sdgen_admin.settings import find_settings

        settings = find_settings(self.images_dir, self.db)
        self.says.settings(settings)

        from sdgen_admin.services.library import SessionLibrary

        return SessionLibrary(settings.roots, settings.db_path, root=self.root, listener=self.says)

    @cached_property
    def says(self) -> "Says":
        """What the command says with."""
        from sdgen_admin.cli.says import Says

        return Says(quiet=self.quiet, verbose=self.verbose)


@dataclass(repr=False, eq=False)
class Output:
    """In which format data is written."""

    format: Annotated[
        OutputFormat | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"{', '.join(list(OutputFormat)[:-1])} or {list(OutputFormat)[-1]} (default: table).",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.", rich_help_panel=_OUTPUT)] = False

    @property
    def chosen(self) -> OutputFormat:
        """The format that is meant. Raises UsageError if two are asked for."""
        if self.json and self.format not in (None, OutputFormat.JSON):
            message = f"--json and --format {self.format} ask for two formats."
            raise UsageError(message, hint="Leave one of them out.")
        return OutputFormat.JSON if self.json else self.format or OutputFormat.TABLE
