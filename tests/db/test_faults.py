"""A database that cannot be used: each fault has its own error, and the file is left as it was."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.errors import (
    CorruptDatabaseError,
    DatabaseError,
    DatabaseLockedError,
    DatabaseNotFoundError,
    NotADatabaseError,
)
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.db.uses import READS, USES, expect
from tests.neighbour import damage, digest, make_database, plain, write_metadata


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("content", [b"These are notes, not a database.\n" * 50, b"\x89PNG\r\n\x1a\n" + b"\0" * 5000])
def test_no_database(
    library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object], content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    expect(NotADatabaseError, use, library)
    assert path.read_bytes() == content


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_damaged_header(library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object]) -> None:
    library.compute()
    with path.open("r+b") as file:
        file.write(b"broken")
    before = digest(path)
    expect(NotADatabaseError, use, library)
    assert digest(path) == before


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_damaged_pages(library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object]) -> None:
    library.compute()
    damage(path)
    before = digest(path)
    assert "damaged" in expect(CorruptDatabaseError, use, library)
    assert digest(path) == before


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_locked_for_longer_than_the_wait(
    library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], object]
) -> None:
    library.compute()
    before = digest(path)
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        expect(DatabaseLockedError, use, library)
        other.execute("ROLLBACK")
    assert digest(path) == before


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("use", [READS["find"], READS["cached"], READS["get"], READS["resolve"], READS["tags"]])
def test_another_writer_does_not_stop_reading_what_is_fresh(
    library: SessionLibrary, path: Path, mode: str, use: Callable[[SessionLibrary], object]
) -> None:
    make_database(path, journal_mode=mode)
    library.compute()
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        assert use(library) is not None
        other.execute("ROLLBACK")


def test_reading_locks_nobody_out(library: SessionLibrary, path: Path) -> None:
    library.compute()
    assert library.find().total_count == 1
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert other.execute("SELECT count(*) FROM session_stats").fetchone() == (1,)


def test_a_folder_in_place_of_the_file(library: SessionLibrary, path: Path) -> None:
    path.mkdir(parents=True)
    expect(DatabaseError, USES["find"], library)
    assert list(path.iterdir()) == []


def test_a_file_in_place_of_the_folder(library: SessionLibrary, path: Path) -> None:
    path.parent.write_text("no folder")
    expect(DatabaseError, USES["compute"], library)
    assert path.parent.read_text() == "no folder"


@pytest.mark.parametrize("use", ["cached", "tags"])
def test_reading_as_it_is_needs_a_database(library: SessionLibrary, path: Path, use: str) -> None:
    expect(DatabaseNotFoundError, USES[use], library)
    with pytest.raises(DatabaseNotFoundError):
        library.get(SESSION, fresh=False)
    assert not path.exists()


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "#1.db", "été.db"])
def test_any_file_name_will_do(images_dir: Path, tmp_path: Path, name: str) -> None:
    make_session(images_dir)
    library = SessionLibrary(images_dir, tmp_path / name)
    assert library.compute().computed == 1
    assert (tmp_path / name).read_bytes().startswith(b"SQLite format 3")


def test_a_sound_database_passes_its_check(library: SessionLibrary, path: Path) -> None:
    with pytest.raises(DatabaseNotFoundError):
        Database(path).check()
    library.compute()
    before = digest(path)
    Database(path).check()
    assert digest(path) == before


@pytest.mark.parametrize("page", range(2, 25))
def test_a_check_finds_any_damaged_page(library: SessionLibrary, path: Path, page: int) -> None:
    library.compute()
    damage(path, page, byte=b"\0")
    before = digest(path)
    expect(CorruptDatabaseError, lambda _: Database(path).check(), library)
    assert digest(path) == before


def test_any_other_error_is_a_database_error_too(path: Path) -> None:
    with pytest.raises(DatabaseError, match="no such table"), Database(path).open() as connection:
        connection.execute("SELECT * FROM nowhere")


def test_text_that_is_no_utf_8_is_read(path: Path) -> None:
    make_database(path)
    write_metadata(path, SESSION)
    with plain(path) as connection:
        connection.execute("UPDATE session_metadata SET user_note = CAST(x'61ff62' AS TEXT)")
    with Database(path).open() as connection:
        assert connection.execute("SELECT user_note FROM session_metadata").fetchone() == ("a\ufffdb",)


def test_a_drive_that_is_not_there_is_no_endless_search(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(os.path, "exists", lambda _: False)  # as for `Z:\\`, of which nothing is there
    assert Database(path).is_writable() == os.access("/", os.W_OK)


def test_errors_without_a_code_are_explained(path: Path) -> None:
    with pytest.raises(DatabaseError, match="only execute one statement"), Database(path).open() as connection:
        connection.execute("SELECT 1; SELECT 2")
