"""The copy that is made by itself before the first write to what somebody typed."""

import subprocess
import sys
from pathlib import Path

import pytest

from sdgen_admin.errors import DiskFullError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.full_disk import files_no_larger_than
from tests.neighbour import digest, make_database, plain, rows, write_metadata
from tests.trust.collections import beside


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_copy_is_made_before_the_first_write_to_somebodys_metadata(
    library: SessionLibrary, path: Path, mode: str
) -> None:
    make_database(path, journal_mode=mode)
    write_metadata(path, SESSION, user_note="typed")
    told: list[str] = []
    library.database.on_backup = told.append
    library.find()
    library.find()
    (copy,) = beside(path)
    assert told == [str(copy)]
    with plain(copy) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"session_metadata", "session_stats"}
    assert [row["user_note"] for row in rows(copy, "session_metadata")] == ["typed"]


def test_and_again_before_a_new_version(library: SessionLibrary, path: Path) -> None:
    make_session(Path(library.images_dir))
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("a",)))
    assert beside(path) == []
    for outdated in ("UPDATE sdgen_admin_version SET version = 0", "DROP TABLE sdgen_admin_version"):
        with plain(path) as other:
            other.execute(outdated)
        for _ in range(2):
            assert library.find().total_count == 1
    assert len(beside(path)) == 2
    with plain(path) as other:
        other.execute("UPDATE sdgen_admin_version SET version = 99")  # of a later version: none of our business
    library.find()
    assert len(beside(path)) == 2


def test_not_where_nobody_said_anything(library: SessionLibrary, path: Path) -> None:
    make_database(path)
    library.compute()
    assert beside(path) == []


def test_without_room_for_the_copy_nothing_is_written(library: SessionLibrary, path: Path) -> None:
    make_database(path)
    write_metadata(path, SESSION, user_note="typed" * 5000)
    before = digest(path)
    with files_no_larger_than(30_000), pytest.raises(DiskFullError):
        library.find()
    assert digest(path) == before
    assert beside(path) == []


def test_several_at_once_make_one_copy(images_dir: Path, path: Path) -> None:
    make_database(path)
    write_metadata(path, SESSION, user_note="typed" * 100_000)
    code = "import sys; from sdgen_admin.db.connection import Database\nwith Database(sys.argv[1]).open(): pass"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert len(beside(path)) == 1
