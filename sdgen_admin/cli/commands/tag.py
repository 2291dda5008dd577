"""`sdgen-admin tag`."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from sdgen_admin.cli import completion
from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.groups import with_options
from sdgen_admin.cli.invalid import explained
from sdgen_admin.cli.options import Output, Place, Sessions
from sdgen_admin.cli.selection import chosen_sessions, contradiction
from sdgen_admin.errors import UsageError
from sdgen_admin.models.enums import RatingFilter

_EDITS = "Edits"
_MANY = 10
_FLAGS = {"add_tags": "--add", "remove_tags": "--remove", "tags": "--set", "user_note": "--note"}


@dataclass(repr=False, eq=False)
class Edits:
    """What is to be changed."""

    add: Annotated[
        list[str] | None,
        typer.Option(
            "--add",
            metavar="TAG",
            help="Add a tag; repeatable.",
            autocompletion=completion.tags,
            rich_help_panel=_EDITS,
        ),
    ] = None
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove",
            metavar="TAG",
            help="Remove a tag; repeatable.",
            autocompletion=completion.tags,
            rich_help_panel=_EDITS,
        ),
    ] = None
    replace: Annotated[
        str | None, typer.Option("--set", metavar="A,B,…", help="Replace all tags.", rich_help_panel=_EDITS)
    ] = None
    clear_tags: Annotated[bool, typer.Option("--clear-tags", help="Remove all tags.", rich_help_panel=_EDITS)] = False
    liked: Annotated[
        bool | None, typer.Option("--liked/--no-liked", help="Like, or no longer.", rich_help_panel=_EDITS)
    ] = None
    test: Annotated[bool | None, typer.Option("--test/--no-test", help="A test, or not.", rich_help_panel=_EDITS)] = (
        None
    )
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--no-complete", help="Your word that it is done, or not.", rich_help_panel=_EDITS),
    ] = None
    rating: Annotated[
        RatingFilter | None, typer.Option("--rating", help="Rate; 'none' clears.", rich_help_panel=_EDITS)
    ] = None
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Replace the note.", rich_help_panel=_EDITS)
    ] = None
    clear_note: Annotated[bool, typer.Option("--clear-note", help="Remove the note.", rich_help_panel=_EDITS)] = False

    def values(self) -> dict[str, Any]:
        """Return the fields of a `SessionMetadataUpdate`. Raises UsageError where two edits contradict each other."""
        if self.clear_tags and self.replace is not None:
            raise contradiction("--set", "--clear-tags")
        if self.clear_note and self.note is not None:
            raise contradiction("--note", "--clear-note")
        if both := sorted(set(self.add or ()) & set(self.remove or ())):
            raise UsageError(f"{both[0]!r} is to be added and removed.", "Leave one of them out.")
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


@with_options
def command(
    output: Output,
    place: Place,
    edits: Edits,
    sessions: Sessions = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="List every tag in use with its count.")] = False,
) -> None:
    """Change what you say about sessions: tags, likes, ratings, notes.

    Either every named session is changed, or none. Until you say --no-complete, a session counts as complete.

    Examples:
        sdgen-admin tag latest --add portfolio --liked

        sdgen-admin list --liked --all --format ids | sdgen-admin tag - --add best
    """
    values = edits.values()
    if listing:
        if values or sessions:
            raise UsageError("--list goes without sessions and edits.", "Leave them out.")
        _list_tags(output, place)
        return
    if not sessions or not values:
        what = "Which sessions?" if not sessions else "What is to be changed?"
        raise UsageError(what, "For example: sdgen-admin tag latest --add portfolio --liked")
    _change(output, place, sessions, values, dry_run=dry_run)


def _change(output: Output, place: Place, sessions: list[str], values: dict[str, Any], *, dry_run: bool) -> None:
    from pydantic import ValidationError

    from sdgen_admin.cli.views.changes import ChangesView
    from sdgen_admin.models.metadata import SessionMetadataUpdate

    try:
        update = SessionMetadataUpdate(**values)
    except ValidationError as error:
        raise explained(error, _FLAGS) from None
    library = place.library()
    ids = chosen_sessions(library, sessions)
    if not ids:
        place.say("No session ids on standard input: nothing to change.")
    changes = library.update_metadata(ids, update, dry_run=dry_run)
    renderer(output.chosen).render(ChangesView(changes))
    if len(changes) > _MANY:
        place.say(f"{sum(change.before != change.after for change in changes):,} of {len(changes):,} sessions")
    if dry_run and output.chosen is OutputFormat.TABLE:
        place.say("A dry run: nothing was changed.")


def _list_tags(output: Output, place: Place) -> None:
    from sdgen_admin.cli.views.tags import TagsView

    counts = place.library().tag_counts()
    renderer(output.chosen).render(TagsView(counts))
    if not counts:
        place.say("No tags yet. Add one with: sdgen-admin tag latest --add portfolio")
