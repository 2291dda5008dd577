"""Copies of the database: consistent, checked, whole or absent, and never over another file."""

import json
import os
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest

from sdgen_admin.errors import (
    BackupExistsError,
    CorruptDatabaseError,
    DatabaseError,
    DatabaseLockedError,
    DatabaseNotFoundError,
    DiskFullError,
    ForeignLayoutError,
)
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.cli.harness import fails, ok, run
from tests.full_disk import files_no_larger_than
from tests.neighbour import damage, digest, make_database, page_size, plain, rows, write_metadata
from tests.privileges import as_ordinary_user, read_only
from tests.trust.collections import beside, make_bare

modes = pytest.mark.parametrize("mode", ["wal", "delete"])


@modes
def test_a_copy_holds_what_is_committed_and_nothing_else(library: SessionLibrary, path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    library.update_metadata(make_bare(Path(library.roots[0].path), 3), SessionMetadataUpdate(add_tags=("a",)))
    with plain(path) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("UPDATE session_metadata SET user_note = 'committed'")
        other.commit()
        other.execute("UPDATE session_metadata SET user_note = 'not committed'")
        report = library.backup()
        other.rollback()
    copy = Path(report.path)
    assert beside(path) == [copy]
    assert report.size == copy.stat().st_size
    assert {row["user_note"] for row in rows(copy, "session_metadata")} == {"committed"}
    assert rows(copy, "sdgen_admin_history") == rows(path, "sdgen_admin_history")


@modes
def test_copies_beside_a_busy_writer_are_consistent(library: SessionLibrary, path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    for name in ("a", "b"):
        write_metadata(path, name, user_note=0)
    done = threading.Event()

    def write() -> None:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        while not done.wait(0.001):
            connection.execute("UPDATE session_metadata SET user_note = user_note + 1")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [SessionLibrary(library.roots, path).backup().path for _ in range(10)]
    finally:
        done.set()
        writer.join()
    assert len(set(copies)) == 10
    for copy in copies:
        assert len({row["user_note"] for row in rows(Path(copy), "session_metadata")}) == 1


@modes
def test_a_copy_is_one_file_that_can_be_read_anywhere(
    library: SessionLibrary, path: Path, tmp_path: Path, mode: str
) -> None:
    make_database(path, journal_mode=mode)
    write_metadata(path, SESSION, user_note="typed")
    copy = tmp_path / "closed" / "copy.db"
    copy.parent.mkdir()
    with plain(path):  # in WAL mode, SQLite keeps files beside it now
        library.backup(copy)
    assert os.listdir(copy.parent) == ["copy.db"]

    def read() -> list[tuple[str]]:
        with plain(copy) as connection:
            return connection.execute("SELECT user_note FROM session_metadata").fetchall()

    with read_only(copy):
        assert as_ordinary_user(read) == [("typed",)]
    assert os.listdir(copy.parent) == ["copy.db"]


def test_what_was_left_by_a_copy_that_was_killed_is_removed_a_day_later(
    library: SessionLibrary, path: Path, tmp_path: Path
) -> None:
    library.compute()
    make_database(path)
    now = time.time()
    ages = {".sdgen-admin.a.part": 25, ".sdgen-admin.b.part-journal": 25, ".sdgen-admin.c.part": 23, "theirs.part": 99}
    for folder in (path.parent, tmp_path):
        for name, hours in ages.items():
            (folder / name).touch()
            os.utime(folder / name, (now - hours * 3600,) * 2)
    library.backup()
    library.backup(tmp_path / "copy.db")
    for folder in (path.parent, tmp_path):
        assert {name for name in os.listdir(folder) if ".part" in name} == {".sdgen-admin.c.part", "theirs.part"}


def test_a_file_that_is_there_is_never_overwritten(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make_bare(Path(library.roots[0].path), 1)
    library.compute()
    (tmp_path / "mine").write_text("mine")
    for taken in (tmp_path / "mine", path, tmp_path):
        with pytest.raises(BackupExistsError):
            library.backup(taken)
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="making a symlink takes privileges")
def test_nor_is_one_that_a_symlink_to_nothing_names(library: SessionLibrary, tmp_path: Path) -> None:
    make_bare(Path(library.roots[0].path), 1)
    library.compute()
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(BackupExistsError):
        library.backup(tmp_path / "link")
    assert not (tmp_path / "nothing").exists()


def test_no_database_no_copy(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotFoundError):
        library.backup(tmp_path / "copy")
    assert not path.exists()
    assert not (tmp_path / "copy").exists()


def test_a_damaged_database_is_not_passed_off_as_a_copy(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make_bare(Path(library.roots[0].path), 200)
    library.compute()
    damage(path, path.stat().st_size // page_size(path) // 2)
    before = digest(path)
    (tmp_path / "out").mkdir()
    with pytest.raises(CorruptDatabaseError, match="damaged"):
        library.backup(tmp_path / "out" / "copy")
    assert list((tmp_path / "out").iterdir()) == []
    assert digest(path) == before


def test_damage_that_only_a_check_finds(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    with plain(path) as other:
        other.executescript("CREATE TABLE t (a, b); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1, 2)")
        other.execute("PRAGMA writable_schema = 1")
        other.execute("UPDATE sqlite_master SET sql = 'CREATE INDEX i ON t (b)' WHERE name = 'i'")
    (tmp_path / "out").mkdir()
    with pytest.raises(CorruptDatabaseError, match="index i"):
        library.backup(tmp_path / "out" / "copy")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("call", ["link", "chmod"])
def test_a_file_system_without_links_or_of_somebody_else(
    library: SessionLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    make_session(Path(library.roots[0].path))
    library.compute()
    monkeypatch.setattr(os, call, refuse)
    library.backup(tmp_path / "copy")
    assert len(rows(tmp_path / "copy", "session_stats")) == 1
    assert not list(tmp_path.glob(".*.part*"))


@pytest.mark.skipif(sys.platform == "win32", reason="renaming never overwrites here")
def test_a_name_that_is_taken_at_the_last_moment(
    library: SessionLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def be_late(source: str, target: str) -> None:
        Path(target).write_text("theirs")
        link(source, target)

    make_bare(Path(library.roots[0].path), 1)
    library.compute()
    monkeypatch.setattr(os, "link", be_late)
    with pytest.raises(BackupExistsError):
        library.backup(tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "theirs"
    assert not list(tmp_path.glob(".*.part*"))


def test_no_room_for_the_copy(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    make_bare(Path(library.roots[0].path), 1)
    library.compute()
    (tmp_path / "out").mkdir()
    with files_no_larger_than(20_000), pytest.raises(DiskFullError, match="out"):
        library.backup(tmp_path / "out" / "copy")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_is_not_there_or_cannot_be_written(library: SessionLibrary, tmp_path: Path) -> None:
    make_bare(Path(library.roots[0].path), 1)
    library.compute()
    with pytest.raises(DatabaseError, match="There is no folder"):
        library.backup(tmp_path / "nowhere" / "copy")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    with pytest.raises(DatabaseError, match="Cannot create"):
        as_ordinary_user(lambda: library.backup(closed / "copy"))


def test_locked_for_longer_than_the_wait(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    library.compute()
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseLockedError, match=r"0\.05 s"):
            library.backup(tmp_path / "copy")
        other.execute("ROLLBACK")
    assert not (tmp_path / "copy").exists()


def test_any_database_can_be_copied_and_is_not_changed(library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    with plain(path) as other:
        other.execute("CREATE TABLE session_metadata (mine TEXT)")
    before = digest(path)
    library.backup(tmp_path / "copy")
    assert digest(path) == digest(tmp_path / "copy") == before
    with pytest.raises(ForeignLayoutError):
        library.find()


def test_on_the_command_line(
    library: SessionLibrary, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_session(Path(library.roots[0].path))
    make_database(path)
    write_metadata(path, SESSION, user_note="typed")
    monkeypatch.setenv("SDGEN_IMAGES_DIR", library.roots[0].path)
    outcome = run("list", "--format", "ids")
    assert outcome.out == f"{SESSION}\n"
    assert str(beside(path)[0]) in outcome.err
    assert str(path) not in run("list", "--format", "ids").err
    assert ok("backup").startswith(str(path))
    assert len(beside(path)) == 2
    assert json.loads(ok("backup", tmp_path / "copy.db", "--json"))["path"] == str(tmp_path / "copy.db")
    assert "already exists" in fails(2, "backup", tmp_path / "copy.db")
    assert ok("backup", tmp_path / "second.db", "--format", "ids") == f"{tmp_path / 'second.db'}\n"
    assert [row["user_note"] for row in rows(tmp_path / "copy.db", "session_metadata")] == ["typed"]
