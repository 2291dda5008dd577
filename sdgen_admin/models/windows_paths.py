"""Paths as Windows writes them, and what they are called under WSL."""

import re

_DRIVE = re.compile(r"(?:[\\/]{2}[?.][\\/])?([A-Za-z]):(?:[\\/](.*))?", re.DOTALL)
_SHARE = re.compile(r"\\\\[^\\/]+(?:[\\/].*)?", re.DOTALL)
_OF_WSL = re.compile(r"\\\\wsl(?:\$|\.localhost)[\\/]([^\\/]+)(?:[\\/](.*))?", re.DOTALL | re.IGNORECASE)
"""How Windows reaches the files of a WSL distribution."""
_LIST_PART = re.compile(r"[A-Za-z]:[\\/][^:]*|[^:]+")


def is_windows_path(path: str) -> bool:
    r"""Whether a path has the form `D:\…`, `D:/…`, `D:` or `\\server\share`. On other systems files may be named so."""
    return bool(_DRIVE.fullmatch(path) or _SHARE.fullmatch(path))


def under_wsl(path: str, *, drives: str, distribution: str | None) -> str | None:
    r"""Return what a Windows path is called under WSL; None if it cannot be told, as for `\\server\share`.

    Args:
        path: The path.
        drives: The folder that drives are mounted in.
        distribution: The WSL distribution that this is, if known.
    """
    if drive := _DRIVE.fullmatch(path):
        return "/".join([drives.rstrip("/"), drive[1].lower(), *_parts(drive[2])])
    own = _OF_WSL.fullmatch(path)
    if own and distribution is not None and own[1].casefold() == distribution.casefold():
        return "/" + "/".join(_parts(own[2]))
    return None


def split_path_list(text: str) -> list[str]:
    r"""Return the parts of a path list that colons separate, but for the colon of a drive: `D:\out:/mnt/e`."""
    return _LIST_PART.findall(text)


def _parts(rest: str | None) -> list[str]:
    return [part for part in re.split(r"[\\/]+", rest or "") if part]
