"""Each option, declared once. Commands take groups of them, which `groups.with_options` spells out for Typer.

What is not given is None here: Typer builds a Pydantic adapter for every value that it finds, defaults too, which
costs a command line that starts fast more than all the rest. For the same reason the groups, dataclasses of many
fields, are made without what nobody uses.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

import typer

from sdgen_admin.cli import completion
from sdgen_admin.cli.formats import OutputFormat
from sdgen_admin.cli.invalid import explained
from sdgen_admin.errors import UsageError
from sdgen_admin.models.enums import RatingFilter, RunStatus, SortKey

if TYPE_CHECKING:
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.services.library import SessionLibrary

_FILTERS = "Filters"
_PAGE = "Order and page"
_OUTPUT = "Output"
_PLACE = "Where"

Sessions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SESSION]...",
        help="A session id, a part of exactly one, 'latest', or '-' for ids on standard input.",
        autocompletion=completion.sessions,
        show_default=False,
    ),
]
Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="A session id, a part of exactly one, or 'latest'.",
        autocompletion=completion.sessions,
    ),
]
Cached = Annotated[
    bool, typer.Option("--cached", help="Take the database as it is; touch no folder.", rich_help_panel=_OUTPUT)
]
Force = Annotated[bool, typer.Option("--force", help="Compute fresh ones again, too.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=128, help="Sessions read side by side; by default, what the drive rewards."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 also where a session has a problem.")]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="A,B,…",
        help="Fields to show, in table, csv and tsv.",
        autocompletion=completion.columns,
        rich_help_panel=_OUTPUT,
    ),
]


@dataclass(repr=False, eq=False)
class Place:
    """Which collection, and how much to say."""

    images_dir: Annotated[
        str | None, typer.Option("--images-dir", metavar="DIR", help="The images root.", rich_help_panel=_PLACE)
    ] = None
    db: Annotated[str | None, typer.Option("--db", metavar="FILE", help="The database.", rich_help_panel=_PLACE)] = None
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Say more on stderr, tracebacks included.", rich_help_panel=_PLACE)
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.", rich_help_panel=_PLACE)
    ] = False

    def library(self) -> "SessionLibrary":
        """Return the library of the collection that is meant. Raises SettingsError where none is named."""
        from sdgen_admin.services.library import SessionLibrary
        from sdgen_admin.settings import find_settings

        settings = find_settings(self.images_dir, self.db)
        self.say_more(f"images root: {settings.images_dir.value} (from {settings.images_dir.source})")
        self.say_more(f"database: {settings.db_path.value} (from {settings.db_path.source})")
        library = SessionLibrary(settings.images_dir.value, settings.db_path.value)
        library.database.on_new = lambda path: self.say(f"A new database: {path}")
        library.database.on_wait = lambda: self.say("Waiting for another program that is writing to the database …")
        library.database.on_backup = lambda copy: self.say(f"The database as it was before its first use is in {copy}")
        return library

    def say(self, text: str) -> None:
        """Say something on stderr, unless quiet."""
        if not self.quiet:
            from sdgen_admin.cli.terminal import note

            note(text)

    def say_more(self, text: str) -> None:
        """Say something on stderr, if verbose."""
        if self.verbose:
            self.say(text)


@dataclass(repr=False, eq=False)
class Output:
    """In which form data is written."""

    format: Annotated[
        OutputFormat | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"{', '.join(list(OutputFormat)[:-1])} or {list(OutputFormat)[-1]}; a table unless given.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.", rich_help_panel=_OUTPUT)] = False

    @property
    def chosen(self) -> OutputFormat:
        """The format that is meant. Raises UsageError where two are asked for."""
        if self.json and self.format not in (None, OutputFormat.JSON):
            raise UsageError(f"--json and --format {self.format} ask for two formats.", "Leave one of them out.")
        return OutputFormat.JSON if self.json else self.format or OutputFormat.TABLE


@dataclass(repr=False, eq=False)
class Filters:
    """Which sessions, in which order, which page: the web API's query parameters and more."""

    liked: Annotated[
        bool | None, typer.Option("--liked/--no-liked", help="Liked or not.", rich_help_panel=_FILTERS)
    ] = None
    test: Annotated[bool | None, typer.Option("--test/--no-test", help="Tests or not.", rich_help_panel=_FILTERS)] = (
        None
    )
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--no-complete", help="At least 95 % of images, or less.", rich_help_panel=_FILTERS),
    ] = None
    seed_sweep: Annotated[
        bool | None, typer.Option("--seed-sweep/--no-seed-sweep", help="Seed sweeps or not.", rich_help_panel=_FILTERS)
    ] = None
    model: Annotated[
        str | None,
        typer.Option("--model", help="Part of its name.", autocompletion=completion.models, rich_help_panel=_FILTERS),
    ] = None
    from_date: Annotated[
        str | None,
        typer.Option(
            "--from-date",
            metavar="WHEN",
            help="Created then or later: 2025-11-07, today, yesterday, 7d, 2w, 3m.",
            rich_help_panel=_FILTERS,
        ),
    ] = None
    to_date: Annotated[
        str | None,
        typer.Option(
            "--to-date",
            metavar="WHEN",
            help="Created then or earlier; a bare day is the whole day.",
            rich_help_panel=_FILTERS,
        ),
    ] = None
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="TAG",
            help="Has this tag; repeat it for all of several.",
            autocompletion=completion.tags,
            rich_help_panel=_FILTERS,
        ),
    ] = None
    untagged: Annotated[bool, typer.Option("--untagged", help="Has no tag.", rich_help_panel=_FILTERS)] = False
    rating: Annotated[RatingFilter | None, typer.Option("--rating", help="Rated so.", rich_help_panel=_FILTERS)] = None
    status: Annotated[
        RunStatus | None, typer.Option("--status", help="The manifest's run status.", rich_help_panel=_FILTERS)
    ] = None
    problem: Annotated[
        bool | None,
        typer.Option("--problem/--no-problem", help="Lacks full stats, or not.", rich_help_panel=_FILTERS),
    ] = None
    missing: Annotated[
        bool, typer.Option("--missing", help="In the database, but its folder is gone.", rich_help_panel=_FILTERS)
    ] = False
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Part of id, prompts, note or a tag.", rich_help_panel=_FILTERS),
    ] = None
    sort: Annotated[
        SortKey | None, typer.Option("--sort", help="Newest or largest first, names A to Z.", rich_help_panel=_PAGE)
    ] = None
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.", rich_help_panel=_PAGE)] = False
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="1-500",
            help="At most so many; a list has 100.",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None
    offset: Annotated[
        int | None, typer.Option("--offset", metavar="N", help="Pass over so many.", rich_help_panel=_PAGE)
    ] = None

    def narrows(self, *, page: bool = True) -> bool:
        """Whether any of them asks for less than everything, as an order alone does not.

        Args:
            page: Whether limit and offset count, too.
        """
        passed_over = ("sort", "reverse") if page else ("sort", "reverse", "limit", "offset")
        return any(
            getattr(self, option.name) != option.default for option in fields(self) if option.name not in passed_over
        )

    def query(self, *, limit: int | None) -> "SessionFilter":
        """Return the filter.

        Args:
            limit: The page's size where `--limit` does not say.

        Raises:
            UsageError: A value is out of range or of the wrong form.
        """
        from pydantic import ValidationError

        from sdgen_admin.models.filters import SessionFilter

        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        values = {"limit": limit} | {name: value for name, value in asked.items() if value is not None}
        try:
            return SessionFilter(**values)
        except ValidationError as error:
            raise explained(error) from None
