"""Files as SQLite is told of them."""

import sqlite3
from contextlib import closing
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from sdgen_admin.db.uri import file_uri


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/a b/c?#.db"), "file:///a%20b/c%3F%23.db?mode=ro"),
        (PureWindowsPath(r"C:\a\sessions.db"), "file:///C:/a/sessions.db?mode=ro"),
        (PureWindowsPath(r"\\nas\pictures\sessions.db"), "file:////nas/pictures/sessions.db?mode=ro"),
    ],
)
def test_uris(path: PurePath, uri: str) -> None:
    assert file_uri(path, "mode=ro") == uri


def test_sqlite_opens_them(tmp_path: Path) -> None:
    for path in (tmp_path / "100% ?#é.db", Path(f"/{tmp_path}/two slashes.db")):
        with closing(sqlite3.connect(file_uri(path, "mode=rwc"), uri=True)) as connection:
            connection.execute("CREATE TABLE t (x)")
        assert path.exists()
