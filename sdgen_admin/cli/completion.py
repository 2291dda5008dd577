"""What may stand at the end of a line: words of the command line, and names from the database.

Nothing here needs Typer: to load it takes longer than all the rest. `words.py` holds what it would say.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sdgen_admin.cli.words import COMMANDS, PROGRAM
from sdgen_admin.errors import SdgenAdminError
from sdgen_admin.models.text import fold

if TYPE_CHECKING:
    from sdgen_admin.models.fields import Field
    from sdgen_admin.services.completion import Completed
    from sdgen_admin.settings import Settings

Given = dict[str, list[str]]
"""The values of the options that stand on the line."""


class Offer(NamedTuple):
    """A word that may stand there."""

    word: str
    """The word as the program is to get it."""
    help: str = ""
    """What it is for."""


def offers(words: Iterable[str], part: str) -> list[Offer]:
    """Return what a word may become.

    Args:
        words: What stands before it, without the program's name.
        part: What was typed of it.
    """
    line = _Line()
    for word in words:
        line.read(word)
    return line.continued(part)


class _Line:
    """A command line, as far as it goes."""

    def __init__(self) -> None:
        self._options = PROGRAM
        self._arguments: tuple[str, ...] | None = None
        """None before the command."""
        self._read = 0
        """How many arguments there are."""
        self._given: Given = {}
        self._waiting = ""
        """The option whose value comes next."""
        self._has_options = True
        """Whether options may still come: not behind `--`."""

    def read(self, word: str) -> None:
        """Take the next word."""
        if self._waiting:
            self._given.setdefault(self._waiting, []).append(word)
            self._waiting = ""
        elif self._is_option(word) and word != "-":
            name, equals, value = word.partition("=")
            if equals:
                self._given.setdefault(name, []).append(value)
            elif self._options.get(name, ("", None))[1] is not None:
                self._waiting = name
            self._has_options = word != "--"
        elif self._arguments is None:
            _, self._arguments, self._options = COMMANDS.get(word, ("", (), {}))
        else:
            self._read += 1

    def continued(self, part: str) -> list[Offer]:
        """Return what may stand at the end."""
        if self._waiting:
            return self._values(self._waiting, part)
        if self._is_option(part):
            name, equals, value = part.partition("=")
            if equals:
                return [Offer(f"{name}={offer.word}") for offer in self._values(name, value)]
            return [Offer(name, text) for name, (text, _) in self._options.items() if name.startswith(part)]
        if self._arguments is None:
            return [Offer(name, purpose) for name, (purpose, *_) in COMMANDS.items() if name.startswith(part)]
        names = self._arguments[self._read :] or [name for name in self._arguments[-1:] if name.endswith("...")]
        return _names(names[0].removesuffix("..."), self._given, part) if names else []

    def _is_option(self, word: str) -> bool:
        return word.startswith("-") and self._has_options

    def _values(self, option: str, part: str) -> list[Offer]:
        _, choices = self._options.get(option, ("", None))
        if choices:
            return [Offer(word) for word in choices if word.startswith(part)]
        return _names(option, self._given, part)


def _names(what: str, given: Given, part: str) -> list[Offer]:
    """Return the values of an option, or the arguments, that are known only now."""
    if what not in NAMES:
        return []
    names = dict.fromkeys(NAMES[what](given, part))
    return [Offer(name) for name in names if name.isprintable()]  # a shell sends it to the terminal


def _sessions(given: Given, part: str) -> list[str]:
    """Return ids as they are shown, which is how `part` may be typed, too."""
    from sdgen_admin.models.session_id import shown_id, typed_id

    latest = ["latest"] if part and "latest".startswith(part) else []
    if part.startswith('"'):
        part = typed_id(re.sub(r"\\(x.?|u.{0,3})?$", "", part))  # without what is only half spelled out yet
    return [*latest, *map(shown_id, _look(given, "sessions", part))]


def _models(given: Given, part: str) -> Iterable[str]:
    return (name.split(" [", 1)[0] for name in _look(given, "models", part))  # any part of a name will do


def _tags(given: Given, part: str) -> list[str]:
    return _look(given, "tags", part)


def _roots(given: Given, part: str) -> list[str]:
    settings = _settings(given)
    return [root.name for root in settings.roots if fold(root.name).startswith(fold(part))] if settings else []


def _columns(_given: Given, part: str) -> list[str]:
    """Return what the last of a comma-separated list of fields may become."""
    from sdgen_admin.models.fields import FIELDS

    before, comma, last = part.rpartition(",")
    return [f"{before}{comma}{name}" for name in _field_names(FIELDS, last)]


def _sort_keys(_given: Given, part: str) -> list[str]:
    from sdgen_admin.models.fields import FIELDS

    return _field_names([field for field in FIELDS if field.is_sortable], part)


def _conditions(_given: Given, part: str) -> list[str]:
    """Return the field that a condition begins with."""
    from sdgen_admin.models.fields import FIELDS

    return _field_names(FIELDS, part)


def _field_names(fields: "Sequence[Field]", part: str) -> list[str]:
    """Return the names that begin like this; if no field has its own name so, then other names of fields."""
    part = fold(part)
    own = [field.name for field in fields if field.name.startswith(part)]
    if own:
        return own
    others = (name.replace(" ", "_") for field in fields for name in (field.label, *field.aliases))
    return [name for name in others if name.startswith(part)]


NAMES: dict[str, Callable[[Given, str], Iterable[str]]] = {
    "SESSION": _sessions,
    "--add": _tags,
    "--columns": _columns,
    "--model": _models,
    "--remove": _tags,
    "--root": _roots,
    "--sort": _sort_keys,
    "--tag": _tags,
    "--where": _conditions,
}
"""What finds the values of an argument or an option."""


def _look(given: Given, what: "Completed", part: str) -> list[str]:
    from sdgen_admin.services.completion import complete

    settings, shown = _settings(given), given.get("--root")
    if settings is None:
        return []
    roots = [root.path for root in settings.roots if not shown or fold(root.name) == fold(shown[-1])]
    return complete(settings.db_path, roots, what, part)


def _settings(given: Given) -> "Settings | None":
    from sdgen_admin.settings import find_settings

    try:
        return find_settings(given.get("--images-dir"), given.get("--db", [None])[-1])
    except SdgenAdminError:
        return None
