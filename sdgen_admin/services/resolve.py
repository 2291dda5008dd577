"""From what a person types to a session id."""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from sdgen_admin.db.connection import Database
from sdgen_admin.db.history import sessions_in_history
from sdgen_admin.db.queries import known_ids, select
from sdgen_admin.disk.root import created_at, list_root
from sdgen_admin.errors import AmbiguousSessionError, SessionNotFoundError
from sdgen_admin.models.filters import SessionFilter

LATEST = "latest"
_WORDS = re.compile(r"[\W\d_]+")
_SHOWN = 8
_NEAR_MISSES_AMONG = 2000
"""Comparing letter by letter is slow: only so many of the newest sessions are considered."""


class Resolver:
    """Finds sessions by id, by a part of exactly one id, or by the word `latest`.

    Args:
        ids: The ids to choose from.
        here: Those among which `latest` is; None: all. One whose folder is gone is not meant by that.
        spelled: How an id that is not printable may have been written instead.
    """

    def __init__(
        self, ids: Iterable[str], here: Iterable[str] | None = None, spelled: Callable[[str], str] = str
    ) -> None:
        self._ids = set(ids)
        self._here = self._ids if here is None else set(here)
        self._spelled = {spelled(name): name for name in self._ids if not name.isprintable()}

    def resolve(self, *texts: str) -> list[str]:
        """Return the ids that texts mean, each once. The case of letters does not count; what is gone comes second.

        Raises:
            SessionNotFoundError: No id has one of these parts, or none has several; the hint says what there is.
            AmbiguousSessionError: Several have.
        """
        found = {text: self._find(text) for text in texts}
        if unknown := [text for text, name in found.items() if name is None]:
            raise self._not_found(unknown)
        return list(dict.fromkeys(name for name in found.values() if name is not None))

    def _find(self, text: str) -> str | None:
        """Return the id that a text means, None where it means none."""
        if text in self._ids:
            return text
        if text in self._spelled:
            return self._spelled[text]
        if text == LATEST and self._here:
            return self._newest_first(self._here)[0]
        part = text.casefold()
        matches = self._containing(part, self._here) or self._containing(part, self._ids)
        if len(matches) > 1:
            raise AmbiguousSessionError(
                f"{text!r} is part of {len(matches):,} session ids.",
                f"Type more of one: {_shortened(self._newest_first(matches))}",
            )
        return matches[0] if matches else None

    def _not_found(self, texts: list[str]) -> SessionNotFoundError:
        if len(texts) > 1:
            return SessionNotFoundError(
                f"There are no sessions {_shortened(list(map(repr, texts)))}.",
                "Their ids, one a line: sdgen-admin list --all --format ids",
            )
        if texts == [LATEST]:
            return SessionNotFoundError(
                "There is no latest session: none has a folder.",
                "Is it the right folder, and the drive mounted? See: sdgen-admin config",
            )
        return SessionNotFoundError(f"There is no session {texts[0]!r}.", self._near_misses(texts[0]))

    def _containing(self, part: str, ids: Iterable[str]) -> list[str]:
        return [name for name in ids if part in name.casefold()] if part else []

    def _newest_first(self, ids: Iterable[str]) -> list[str]:
        """Sort as a list does: newest first, equal times by id."""
        return sorted(sorted(ids), key=lambda name: str(created_at(name) or ""), reverse=True)

    def _near_misses(self, text: str) -> str:
        names = {}
        for name in self._newest_first(self._ids)[:_NEAR_MISSES_AMONG]:
            names[name.casefold()] = name
            for word in (name.casefold().lstrip("0123456789_-"), *_WORDS.split(name.casefold())):
                names.setdefault(word, name)
        near = get_close_matches(text.casefold(), names, n=3)
        if near:
            return f"Did you mean {_shortened(list(dict.fromkeys(names[name] for name in near)))}?"
        return "See them all with: sdgen-admin list"


def _shortened(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def resolve(
    database: Database, images_dir: str, texts: Iterable[str], *, fresh: bool, spelled: Callable[[str], str]
) -> list[str]:
    """Return the ids that texts mean, each once; see `SessionLibrary.resolve`."""
    if not fresh:
        database.require()
    here = list_root(images_dir).session_ids if fresh else []
    known: list[str] = []
    if database.exists():
        with database.open() as connection:
            known = known_ids(connection)
            if not fresh:
                known += sessions_in_history(connection)
                _, newest = select(connection, SessionFilter(limit=1), images_dir)
                here = [record.session_id for record in newest]
    return Resolver([*here, *known], here, spelled).resolve(*texts)
