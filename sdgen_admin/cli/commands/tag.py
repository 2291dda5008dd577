"""`sdgen-admin tag`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sdgen_admin.cli.filters import session_filter
from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.invalid import explained
from sdgen_admin.cli.options import Output, Place, Sessions, Where
from sdgen_admin.cli.selection import chosen_sessions, contradiction, matching_sessions
from sdgen_admin.cli.terminal import progress_bar
from sdgen_admin.errors import UsageError
from sdgen_admin.models.enums import RatingFilter

if TYPE_CHECKING:
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.models.metadata import MetadataChange, SessionMetadataUpdate
    from sdgen_admin.services.library import SessionLibrary

_EDITS = "Edits"
_EXAMPLE = "For example: sdgen-admin tag latest --add portfolio --liked"
_MANY = 10
_OPTIONS = {"add_tags": "--add", "remove_tags": "--remove", "tags": "--set", "user_note": "--note"}


@dataclass(repr=False, eq=False)
class Edits:
    """What to change."""

    add: Annotated[
        list[str] | None,
        typer.Option(
            "--add",
            metavar="TAG",
            help="Add a tag; repeatable.",
            rich_help_panel=_EDITS,
        ),
    ] = None
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove",
            metavar="TAG",
            help="Remove a tag; repeatable.",
            rich_help_panel=_EDITS,
        ),
    ] = None
    replace: Annotated[
        str | None, typer.Option("--set", metavar="A,B,…", help="Replace all tags.", rich_help_panel=_EDITS)
    ] = None
    clear_tags: Annotated[bool, typer.Option("--clear-tags", help="Remove all tags.", rich_help_panel=_EDITS)] = False
    liked: Annotated[
        bool | None, typer.Option("--liked/--no-liked", help="Like, or stop liking.", rich_help_panel=_EDITS)
    ] = None
    test: Annotated[
        bool | None, typer.Option("--test/--no-test", help="Mark as test, or not.", rich_help_panel=_EDITS)
    ] = None
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--no-complete", help="Mark as complete, or not.", rich_help_panel=_EDITS),
    ] = None
    rating: Annotated[
        RatingFilter | None,
        typer.Option(
            "--rating", metavar="|".join(RatingFilter), help="Rate; 'none' clears the rating.", rich_help_panel=_EDITS
        ),
    ] = None
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Replace the note.", rich_help_panel=_EDITS)
    ] = None
    clear_note: Annotated[bool, typer.Option("--clear-note", help="Remove the note.", rich_help_panel=_EDITS)] = False

    def values(self) -> dict[str, Any]:
        """Return the fields of a `SessionMetadataUpdate`. Raises UsageError if two edits contradict each other."""
        if self.clear_tags and self.replace is not None:
            raise contradiction("--set", "--clear-tags")
        if self.clear_note and self.note is not None:
            raise contradiction("--note", "--clear-note")
        if both := sorted(set(self.add or ()) & set(self.remove or ())):
            raise UsageError(f"Cannot both add and remove the tag {both[0]!r}.", hint="Leave one of them out.")
        values: dict[str, Any] = {"is_favorite": self.liked, "is_test": self.test, "is_complete": self.complete}
        values = {name: value for name, value in values.items() if value is not None}
        if self.clear_tags or self.replace is not None:
            values["tags"] = tuple(part.strip() for part in (self.replace or "").split(",") if part.strip())
        if self.add:
            values["add_tags"] = tuple(self.add)
        if self.remove:
            values["remove_tags"] = tuple(self.remove)
        if self.note is not None or self.clear_note:
            values["user_note"] = self.note or None
        if self.rating is not None:
            values["user_rating"] = None if self.rating is RatingFilter.NONE else self.rating.value
        return values

    def update(self) -> "SessionMetadataUpdate":
        """Return the update. Raises UsageError if there is no edit, or one is not valid."""
        from pydantic import ValidationError

        from sdgen_admin.models.metadata import SessionMetadataUpdate

        values = self.values()
        if not values:
            raise UsageError("Nothing to change: give at least one edit.", hint=_EXAMPLE)
        try:
            return SessionMetadataUpdate(**values)
        except ValidationError as error:
            raise explained(error, _OPTIONS) from None


@with_options
def command(
    output: Output,
    place: Place,
    edits: Edits,
    sessions: Sessions = None,
    where: Where = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the tags in use, with counts.")] = False,
) -> None:
    """Change what you say about sessions: tags, likes, ratings, notes.

    Either all sessions change or, if anything fails, none do.

    With --where, all sessions that match change; with names as well, the named ones that match.

    Until you say --no-complete, a session counts as marked complete.

    Examples:
        sdgen-admin tag latest --add portfolio --liked

        sdgen-admin list --liked --all --format ids | sdgen-admin tag - --add best
    """
    if listing:
        if edits.values() or sessions or where:
            raise UsageError("--list takes no sessions and no edits.", hint="Leave them out.")
        _list_tags(output, place)
        return
    if not sessions and not where:
        raise UsageError("No session is named.", hint=_EXAMPLE)
    update = edits.update()
    query = session_filter({"where": where, "limit": None}) if where else None
    library = place.library()
    library.require_changeable_metadata()
    changes = _change(place, library, sessions, query, update, dry_run=dry_run)

    from sdgen_admin.cli.views.changes import ChangesView

    renderer(output.chosen).render(ChangesView(changes))
    if len(changes) > _MANY:
        place.says.note(f"{sum(change.before != change.after for change in changes):,} of {len(changes):,} sessions")
    if dry_run and output.chosen is OutputFormat.TABLE:
        place.says.note("Dry run: nothing was changed.")


def _change(
    place: Place,
    library: "SessionLibrary",
    sessions: list[str] | None,
    query: "SessionFilter | None",
    update: "SessionMetadataUpdate",
    *,
    dry_run: bool,
) -> "tuple[MetadataChange, ...]":
    """Change the named sessions, those that match, or the named ones that match."""
    if query is not None and not sessions:
        changes = library.update_metadata(query, update, dry_run=dry_run)
        if not changes:
            place.says.note("No session matches: nothing to change.")
        return changes
    chosen = chosen_sessions(library, sessions)
    if not chosen:
        place.says.note("No session ids on standard input: nothing to change.")
    elif query is not None:
        with progress_bar(quiet=place.quiet) as progress:
            chosen = matching_sessions(library, query, chosen, place.says, progress, with_folder=False)
        if not chosen:
            place.says.note("No session matches: nothing to change.")
    return library.update_metadata(chosen, update, dry_run=dry_run)


def _list_tags(output: Output, place: Place) -> None:
    from sdgen_admin.cli.views.tags import TagsView

    counts = place.library().tags()
    renderer(output.chosen).render(TagsView(counts))
    if not counts:
        place.says.note("No tags yet. Add one with: sdgen-admin tag latest --add portfolio")
