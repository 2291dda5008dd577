"""How a drive spells its names. Some fold case or Unicode forms, so that what they open answers to many names."""

import os
from unicodedata import normalize

from sdgen_admin.models.text import fold


def may_be_spelled_otherwise(folder: str, name: str) -> bool:
    """Whether a name that the drive opens may stand differently in the folder's listing.

    Asked by looking for another spelling of it: that takes 0.01 ms, to list 100,000 sessions 290 ms. On a drive that
    folds nothing there is none, unless somebody made both.
    """
    if not name.isprintable() or name != name.rstrip(". "):  # some drives pass over what cannot be seen
        return True
    others = {_other_case(name), normalize("NFC", name), normalize("NFD", name)} - {name}
    return any(os.path.lexists(os.path.join(folder, other)) for other in others)


def _other_case(name: str) -> str:
    """Return `name` with its letters in the other case: the ASCII ones, which every drive that folds case folds."""
    other = "".join(letter.swapcase() if letter.isascii() else letter for letter in name)
    return name.swapcase() if other == name else other


def is_same_root(one: str, other: str) -> bool:
    """Whether two paths lead to the same place, be it there at the moment or not."""
    return one == other or os.path.realpath(one) == os.path.realpath(other) or is_same_folder(one, other)


def is_other_spelling(one: str, other: str) -> bool:
    """Whether two paths lead to the same folder and differ by no more than case or Unicode form."""
    return fold(one) == fold(other) and is_same_folder(one, other)


def is_same_folder(one: str, other: str) -> bool:
    """Whether two paths lead to the same folder; not if either leads nowhere."""
    try:
        if os.path.samefile(one, other):
            return True
    except OSError:
        return False
    # A drive may count its files anew for every spelling.
    return fold(one) == fold(other) and _as_listed(one) == _as_listed(other)


def _as_listed(path: str) -> str:
    """Return a path as the listings of the folders on it spell it; as it is where these cannot be read."""
    folder, name = os.path.split(path)
    if not name:
        return path
    folder = _as_listed(folder)
    return os.path.join(folder, listed_name(folder, name))


def listed_name(folder: str, name: str) -> str:
    """Return how a folder's listing spells what the drive opens as `name`; `name` itself if that cannot be told."""
    if not may_be_spelled_otherwise(folder, name):
        return name
    try:
        names = os.listdir(folder)
    except OSError:
        return name
    alike = [listed for listed in names if fold(listed) == fold(name)]
    return alike[0] if name not in names and len(alike) == 1 else name
