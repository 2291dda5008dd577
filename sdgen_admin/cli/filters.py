"""The filters: which sessions, in which order, which page. Each is a field of `SessionFilter`."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sdgen_admin.cli.invalid import explained
from sdgen_admin.cli.options import Where
from sdgen_admin.models.enums import RatingFilter, Source, StatusFilter

if TYPE_CHECKING:
    from sdgen_admin.models.filters import SessionFilter

_FILTERS = "Filters"
_PAGE = "Order and page"
_ORDER = ("sort", "reverse")


@dataclass(repr=False, eq=False)
class Filters:
    """Which sessions, in which order, which page: the web API's query parameters and more."""

    liked: Annotated[
        bool | None, typer.Option("--liked/--no-liked", help="Liked, or not.", rich_help_panel=_FILTERS)
    ] = None
    test: Annotated[bool | None, typer.Option("--test/--no-test", help="Tests, or not.", rich_help_panel=_FILTERS)] = (
        None
    )
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--no-complete", help="At least 95 % of images, or less.", rich_help_panel=_FILTERS),
    ] = None
    seed_sweep: Annotated[
        bool | None, typer.Option("--seed-sweep/--no-seed-sweep", help="Seed sweeps, or not.", rich_help_panel=_FILTERS)
    ] = None
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="TEXT",
            help="Part of the model's name; repeatable (any).",
            rich_help_panel=_FILTERS,
        ),
    ] = None
    from_date: Annotated[
        str | None,
        typer.Option(
            "--from-date",
            metavar="WHEN",
            help="Created then or later: 2025-11-07, 2025-11, today, yesterday, 24h, 7d, 2w, 3m, 1y.",
            rich_help_panel=_FILTERS,
        ),
    ] = None
    to_date: Annotated[
        str | None,
        typer.Option(
            "--to-date",
            metavar="WHEN",
            help="Created then or earlier; a bare day or month includes all of it.",
            rich_help_panel=_FILTERS,
        ),
    ] = None
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="TAG",
            help="Has this tag; repeatable (all).",
            rich_help_panel=_FILTERS,
        ),
    ] = None
    untagged: Annotated[bool, typer.Option("--untagged", help="Has no tag.", rich_help_panel=_FILTERS)] = False
    rating: Annotated[
        RatingFilter | None,
        typer.Option("--rating", metavar="|".join(RatingFilter), help="Has this rating.", rich_help_panel=_FILTERS),
    ] = None
    status: Annotated[
        StatusFilter | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help=f"{', '.join(list(StatusFilter)[:-1])} or {list(StatusFilter)[-1]}.",
            rich_help_panel=_FILTERS,
        ),
    ] = None
    problem: Annotated[
        bool | None,
        typer.Option("--problem/--no-problem", help="Lacks full stats, or not.", rich_help_panel=_FILTERS),
    ] = None
    source: Annotated[
        Source | None,
        typer.Option("--source", metavar="|".join(Source), help="Where the facts came from.", rich_help_panel=_FILTERS),
    ] = None
    missing: Annotated[
        bool, typer.Option("--missing", help="In the database, but without a folder.", rich_help_panel=_FILTERS)
    ] = False
    search: Annotated[
        str | None,
        typer.Option(
            "--search",
            metavar="TEXT",
            help='Words in id, prompts, note or tags (all); "two words" stay together.',
            rich_help_panel=_FILTERS,
        ),
    ] = None
    where: Where = None
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="FIELD",
            help="Sort by any field: newest or largest first, names A to Z.",
            rich_help_panel=_PAGE,
        ),
    ] = None
    reverse: Annotated[bool, typer.Option("--reverse", help="Reverse the order.", rich_help_panel=_PAGE)] = False
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            help="At most N sessions, 1 to 500 (a list: 100).",
            show_default=False,
            rich_help_panel=_PAGE,
        ),
    ] = None
    offset: Annotated[
        int | None, typer.Option("--offset", metavar="N", help="Skip the first N sessions.", rich_help_panel=_PAGE)
    ] = None

    def narrows(self, *, page: bool = True) -> bool:
        """Whether any of them asks for less than everything, as an order alone does not.

        Args:
            page: Whether limit and offset count, too.
        """
        ignored = _ORDER if page else (*_ORDER, "limit", "offset")
        options = (option for option in fields(self) if option.name not in ignored)
        return any(getattr(self, option.name) != option.default for option in options)

    def query(self, *, limit: int | None) -> "SessionFilter":
        """Return the filter.

        Args:
            limit: The page's size unless `--limit` says it.

        Raises:
            UsageError: A value is out of range or of the wrong form.
        """
        asked = {option.name: getattr(self, option.name) for option in fields(self)}
        return session_filter({"limit": limit} | {name: value for name, value in asked.items() if value is not None})


def session_filter(values: dict[str, Any]) -> "SessionFilter":
    """Return the filter that the values of some options make. Raises UsageError if one is not valid."""
    from pydantic import ValidationError

    from sdgen_admin.models.filters import SessionFilter

    try:
        return SessionFilter(**values)
    except ValidationError as error:
        raise explained(error) from None
