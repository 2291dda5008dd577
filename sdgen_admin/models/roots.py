"""Images roots: folders that hold session folders, each with a name."""

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

from sdgen_admin.errors import SettingsError
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
        SettingsError: Python reads names on disk in another encoding than UTF-8.
    """
    encoding = sys.getfilesystemencoding()
    if encoding.lower() != "utf-8":  # a session would be stored as another one, and the real one called missing
        message = f"Python reads file names as {encoding} here. To read them as UTF-8, start it with PYTHONUTF8=1."
        raise SettingsError(message, code="file-name-encoding", encoding=encoding)
    given = [folders] if isinstance(folders, str | os.PathLike | Root) else list(folders)
    if not given:
        raise ValueError("a collection has one images root at least")
    roots: dict[str, Root] = {}
    names: set[str] = set()
    for item in given:
        name, path = item if isinstance(item, Root) else ("", os.fspath(item))
        path = absolute(path)
        if path in roots:
            continue
        wanted = visible(name or os.path.basename(path) or path)
        unique = next(name for name in _numbered(wanted) if name not in names)
        names.add(unique)
        roots[path] = Root(unique, path)
    return tuple(roots.values())


def absolute(path: str) -> str:
    """Return a path from the top of the drive, symlinks as they are named.

    `..` behind a symlink leads to where the link leads, as it does for every program that opens the path.
    """
    plain = os.path.abspath(path)
    if os.pardir in path.split(os.sep) and os.path.realpath(path) != os.path.realpath(plain):
        return os.path.realpath(path)
    return plain


def _numbered(name: str) -> Iterable[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def database_beside(roots: Iterable[Root]) -> str:
    """Return where the database of some roots is: `metadata/sessions.db` beside the first of them.

    If none lies there but one lies beside another root, that one is it. Beside a root that lies inside another one
    means beside the outermost, since nothing is ever written inside a root. Beside a symlink means beside what it leads
    to, so that a root has one database under every name, unless one lies beside the link alone.
    """
    roots = tuple(roots)
    named, real = [root.path for root in roots], [os.path.realpath(root.path) for root in roots]
    places = [_beside(paths[number], paths) for number in range(len(roots)) for paths in (real, named)]
    return next(filter(os.path.exists, places), places[0])


def _beside(path: str, paths: list[str]) -> str:
    outer = [other for other in paths if path.startswith(os.path.join(other, ""))]
    return os.path.join(os.path.dirname(min([path, *outer], key=len)), "metadata", "sessions.db")
