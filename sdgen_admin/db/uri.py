"""How SQLite is told to open a file."""

from pathlib import PurePath


def file_uri(path: PurePath, options: str) -> str:
    """Return the URI of an absolute path, with options such as `mode=ro`; see https://sqlite.org/uri.html.

    SQLite takes no host: a network path of Windows goes into the path part.
    """
    uri = path.as_uri()
    return f"{uri if uri.startswith('file:///') else uri.replace('file:', 'file://', 1)}?{options}"
