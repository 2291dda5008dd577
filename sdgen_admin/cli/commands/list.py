"""`sdgen-admin list`."""

from typing import TYPE_CHECKING, Annotated

import typer

from sdgen_admin.cli.columns import parse_columns
from sdgen_admin.cli.filters import Filters
from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.options import Cached, Columns, Output, Place
from sdgen_admin.cli.selection import contradiction
from sdgen_admin.cli.terminal import progress_bar

if TYPE_CHECKING:
    from sdgen_admin.models.reports import ComputeReport


@with_options
def command(
    filters: Filters,
    output: Output,
    place: Place,
    columns: Columns = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every session that matches.", rich_help_panel="Order and page")
    ] = False,
    cached: Cached = False,
) -> None:
    """List sessions, newest first.

    Missing and outdated stats are computed first; --cached takes the database as it is.

    Examples:
        sdgen-admin list --liked --model pony

        sdgen-admin list --liked --sort updated --limit 10

        sdgen-admin list --from-date 7d --where 'steps>=30' --format csv
    """
    if everything and filters.limit is not None:
        raise contradiction("--all", "--limit")
    if columns is not None and output.chosen not in (OutputFormat.TABLE, OutputFormat.CSV, OutputFormat.TSV):
        place.says.note("--columns applies to table, csv and tsv only.")
    asked = None if columns is None else parse_columns(columns)
    query = filters.query(limit=None if everything else 100)
    library = place.library()

    from sdgen_admin.cli.views.sessions import SessionsView

    def on_report(report: "ComputeReport") -> None:
        progress.close()
        is_everything = filters.problem is True or not filters.narrows(page=False)
        place.says.listing(report, is_everything=is_everything)

    with (
        progress_bar(quiet=place.quiet) as progress,
        library.select(query, fresh=not cached, progress=progress, on_report=on_report) as (total_count, sessions),
    ):
        page = {"total_count": total_count, "limit": query.limit, "offset": query.offset}
        view = SessionsView(sessions, page, asked)
        renderer(output.chosen).render(view)
    if output.chosen is not OutputFormat.JSON:
        if total_count:
            place.says.page(query, total_count, view.left_out)
        else:
            from sdgen_admin.cli.empty import explain_empty_list

            explain_empty_list(place.says, library, filters, query, cached=cached)
