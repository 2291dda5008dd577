"""The way back to a copy: whole or absent, seen by whoever has the database open, and what it replaces is kept."""

import json
import os
import random
import shlex
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from sdgen_admin.errors import (
    DatabaseError,
    DatabaseLockedError,
    DatabaseReplacedError,
    DiskFullError,
    NewerDatabaseError,
    ReadOnlyDatabaseError,
    RestoreRefusedError,
)
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, add_image, make_session
from tests.cli.harness import FORMATS, fails, ok, run
from tests.full_disk import files_no_larger_than
from tests.neighbour import damage, digest, make_database, plain, rows, write_metadata
from tests.privileges import as_ordinary_user, read_only
from tests.trust.collections import assert_sound, make_bare
from tests.trust.earlier import write_in_earlier_form
from tests.trust.mirror import assert_mirrored
from tests.trust.program import Running, needs_fork, start, wait_for
from tests.trust.restoring import die_while_restoring

modes = pytest.mark.parametrize("mode", ["wal", "delete"])
OLD, NEW = "what the copy says", "what was typed since"


def make(path: Path, note: str, *, mode: str = "delete", page_size: int = 4096, rows: int = 300) -> None:
    """Make a database of the web UI's in which every row has one note."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with plain(path) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute("CREATE TABLE before_all (a)")  # the size is fixed now, even in WAL mode
    make_database(path, journal_mode=mode)
    with plain(path) as connection:
        connection.executemany(
            "INSERT INTO session_metadata (session_id, session_path, user_note, created_at, updated_at)"
            " VALUES (?, '/x', ?, '2025-01-01', '2025-01-01')",
            [(f"20250101_{number:06}-a", note + " " * 200) for number in range(rows)],
        )


def note_in(path: Path) -> str:
    """Return the one note that all rows of a database have."""
    (note,) = {row["user_note"].rstrip() for row in rows(path, "session_metadata")}
    return str(note)


def pragma(path: Path, name: str) -> object:
    with plain(path) as connection:
        (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return value


def others(path: Path) -> list[str]:
    """Return the names of what lies beside a database, apart from what SQLite keeps there while it is open."""
    return sorted(
        name for name in os.listdir(path.parent) if name not in {path.name, f"{path.name}-wal", f"{path.name}-shm"}
    )


@contextmanager
def another_program(path: Path, *statements: str) -> Iterator[Callable[[str], str]]:
    """Let another process open a database and execute statements; gives what executes one more and has its answer."""
    code = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
for line in sys.stdin:
    try:
        print(repr(connection.execute(line).fetchone()), flush=True)
    except sqlite3.Error as error:
        print(error, flush=True)
"""
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(statement: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{statement}\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        for statement in statements:
            ask(statement)
        yield ask
        process.kill()


SAYS = "SELECT rtrim(user_note), count(*) FROM session_metadata"


@modes
@pytest.mark.parametrize("copys_mode", ["wal", "delete"])
@pytest.mark.parametrize(("copys_pages", "pages"), [(4096, 4096), (4096, 16384), (16384, 4096)])
def test_who_has_it_open_sees_the_change(
    library: SessionLibrary, path: Path, tmp_path: Path, *, mode: str, copys_mode: str, copys_pages: int, pages: int
) -> None:
    copy = tmp_path / "copy.db"
    make(copy, OLD, mode=copys_mode, page_size=copys_pages)
    make(path, NEW, mode=mode, page_size=pages, rows=900)
    before = digest(copy)
    with another_program(path) as ask:
        assert ask(SAYS) == f"('{NEW}', 900)"
        report = library.restore(copy)
        assert ask(SAYS) == f"('{OLD}', 300)"
        assert ask("UPDATE session_metadata SET user_note = 'theirs'") == "None"
    assert (report.path, report.restored_from, report.was_damaged) == (str(path), str(copy), False)
    assert note_in(path) == "theirs"
    assert_sound(path)
    assert pragma(path, "journal_mode") == mode
    if mode == "wal":
        assert pragma(path, "page_size") == pages
    assert report.previous is not None
    assert note_in(Path(report.previous)) == NEW
    assert others(path) == [Path(report.previous).name]
    assert digest(copy) == before


@modes
def test_everything_goes_back_and_forth(library: SessionLibrary, path: Path, mode: str) -> None:
    names = make_bare(Path(library.roots[0].path), 5)
    make_database(path, journal_mode=mode)
    tables = ("session_metadata", "session_stats", "sdgen_admin_sessions", "sdgen_admin_history")
    library.update_metadata(names, SessionMetadataUpdate(add_tags=("old",)))
    copy = library.backup().path
    old = [rows(path, table) for table in tables]
    library.update_metadata(names[:3], SessionMetadataUpdate(add_tags=("new",)))
    new = [rows(path, table) for table in tables]

    previous = library.restore(copy).previous
    assert [rows(path, table) for table in tables] == old
    assert library.tags() == {"old": 5}
    assert [entry.group for entry in library.history()] == [1] * 5
    assert previous is not None

    library.restore(previous)
    assert [rows(path, table) for table in tables] == new
    assert library.undo().undone == 2
    assert library.tags() == {"old": 5}


def test_what_a_crash_left_in_the_wal_is_not_read_over_it(library: SessionLibrary, path: Path) -> None:
    make(path, OLD, mode="wal")
    copy = library.backup().path
    with another_program(path, "PRAGMA wal_autocheckpoint = 0", f"UPDATE session_metadata SET user_note = '{NEW}'"):
        pass  # killed
    assert os.path.getsize(f"{path}-wal")
    previous = library.restore(copy).previous
    assert not Path(f"{path}-wal").exists()
    assert note_in(path) == OLD
    assert previous is not None
    assert note_in(Path(previous)) == NEW


@modes
def test_no_commit_falls_between_backup_and_restore(library: SessionLibrary, path: Path, mode: str) -> None:
    """Beside a busy writer, each of its rows is in the backup of what was there before, or is there now."""
    make(path, OLD, mode=mode)
    with plain(path) as connection:
        connection.execute("CREATE TABLE log (n)")
    copy = SessionLibrary(library.roots, path).backup().path
    code = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
for n in range(1_000_000):
    connection.execute("INSERT INTO log VALUES (?)", (n,))
    print(n, flush=True)
    time.sleep(0.002)
"""

    def logged(file: str | Path) -> list[int]:
        with plain(Path(file)) as connection:
            return [n for (n,) in connection.execute("SELECT n FROM log ORDER BY n")]

    found: list[int] = []
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        for _ in range(8):
            previous = SessionLibrary(library.roots, path).restore(copy).previous
            assert previous is not None
            found += logged(previous)
        writer.kill()
        last = int(writer.stdout.read().split()[-1])
    found += logged(path)
    assert found[: last + 1] == list(range(last + 1))


def test_two_at_once(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    code = "import sys; from sdgen_admin import SessionLibrary; SessionLibrary(*sys.argv[1:3]).restore(sys.argv[3])"
    make(path, NEW)
    for number in range(3):
        make(tmp_path / f"{number}.db", f"copy {number}")
    processes = [
        subprocess.Popen([sys.executable, "-c", code, library.roots[0].path, str(path), str(tmp_path / f"{number}.db")])
        for number in range(3)
    ]
    assert [process.wait() for process in processes] == [0] * 3
    kept = [note_in(path.parent / name) for name in others(path)]
    assert sorted([*kept, note_in(path)]) == ["copy 0", "copy 1", "copy 2", NEW]


# What cannot be restored


def another_kind(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("CREATE TABLE moz_places (url)")


def of_a_newer_version(path: Path) -> None:
    make(path, OLD)
    with plain(path) as connection:
        connection.executescript(
            "CREATE TABLE sdgen_admin_version (version INTEGER NOT NULL, changed INTEGER NOT NULL);"
            "INSERT INTO sdgen_admin_version VALUES (99, 0)"
        )


def damaged(path: Path) -> None:
    make(path, OLD)
    damage(path, path.stat().st_size // 4096 // 2)


def with_a_wrong_index(path: Path) -> None:
    make(path, OLD)
    with plain(path) as other:
        other.executescript("CREATE TABLE t (a, b); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1, 2)")
        other.execute("PRAGMA writable_schema = 1")
        other.execute("UPDATE sqlite_master SET sql = 'CREATE INDEX i ON t (b)' WHERE name = 'i'")


def cut_short(path: Path) -> None:
    make(path, OLD)
    os.truncate(path, path.stat().st_size // 2)


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "There is no file"),
    "a folder": (Path.mkdir, "is not a file"),
    "text": (lambda path: path.write_text("x" * 5000), "not a database"),
    "empty": (Path.touch, "never held sessions"),
    "another kind of database": (another_kind, "never held sessions"),
    "of a newer version": (of_a_newer_version, "version 99"),
    "damaged": (damaged, "damaged"),
    "damaged in an index": (with_a_wrong_index, "damaged"),
    "cut short": (cut_short, "damaged"),
}


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("name", UNUSABLE)
def test_a_copy_that_cannot_be_used(
    library: SessionLibrary, path: Path, tmp_path: Path, name: str, *, is_there: bool
) -> None:
    make_copy, message = UNUSABLE[name]
    path.parent.mkdir()
    if is_there:
        make(path, NEW)
        before = digest(path)
    copy = tmp_path / "copy.db"
    make_copy(copy)
    with pytest.raises(RestoreRefusedError, match=message) as caught:
        library.restore(copy)
    assert caught.value.details["path"] == str(copy)
    assert others(path) == []
    assert path.exists() == is_there
    assert not is_there or digest(path) == before


@pytest.mark.parametrize("kind", ["itself", "symlink", "hard link"])
def test_the_database_itself_is_not_a_copy(library: SessionLibrary, path: Path, tmp_path: Path, kind: str) -> None:
    make(path, NEW)
    copy = path if kind == "itself" else tmp_path / "copy.db"
    if kind == "symlink":
        copy.symlink_to(path)
    elif kind == "hard link":
        copy.hardlink_to(path)
    before = digest(path)
    with pytest.raises(RestoreRefusedError, match="is the database itself"):
        library.restore(copy)
    assert digest(path) == before
    assert others(path) == []


def test_a_copy_that_may_not_be_read(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(path, NEW)
    make(tmp_path / "copy.db", OLD)
    (tmp_path / "copy.db").chmod(0)
    with pytest.raises(RestoreRefusedError, match="permission denied"):
        as_ordinary_user(lambda: library.restore(tmp_path / "copy.db"))
    assert note_in(path) == NEW


@modes
def test_a_copy_that_may_not_be_written(library: SessionLibrary, path: Path, tmp_path: Path, mode: str) -> None:
    copy = tmp_path / "closed" / "copy.db"
    make(path, NEW)
    make(copy, OLD, mode=mode)
    with read_only(copy):
        as_ordinary_user(lambda: library.restore(copy))
    assert note_in(path) == OLD


def leave_changes_in_the_wal(copy: Path) -> None:
    make(copy, "before", mode="wal")
    with another_program(copy, "PRAGMA wal_autocheckpoint = 0", f"UPDATE session_metadata SET user_note = '{OLD}'"):
        pass  # killed


def test_what_lies_in_the_wal_of_a_copy_belongs_to_it(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(path, NEW)
    leave_changes_in_the_wal(tmp_path / "copy.db")
    library.restore(tmp_path / "copy.db")
    assert note_in(path) == OLD


def test_unless_it_cannot_be_read(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "closed" / "copy.db"
    make(path, NEW)
    leave_changes_in_the_wal(copy)
    Path(f"{copy}-shm").unlink(missing_ok=True)
    with read_only(copy), pytest.raises(RestoreRefusedError, match="has changes in"):
        as_ordinary_user(lambda: library.restore(copy))
    assert note_in(path) == NEW


def test_a_copy_that_is_being_written(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(path, NEW)
    make(tmp_path / "copy.db", OLD)
    with (
        another_program(tmp_path / "copy.db", "BEGIN EXCLUSIVE"),
        pytest.raises(DatabaseLockedError, match=r"copy\.db"),
    ):
        library.restore(tmp_path / "copy.db")
    assert note_in(path) == NEW
    assert others(path) == []


# What is there before


@pytest.mark.parametrize("suffix", ["-wal", "-journal", "-shm"])
def test_no_database_but_what_was_left_beside_one(
    library: SessionLibrary, path: Path, tmp_path: Path, suffix: str
) -> None:
    make(tmp_path / "copy.db", OLD, mode="wal")
    make(path, NEW, mode="wal")
    with another_program(path, "PRAGMA wal_autocheckpoint = 0", f"UPDATE session_metadata SET user_note = '{NEW}'"):
        pass  # killed
    left = Path(f"{path}-wal").read_bytes()
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    Path(f"{path}{suffix}").write_bytes(left)
    report = library.restore(tmp_path / "copy.db")
    assert (report.previous, report.was_damaged) == (None, False)
    assert note_in(path) == OLD
    (name,) = others(path)
    assert name.startswith("sessions.db.damaged-")
    assert name.endswith(suffix)
    assert (path.parent / name).read_bytes() == left


def test_no_database_and_no_folder(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(tmp_path / "copy.db", OLD)
    (tmp_path / "copy.db").chmod(0o440)
    assert library.restore(tmp_path / "copy.db").previous is None
    assert note_in(path) == OLD
    assert others(path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_an_empty_file(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(tmp_path / "copy.db", OLD)
    path.parent.mkdir()
    path.touch()
    before = path.stat().st_ino
    report = library.restore(tmp_path / "copy.db")
    assert (report.previous, report.was_damaged) == (None, False)
    assert (note_in(path), path.stat().st_ino) == (OLD, before)
    assert others(path) == []


def text(path: Path) -> None:
    path.write_text("x" * 5000, encoding="utf-8")


@pytest.mark.parametrize("spoil", [damaged, with_a_wrong_index, cut_short, text])
@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_only_a_damaged_file_is_replaced(
    library: SessionLibrary, path: Path, tmp_path: Path, mode: str, spoil: Callable[[Path], None]
) -> None:
    make(tmp_path / "copy.db", OLD, mode=mode)
    path.parent.mkdir()
    spoil(path)
    path.chmod(0o664)
    before = digest(path)
    report = library.restore(tmp_path / "copy.db")
    assert report.was_damaged
    assert report.previous is not None
    assert digest(Path(report.previous)) == before
    assert others(path) == [Path(report.previous).name]
    assert note_in(path) == OLD
    assert stat.S_IMODE(path.stat().st_mode) == 0o664
    assert library.restore(tmp_path / "copy.db").was_damaged is False


def test_what_sqlite_left_beside_a_damaged_file_goes_with_it(
    library: SessionLibrary, path: Path, tmp_path: Path
) -> None:
    make(tmp_path / "copy.db", OLD)
    make(path, "before", mode="wal")
    with another_program(path, "PRAGMA wal_autocheckpoint = 0", f"UPDATE session_metadata SET user_note = '{NEW}'"):
        pass  # killed
    content, wal = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    path.write_bytes(b"not a database " * 1000)
    previous = library.restore(tmp_path / "copy.db").previous
    assert note_in(path) == OLD
    assert previous is not None
    assert Path(f"{previous}-wal").read_bytes() == wal
    Path(previous).write_bytes(content)
    assert note_in(Path(previous)) == NEW  # what can be saved is still saved


@pytest.mark.skipif(not hasattr(os, "chown") or os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_of_a_damaged_file_keeps_it(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(tmp_path / "copy.db", OLD)
    path.parent.mkdir()
    text(path)
    os.chown(path, 1234, 4321)
    library.restore(tmp_path / "copy.db")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


@pytest.mark.parametrize("spoil", [None, text])
def test_a_link_to_the_database_stays_one(
    images_dir: Path, tmp_path: Path, spoil: Callable[[Path], None] | None
) -> None:
    link, path = tmp_path / "link.db", tmp_path / "elsewhere" / "sessions.db"
    make(tmp_path / "copy.db", OLD)
    make(path, NEW)
    if spoil is not None:
        spoil(path)
    link.symlink_to(path)
    SessionLibrary(images_dir, link).restore(tmp_path / "copy.db")
    assert link.is_symlink()
    assert note_in(path) == OLD


def test_a_file_system_without_links(
    library: SessionLibrary, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    make(tmp_path / "copy.db", OLD)
    path.parent.mkdir()
    text(path)
    monkeypatch.setattr(os, "link", refuse)
    report = library.restore(tmp_path / "copy.db")
    assert note_in(path) == OLD
    assert report.previous is not None
    assert others(path) == [Path(report.previous).name]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_damaged_file_that_cannot_be_replaced(
    library: SessionLibrary, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_links: bool
) -> None:
    """As on Windows, where a file that somebody has open keeps its name."""
    replace = os.replace

    def refuse(source: str, target: str) -> None:
        if target == str(path) and source.endswith(".part"):
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    def refuse_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    make(tmp_path / "copy.db", OLD)
    path.parent.mkdir()
    text(path)
    Path(f"{path}-wal").write_bytes(b"theirs")
    before = digest(path)
    monkeypatch.setattr(os, "replace", refuse)
    if not has_links:
        monkeypatch.setattr(os, "link", refuse_links)
    with pytest.raises(DatabaseError, match="Cannot replace"):
        library.restore(tmp_path / "copy.db")
    assert digest(path) == before
    assert Path(f"{path}-wal").read_bytes() == b"theirs"
    assert others(path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="renaming never overwrites here")
def test_a_database_that_somebody_makes_at_the_last_moment(
    library: SessionLibrary, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def be_late(source: str, target: str) -> None:
        make(Path(target), NEW)
        link(source, target)

    make(tmp_path / "copy.db", OLD)
    monkeypatch.setattr(os, "link", be_late)
    with pytest.raises(DatabaseReplacedError):
        library.restore(tmp_path / "copy.db")
    assert note_in(path) == NEW
    assert others(path) == []


@modes
@pytest.mark.parametrize("spoil", [None, text])
def test_a_database_that_cannot_be_written(
    library: SessionLibrary, path: Path, tmp_path: Path, mode: str, spoil: Callable[[Path], None] | None
) -> None:
    make(tmp_path / "copy.db", OLD)
    make(path, NEW, mode=mode)
    if spoil is not None:
        spoil(path)
    before = digest(path)
    with read_only(path), pytest.raises(ReadOnlyDatabaseError):
        as_ordinary_user(lambda: library.restore(tmp_path / "copy.db"))
    path.chmod(0)
    with pytest.raises(ReadOnlyDatabaseError):
        as_ordinary_user(lambda: library.restore(tmp_path / "copy.db"))
    path.chmod(0o644)
    assert digest(path) == before
    assert others(path) == []


def test_a_newer_database_can_be_replaced_by_an_older_copy(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(tmp_path / "copy.db", OLD)
    path.parent.mkdir()
    of_a_newer_version(path)
    with pytest.raises(NewerDatabaseError):
        library.compute()
    library.restore(tmp_path / "copy.db")
    assert note_in(path) == OLD


# Locks


@modes
@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
@pytest.mark.parametrize("is_sound", [True, False])
def test_refused_while_somebody_writes(
    library: SessionLibrary, path: Path, tmp_path: Path, *, mode: str, lock: str, is_sound: bool
) -> None:
    make(tmp_path / "copy.db", OLD)
    make(path, NEW, mode=mode)
    if not is_sound:
        damage(path, path.stat().st_size // 4096 // 2)
    before = digest(path)
    with another_program(path, lock), pytest.raises(DatabaseLockedError, match=r"0\.05 s"):
        library.restore(tmp_path / "copy.db")
    assert digest(path) == before
    assert others(path) == []


@modes
def test_beside_somebody_who_reads(library: SessionLibrary, path: Path, tmp_path: Path, mode: str) -> None:
    make(tmp_path / "copy.db", OLD)
    make(path, NEW, mode=mode)
    with another_program(path, "BEGIN", SAYS) as ask:
        if mode == "delete":
            with pytest.raises(DatabaseLockedError):
                library.restore(tmp_path / "copy.db")
            assert others(path) == []
        else:
            library.restore(tmp_path / "copy.db")
        assert NEW in ask(SAYS)
        ask("COMMIT")
        assert (NEW if mode == "delete" else OLD) in ask(SAYS)


@modes
def test_a_short_lock_is_waited_for(images_dir: Path, path: Path, tmp_path: Path, mode: str) -> None:
    """And who has it can commit in the meantime."""
    make(tmp_path / "copy.db", OLD)
    make(path, NEW, mode=mode)
    code = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print(flush=True)
connection.execute("CREATE TABLE theirs (session_id)")
time.sleep(0.5)
connection.execute("COMMIT")
"""
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        previous = SessionLibrary(images_dir, path).restore(tmp_path / "copy.db").previous
    assert other.returncode == 0
    assert note_in(path) == OLD
    assert previous is not None
    assert rows(Path(previous), "theirs") == []


# No room


@modes
def test_no_room_for_the_copy(library: SessionLibrary, path: Path, tmp_path: Path, mode: str) -> None:
    make(tmp_path / "copy.db", OLD, rows=1000)
    make(path, NEW, mode=mode, rows=10)
    with files_no_larger_than(100_000), pytest.raises(DiskFullError):
        library.restore(tmp_path / "copy.db")
    assert note_in(path) == NEW
    assert others(path) == []


@modes
@pytest.mark.parametrize("spoil", [None, text])
def test_a_disk_that_is_full_at_any_moment(
    mounted: Callable[[str], Path], images_dir: Path, tmp_path: Path, mode: str, spoil: Callable[[Path], None] | None
) -> None:
    path = mounted("size=4m") / "sessions.db"
    make(tmp_path / "copy.db", OLD, rows=1000)
    make(tmp_path / "now.db", NEW, mode=mode, rows=1500)
    if spoil is not None:
        spoil(tmp_path / "now.db")
    filler, outcomes = path.parent / "filler", set()
    for room in range(100_000, 2_200_000, 150_000):
        for file in path.parent.iterdir():
            file.unlink()
        shutil.copyfile(tmp_path / "now.db", path)
        with filler.open("wb", buffering=0) as growing, suppress(OSError):
            while growing.write(b"x" * 4096) == 4096:
                pass
        os.truncate(filler, filler.stat().st_size - room)
        try:
            SessionLibrary(images_dir, path).restore(tmp_path / "copy.db")
        except DiskFullError:
            outcomes.add("full")
            assert [name for name in others(path) if name != "filler"] == []
            assert spoil is not None or note_in(path) == NEW
        else:
            outcomes.add("done")
            assert note_in(path) == OLD
        filler.unlink()
        if spoil is None:
            assert_sound(path)
    assert outcomes == {"full", "done"}


# What it is a copy of


def test_a_copy_of_the_web_uis(library: SessionLibrary, path: Path, tmp_path: Path, images_dir: Path) -> None:
    make_session(images_dir)
    make_database(tmp_path / "copy.db")
    write_metadata(tmp_path / "copy.db", SESSION, user_note="typed")
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("new",)))
    library.restore(tmp_path / "copy.db")
    assert [row["user_note"] for row in rows(path, "session_metadata")] == ["typed"]
    assert len(others(path)) == 1
    assert library.find(search="typed").total_count == 1  # the same library, which knew another schema
    assert len(others(path)) == 2  # a copy before our tables were made
    assert_mirrored(library)
    assert_sound(path)


