"""From what a person types to a session: an id, part of exactly one, or `latest`."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sdgen_admin.db import facts
from sdgen_admin.errors import AmbiguousSessionError
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import created_at, is_storable, typed_id
from sdgen_admin.models.text import fold
from sdgen_admin.services.locate import Locator, no_such_session

LATEST = "latest"
_WORDS = re.compile(r"[\W\d_]+")
_NEAR_MISSES_AMONG = 2000
"""Comparing letter by letter is slow: only the newest sessions are considered."""


class Resolver:
    """Finds sessions by id, by part of exactly one id, or by the word `latest`. Exact ids are found by key.

    Args:
        locator: Finds exact ids.
    """

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self._opened = locator.opened

    def resolve(self, texts: Iterable[str]) -> list[str]:
        """Return what names the sessions that texts mean, each once: ids, or paths where an id names another session.

        Raises:
            SessionNotFoundError: No id has one of these parts, or none has several.
            AmbiguousSessionError: Several have.
        """
        found = {text: self._find(text) for text in texts}
        unknown = [text for text, name in found.items() if name is None]
        if unknown:
            near = self._near_misses(unknown[0]) if len(unknown) == 1 else []
            raise no_such_session(unknown, near, is_latest=unknown == [LATEST])
        return list(dict.fromkeys(name for name in found.values() if name is not None))

    def _find(self, text: str) -> str | None:
        """Return what names the session that a text means, None if there is none."""
        if (key := self._locator.find_typed(text)) is not None:
            return self._locator.name_of(key)
        if text == LATEST and (latest := self._latest()):
            return latest
        matches = self._containing(text) or self._containing(typed_id(text))
        if len(matches) > 1:
            raise AmbiguousSessionError(
                f"{text!r} matches {len(matches):,} sessions.",
                text=text,
                matches=_newest_first(matches),
                count=len(matches),
            )
        return matches[0] if matches else None

    def _latest(self) -> str | None:
        return next(iter(_newest_first(self._here(""))), None)

    def _containing(self, text: str) -> list[str]:
        """Return the ids that contain a text, those whose folder is gone only if no other does."""
        part = fold(text)
        if not part:
            return []
        return list(self._here(part) or self._recorded(part, self._opened.shown))

    def _here(self, part: str) -> set[str]:
        """Return the ids that contain a folded text and have a folder; of a root that cannot be seen, as recorded."""
        unseen = [root for root in self._opened.shown if not self._locator.is_fresh or not self._listed(root)]
        here = {name for name in self._on_disk() if part in fold(name)}
        return here | self._recorded(part, unseen, present=True)

    def _recorded(self, part: str, roots: Iterable[Root], *, present: bool = False) -> set[str]:
        """Return the recorded ids that contain a folded text; if `present`, only those whose folder is not gone."""
        if not is_storable(part):
            return set()
        root_ids = [self._opened.ids[root] for root in roots if root in self._opened.ids]
        return facts.ids_containing(self._opened.connection, root_ids, part, present=present)

    def _on_disk(self) -> set[str]:
        if not self._locator.is_fresh:
            return set()
        return set().union(*map(self._listed, self._opened.shown))

    def _listed(self, root: Root) -> frozenset[str]:
        return self._opened.folders(root).listed

    def _everything(self) -> set[str]:
        return self._on_disk() | self._recorded("", self._opened.shown)

    def _near_misses(self, text: str) -> list[str]:
        names: dict[str, str] = {}
        for name in _newest_first(self._everything())[:_NEAR_MISSES_AMONG]:
            folded = fold(name)
            names[folded] = name
            for word in (folded.lstrip("0123456789_-"), *_WORDS.split(folded)):
                names.setdefault(word, name)
        near = get_close_matches(fold(text), names, n=3)
        return list(dict.fromkeys(names[name] for name in near))


def _newest_first(ids: Iterable[str]) -> list[str]:
    """Sort as a list does: newest first, equal times by id."""
    return sorted(sorted(ids), key=lambda name: str(created_at(name) or ""), reverse=True)
