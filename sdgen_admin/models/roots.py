"""Images roots: folders that hold session folders, each with a name."""

import os
from collections.abc import Iterable
from typing import NamedTuple

from sdgen_admin.models.session_id import visible

PathLike = str | os.PathLike[str]


class Root(NamedTuple):
    """An images root."""

    name: str
    """A short name, unique in its collection."""
    path: str
    """The folder, absolute."""


ImagesDirs = PathLike | Root | Iterable[PathLike | Root]
"""One images root or several, in order."""


def as_roots(folders: ImagesDirs) -> tuple[Root, ...]:
    """Return the roots that a caller means, each once, with a name of its own: the folder's, with `-2` if taken.

    Raises:
        ValueError: There is none.
    """
    given = [folders] if isinstance(folders, str | os.PathLike | Root) else list(folders)
    if not given:
        raise ValueError("a collection has one images root at least")
    roots: dict[str, Root] = {}
    names: set[str] = set()
    for item in given:
        name, path = item if isinstance(item, Root) else ("", os.fspath(item))
        path = os.path.abspath(path)
        if path in roots:
            continue
        wanted = visible(name or os.path.basename(path) or path)
        unique = next(name for name in _numbered(wanted) if name not in names)
        names.add(unique)
        roots[path] = Root(unique, path)
    return tuple(roots.values())


def _numbered(name: str) -> Iterable[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def database_beside(roots: Iterable[Root]) -> str:
    """Return where the database of some roots is: `metadata/sessions.db` beside the first of them.

    If none lies there but one lies beside another root, that one is it. Beside a root that lies inside another one
    means beside the outermost, since nothing is ever written inside a root.
    """
    roots = tuple(roots)
    places = [os.path.join(os.path.dirname(_outermost(root, roots)), "metadata", "sessions.db") for root in roots]
    return next(filter(os.path.exists, places), places[0])


def _outermost(root: Root, roots: tuple[Root, ...]) -> str:
    outer = [other.path for other in roots if root.path.startswith(os.path.join(other.path, ""))]
    return min([root.path, *outer], key=len)
