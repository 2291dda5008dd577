"""A session's metadata: what the person says about it."""

import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator

from sdgen_admin.errors import InvalidTagError
from sdgen_admin.models.base import LocalDateTime, Model
from sdgen_admin.models.enums import Rating
from sdgen_admin.models.text import composed

MAX_TAG_LENGTH = 50


def check_tag(tag: str) -> str:
    """Return `tag` in Unicode's composed form (NFC), so that one word is one tag on every keyboard.

    Raises:
        InvalidTagError: It is not 1 to 50 letters (with their combining marks), digits, `-` and `_`.
    """
    tag = composed(tag)
    categories = [unicodedata.category(character) for character in tag]
    fits = all(
        character in "-_" or category[0] in "LM" or category == "Nd"
        for character, category in zip(tag, categories, strict=True)
    )
    if not fits or not 1 <= len(tag) <= MAX_TAG_LENGTH or categories[0][0] == "M":
        raise InvalidTagError(f"Invalid tag {tag!r}.", tag=tag, longest=MAX_TAG_LENGTH)
    return tag


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return `tags` checked, in their order, each once. Raises InvalidTagError as `check_tag` does."""
    return tuple(dict.fromkeys(check_tag(tag) for tag in tags))


def check_text(text: str) -> str:
    """Return `text`; raises ValueError if UTF-8, and so the database, cannot hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it is not valid UTF-8") from None
    return text


Text = Annotated[str, AfterValidator(check_text)]
"""Text that the database can hold: no lone surrogates, as a terminal in another encoding passes on."""

Tags = Annotated[tuple[str, ...], AfterValidator(check_tags)]
"""A list of valid tags, each once."""


class SessionMetadata(Model):
    """What a person said about one session, as in the table `session_metadata`.

    Rows that other programs wrote with odd content are read as well as can be.
    """

    session_id: str
    """The session folder's name."""
    session_path: str
    """The session folder. Where no images root is known, as it was when the row was written."""
    is_test: bool = False
    """A trial run."""
    is_complete: bool = True
    """The person's own word on whether the session is done; no statistic."""
    is_favorite: bool = False
    """Liked."""
    user_rating: str | None = None
    """`like`, `dislike` or null; another word that another program wrote is shown as it is."""
    user_note: str | None = None
    """Free text."""
    tags: tuple[str, ...] = ()
    """The session's tags, in the order in which they were added."""
    auto_metadata: Any = None
    """Another program's JSON object: kept, never written."""
    created_at: LocalDateTime | None = None
    """When the row was made."""
    updated_at: LocalDateTime | None = None
    """When the row was last changed."""


class SessionMetadataUpdate(Model):
    """A change of metadata: only the fields that are given change.

    An explicit null clears rating or note (and changes nothing elsewhere); `tags` replaces the whole list;
    `add_tags` and `remove_tags` then edit the list as it is at that moment.
    """

    model_config = {"extra": "forbid"}

    is_test: bool | None = None
    """A trial run."""
    is_complete: bool | None = None
    """The person's own word on whether the session is done."""
    is_favorite: bool | None = None
    """Liked."""
    user_rating: Rating | None = None
    """The rating; an explicit null clears it."""
    user_note: Text | None = None
    """The note; an explicit null clears it."""
    tags: Tags | None = None
    """The whole new list."""
    add_tags: Tags = ()
    """Tags to add at the end, unless they are there already."""
    remove_tags: tuple[str, ...] = ()
    """Tags to remove, if there; any text, so that other programs' odd tags can be removed too."""


class MetadataChange(Model):
    """One session's metadata before and after an update."""

    session_id: str
    """The session."""
    before: SessionMetadata | None
    """What was stored; null if the session had no metadata."""
    after: SessionMetadata
    """What is stored now (or would be, in a dry run)."""

    def at(self, session_path: str) -> "MetadataChange":
        """Return the same change of a session whose folder is at a path now, whatever the row says."""
        here = {"session_path": session_path}
        before = self.before and self.before.model_copy(update=here)
        return MetadataChange(session_id=self.session_id, before=before, after=self.after.model_copy(update=here))