def test_a_copy_of_an_earlier_version(library: SessionLibrary, path: Path, tmp_path: Path, images_dir: Path) -> None:
    make_session(images_dir)
    library.compute()
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("old",)))
    write_in_earlier_form(library, tmp_path / "copy.db")
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("new",)))
    library.restore(tmp_path / "copy.db")
    assert len(others(path)) == 1
    assert library.find(tag=["old"]).total_count == 1
    assert library.tags() == {"old": 1}
    assert len(others(path)) == 2
    assert_mirrored(library)
    assert_sound(path)


def test_facts_that_are_older_than_the_folder_are_found(library: SessionLibrary, images_dir: Path) -> None:
    folder = make_session(images_dir, images=2)
    library.compute()
    copy = library.backup().path
    add_image(folder, "new.png")
    assert library.compute().computed == 1
    library.restore(copy)
    assert library.get(SESSION, fresh=False).stats == library.get(SESSION, fresh=False).stats
    (record,) = library.find().sessions
    assert record.stats is not None
    assert record.stats.images_actual == 3
    assert_mirrored(library)


THEIRS = "CREATE TABLE theirs_only (a); INSERT INTO theirs_only VALUES ('1'); CREATE INDEX i ON theirs_only (theirs(a))"


def add_what_only_they_can_evaluate(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("theirs", 1, str, deterministic=True)
        connection.executescript(THEIRS)


@modes
def test_what_only_another_program_can_evaluate_is_copied_as_it_is(
    library: SessionLibrary, path: Path, tmp_path: Path, mode: str
) -> None:
    make(path, NEW, mode=mode)
    make(tmp_path / "copy.db", OLD)
    add_what_only_they_can_evaluate(path)
    add_what_only_they_can_evaluate(tmp_path / "copy.db")
    report = library.restore(tmp_path / "copy.db")
    assert report.was_damaged is False
    assert note_in(path) == OLD
    assert report.previous is not None
    library.restore(report.previous)
    assert note_in(path) == NEW


def test_but_its_pages_cannot_be_made_to_fit(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(path, NEW, mode="wal")
    make(tmp_path / "copy.db", OLD, page_size=16384)
    add_what_only_they_can_evaluate(tmp_path / "copy.db")
    with pytest.raises(RestoreRefusedError, match=r"pages of another size.*theirs"):
        library.restore(tmp_path / "copy.db")
    assert note_in(path) == NEW
    assert others(path) == []


def test_names_that_are_odd(images_dir: Path, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 ?mode=memory#%41"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes valid UTF-8 only")
    make(folder / "copy.db", OLD)
    make(folder / "sessions.db", NEW)
    previous = SessionLibrary(images_dir, folder / "sessions.db").restore(folder / "copy.db").previous
    assert previous is not None
    assert (note_in(folder / "sessions.db"), note_in(Path(previous))) == (OLD, NEW)


def test_where_no_folder_can_be(images_dir: Path, tmp_path: Path) -> None:
    make(tmp_path / "copy.db", OLD)
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="Cannot create"):
        SessionLibrary(images_dir, tmp_path / "file" / "sessions.db").restore(tmp_path / "copy.db")


def test_into_a_folder_that_cannot_be_written(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make(tmp_path / "copy.db", OLD)
    path.parent.mkdir()
    path.parent.chmod(0o555)
    with pytest.raises(DatabaseError, match="cannot be written"):
        as_ordinary_user(lambda: library.restore(tmp_path / "copy.db"))
    path.parent.chmod(0o755)
    assert os.listdir(path.parent) == []


# Killed or interrupted


def leave_a_hot_journal(path: Path) -> None:
    """Let a program be killed in the middle of a write, after its changes have reached the file."""
    with another_program(path, "PRAGMA cache_size = 5", "BEGIN", "UPDATE session_metadata SET user_note = 'half'"):
        pass  # killed
    assert Path(f"{path}-journal").stat().st_size


def test_what_a_crash_left_half_written_is_taken_back_first(
    library: SessionLibrary, path: Path, tmp_path: Path
) -> None:
    make(path, NEW, rows=2000)
    make(tmp_path / "copy.db", OLD, rows=2000)
    for file in (path, tmp_path / "copy.db"):
        leave_a_hot_journal(file)
    previous = library.restore(tmp_path / "copy.db").previous
    assert previous is not None
    assert (note_in(path), note_in(Path(previous))) == (OLD, NEW)
    leave_a_hot_journal(path)
    assert note_in(Path(library.backup().path)) == OLD


PRESENT: dict[str, Callable[[Path], None]] = {
    "missing": lambda path: None,
    "wal": lambda path: make(path, NEW, mode="wal"),
    "delete": lambda path: make(path, NEW),
    "pages of another size": lambda path: make(path, NEW, mode="wal", page_size=8192),
    "damaged": text,
}


def assert_old_or_new(path: Path, room: Path, *, was_there: bool = True) -> None:
    """See that a database is whole, and that nothing is lost.

    Looked at in a copy of its folder: whatever repairs itself is left to the next program.
    """
    shutil.rmtree(room, ignore_errors=True)
    shutil.copytree(path.parent, room)
    for file in room.glob("sessions.db.backup-*"):
        assert_sound(file)
        assert note_in(file) == NEW
    copy = room / path.name
    if copy.exists() and not copy.read_bytes().startswith(b"x"):
        assert_sound(copy)
        kept = [*room.glob("sessions.db.backup-*"), *room.glob("sessions.db.damaged-*")]
        assert note_in(copy) == NEW or (note_in(copy) == OLD and bool(kept) >= was_there)


@needs_fork
@pytest.mark.parametrize("name", PRESENT)
def test_killed_at_any_step(path: Path, tmp_path: Path, name: str) -> None:
    """At every step if files are renamed; at every third if SQLite does the work."""
    make(tmp_path / "copy.db", OLD, rows=30)
    template = tmp_path / "template" / "sessions.db"
    template.parent.mkdir()
    if name in ("missing", "damaged"):
        make(template, "before", mode="wal", rows=30)
        with another_program(
            template, "PRAGMA wal_autocheckpoint = 0", f"UPDATE session_metadata SET user_note = '{NEW}'"
        ):
            pass  # killed
        template.unlink()
    PRESENT[name](template)
    moment, was_killed = 1, True
    while was_killed:
        shutil.rmtree(path.parent, ignore_errors=True)
        shutil.copytree(template.parent, path.parent)
        was_killed = die_while_restoring(path, tmp_path / "copy.db", moment)
        assert path.exists() or name == "missing"
        assert_old_or_new(path, tmp_path / "room", was_there=name != "missing")
        moment += 1 if name in ("missing", "damaged") else 3
    assert moment > 30
    assert note_in(path) == OLD
    assert not [file for file in others(path) if file.endswith(".part")]


def restore_by_command(path: Path, copy: Path, said_in: Path) -> Running:
    return start("restore", copy, "--images-dir", path.parent, "--db", path, said_in=said_in)


@needs_fork
@modes
def test_killed_while_it_is_overwritten(path: Path, tmp_path: Path, mode: str) -> None:
    chance = random.Random(mode)
    make(tmp_path / "copy.db", OLD, rows=10_000)
    make(tmp_path / "now.db", NEW, mode=mode, rows=10_000)
    for _ in range(8):
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        shutil.copyfile(tmp_path / "now.db", path)
        running = restore_by_command(path, tmp_path / "copy.db", tmp_path / "said")
        wait_for(lambda: any("backup" in name for name in others(path)))
        time.sleep(chance.random() / 30)
        running.process.kill()
        assert running.wait() in (0, -signal.SIGKILL)
        assert_old_or_new(path, tmp_path / "room")
    assert restore_by_command(path, tmp_path / "copy.db", tmp_path / "said").wait() == 0
    assert note_in(path) == OLD


@needs_fork
@modes
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_while_it_is_overwritten(
    path: Path, tmp_path: Path, *, mode: str, number: int, status: int
) -> None:
    make(tmp_path / "copy.db", OLD, rows=10_000)
    make(path, NEW, mode=mode, rows=10_000)
    running = restore_by_command(path, tmp_path / "copy.db", tmp_path / "said")
    wait_for(lambda: any("backup" in name for name in others(path)))
    running.send(number)
    ended = running.wait()
    assert ended in (0, status)
    assert_old_or_new(path, tmp_path / "room")
    assert not [name for name in others(path) if name.endswith(".part")]


@needs_fork
@modes
def test_waiting_is_told_and_can_be_interrupted(path: Path, tmp_path: Path, mode: str) -> None:
    make(tmp_path / "copy.db", OLD)
    make(path, NEW, mode=mode)
    with another_program(path, "BEGIN IMMEDIATE"):
        running = restore_by_command(path, tmp_path / "copy.db", tmp_path / "said")
        wait_for(lambda: (tmp_path / "said").exists() and "Waiting for another program" in running.said())
        running.send(signal.SIGINT)
        assert running.wait() == 130
    assert "Interrupted." in running.said()
    assert note_in(path) == NEW
    assert others(path) == []


# On the command line


def test_on_the_command_line(images_dir: Path, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "a copy.db"
    make(copy, OLD)
    make(path, NEW)
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))

    done = run("restore", copy)
    (name,) = others(path)
    kept = path.parent / name
    assert (done.status, done.out) == (0, f"{path} is restored from {copy}\n")
    assert done.err == f"To go back to what it held before: sdgen-admin restore {shlex.quote(str(kept))}\n"
    assert note_in(path) == OLD

    assert ok("restore", kept, "--format", "ids") == f"{path}\n"
    assert note_in(path) == NEW
    document = json.loads(ok("restore", copy, "--json"))
    assert document == {
        "path": str(path),
        "restored_from": str(copy),
        "previous": document["previous"],
        "was_damaged": False,
    }
    assert note_in(Path(document["previous"])) == NEW

    text(path)
    done = run("restore", copy)
    assert done.err.startswith("The database was damaged. What is left of it: ")
    path.unlink()
    assert run("restore", copy).err == ""


@pytest.mark.parametrize("form", FORMATS)
def test_every_format(images_dir: Path, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "a\nb, c"
    make(folder / "copy.db", OLD)
    make(folder / "sessions.db", NEW)
    out = ok(
        "restore", folder / "copy.db", "--images-dir", images_dir, "--db", folder / "sessions.db", "--format", form
    )
    assert "sessions.db" in out
    assert ("copy.db" in out) == (form != "ids")
    assert note_in(folder / "sessions.db") == OLD


def test_what_the_command_line_says_of_a_failure(
    images_dir: Path, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, NEW)
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    of_a_newer_version(tmp_path / "newer.db")
    assert "There is no file" in fails(1, "restore", tmp_path / "nothing.db")
    assert "is the database itself" in fails(1, "restore", path)
    assert "pip install -U sdgen-admin" in fails(1, "restore", tmp_path / "newer.db")
    text(path)
    assert "sdgen-admin restore FILE" in fails(3, "list")
    assert run("restore").status == 2
