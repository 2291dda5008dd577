"""File systems that are full or cannot be written, and pages that went bad."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sdgen_admin.errors import CorruptDatabaseError, DiskFullError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.cli.harness import environment
from tests.db.uses import Heard
from tests.neighbour import damage, digest, make_database, plain, rows
from tests.trust.collections import assert_sound, make_bare
from tests.trust.mirror import assert_mirrored

modes = pytest.mark.parametrize("mode", ["wal", "delete"])


def remount(point: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(point)], check=True)


@modes
def test_a_full_disk(mounted: Callable[[str], Path], images_dir: Path, mode: str) -> None:
    point = mounted("size=2m")
    path = point / "sessions.db"
    make_database(path, journal_mode=mode)
    make_session(images_dir)
    library = SessionLibrary(images_dir, path)
    library.compute()
    library.update_metadata(library.resolve(["latest"]), SessionMetadataUpdate(user_note="typed"))
    before = rows(path, "session_metadata"), rows(path, "session_stats")
    filler = point / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096) == 4096:
            pass
    make_bare(images_dir, 1000)
    for use in (
        library.compute,
        lambda: library.update_metadata(library.resolve(["latest"]), SessionMetadataUpdate(user_note="y" * 50_000)),
        library.backup,
    ):
        with pytest.raises(DiskFullError) as caught:
            use()
        assert caught.value.code == "disk-full"
    heard = Heard()
    reading = SessionLibrary(images_dir, path, listener=heard)
    assert reading.find(limit=None).total_count == 1001  # from memory
    assert [record.metadata.user_note for record in reading.find(search="typed").sessions if record.metadata] == [
        "typed"
    ]
    assert len(reading.history()) == 1
    assert len(heard.why) == 2
    filler.unlink(missing_ok=True)
    assert_sound(path)
    assert (rows(path, "session_metadata"), rows(path, "session_stats")) == before
    remount(point, "size=20m")
    assert library.compute().failed == 0
    assert library.find(SessionFilter(search="typed")).total_count == 1
    assert_mirrored(library)


READING = ["list", "list --cached", "show latest", "tag --list", "history", "undo --dry-run"]
WRITING = ["compute-stats --all", "tag latest --liked", "undo", "refresh --all", "warm-cache"]


@modes
def test_a_read_only_file_system(mounted: Callable[[str], Path], images_dir: Path, tmp_path: Path, mode: str) -> None:
    point = mounted("size=5m")
    path = point / "metadata" / "sessions.db"
    make_database(path, journal_mode=mode)
    make_session(images_dir)
    library = SessionLibrary(images_dir, path)
    library.update_metadata(library.resolve(["latest"]), SessionMetadataUpdate(add_tags=("typed",)))
    make_bare(images_dir, 3)
    before = digest(path)
    remount(point, "ro")
    place = ["--images-dir", str(images_dir), "--db", str(path)]

    def run(line: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "sdgen_admin", *line.split(), *place]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

    for line in READING:
        done = run(line)
        assert (done.returncode, done.stdout != "") == (0, True), (line, done.stderr)
    for line in WRITING:
        done = run(line)
        assert (done.returncode, done.stdout) == (3, "")
        assert re.search("cannot be written|Cannot write", done.stderr)
    assert run(f"backup {tmp_path / 'copy.db'}").returncode == 0
    assert len(rows(tmp_path / "copy.db", "session_metadata")) == 1
    assert digest(path) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


USES: dict[str, Callable[[SessionLibrary], object]] = {
    "compute": lambda library: library.compute(force=True),
    "update": lambda library: library.update_metadata(
        library.resolve(["latest"], fresh=False), SessionMetadataUpdate(add_tags=("b",))
    ),
    "backup": lambda library: library.backup(),
    "find": lambda library: library.find(SessionFilter(limit=None, search="typed"), fresh=False),
    "history": lambda library: library.history(),
    "undo": lambda library: library.undo(),
}
NEEDED = {
    "session_stats": {"backup"},  # facts are stored and shown without their mirror
    "session_metadata": {"backup", "find"},
    "sdgen_admin_sessions": {"compute", "backup", "find", "history"},
    "sdgen_admin_folded": {"backup", "find"},
    "sdgen_admin_history": {"backup", "history", "undo"},
}
"""Which uses need the first page that holds rows of a table."""


def leaf_of(path: Path, table: str) -> int:
    """Return the number of a page that holds rows of a table."""
    with plain(path) as connection:
        try:
            statement = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno LIMIT 1"
            (page,) = connection.execute(statement, (table,)).fetchone()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite does not tell where its pages are")
    return int(page)


@pytest.mark.parametrize("table", NEEDED)
def test_a_bad_page(images_dir: Path, table: str) -> None:
    """Whoever needs it gets an error and changes nothing. Whoever does not need it goes on."""
    names = make_bare(images_dir, 300)
    library = SessionLibrary(images_dir)
    library.compute()
    path = Path(library.db_path)
    library.update_metadata(names, SessionMetadataUpdate(add_tags=("a",), user_note="typed " * 10))
    damage(path, leaf_of(path, table))
    damaged = set()
    for name, use in USES.items():
        before = digest(path)
        try:
            use(library)
        except CorruptDatabaseError:
            damaged.add(name)
            assert digest(path) == before
    assert damaged == NEEDED[table]
