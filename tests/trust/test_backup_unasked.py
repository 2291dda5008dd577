"""The copy that is made without being asked for, before the first write to what somebody typed."""

import subprocess
import sys
from pathlib import Path

import pytest

from sdgen_admin.errors import DiskFullError, NewerDatabaseError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import Listener
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.full_disk import files_no_larger_than
from tests.neighbour import digest, make_database, plain, rows, write_metadata
from tests.trust.collections import beside
from tests.trust.earlier import INDEXES_OF_METADATA, write_in_earlier_form
from tests.trust.mirror import assert_mirrored

TAG = SessionMetadataUpdate(add_tags=("a",))

modes = pytest.mark.parametrize("mode", ["wal", "delete"])


class Told(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.copies: list[str] = []

    def backed_up(self, path: str) -> None:
        self.copies.append(path)


def tables_of(path: Path) -> set[str]:
    with plain(path) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@modes
def test_a_copy_is_made_before_the_first_write_to_somebodys_metadata(images_dir: Path, path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    write_metadata(path, SESSION, user_note="typed")
    told = Told()
    for _ in range(2):
        library = SessionLibrary(images_dir, path, listener=told)
        library.find()
        library.find()
    (copy,) = beside(path)
    assert told.copies == [str(copy)]
    assert tables_of(copy) == {"schema_version", "session_metadata", "session_stats"}
    assert [row["user_note"] for row in rows(copy, "session_metadata")] == ["typed"]


@modes
def test_and_before_a_conversion(images_dir: Path, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "converted" / "sessions.db"
    make_session(images_dir)
    first = SessionLibrary(images_dir, tmp_path / "first.db")
    first.compute()
    first.update_metadata(SESSION, TAG)
    path.parent.mkdir()
    write_in_earlier_form(first, path)
    with plain(path) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
    before = {table: rows(path, table) for table in ("session_metadata", "session_stats", "sdgen_admin_history")}
    told = Told()
    for _ in range(2):
        library = SessionLibrary(images_dir, path, listener=told)
        assert library.find().sessions[0].metadata == first.get(SESSION, fresh=False).metadata
    (copy,) = beside(path)
    assert told.copies == [str(copy)]
    assert {table: rows(copy, table) for table in before} == before
    for table in ("session_metadata", "sdgen_admin_history"):
        assert rows(path, table) == before[table]
    assert_mirrored(library)
    with plain(path) as other:
        there = {name for (name,) in other.execute("SELECT name FROM sqlite_master")}
    assert not there & {"sdgen_admin_stats_created", "sdgen_admin_status", *INDEXES_OF_METADATA}
    library.undo()
    assert library.get(SESSION).metadata is None


def test_what_was_known_before_a_conversion_is_known_after_it(images_dir: Path, tmp_path: Path) -> None:
    """Even if the folders cannot be asked again."""
    make_session(images_dir)
    first = SessionLibrary(images_dir, tmp_path / "first.db")
    first.compute()
    path = tmp_path / "converted.db"
    write_in_earlier_form(first, path)
    before = first.get(SESSION, fresh=False)
    images_dir.rename(tmp_path / "elsewhere")
    library = SessionLibrary(images_dir, path)
    (after,) = library.find().sessions
    assert before.stats is not None
    unknown = dict.fromkeys(("images_recorded", "seed_min", "seed_max", "seed_run")) | {"pools": {}}
    stats = before.stats.model_copy(update={"stats_version": 1})
    assert after == before.model_copy(update={"outdated": True, "stats": stats, **unknown})


def test_and_again_if_our_tables_have_lost_their_version(images_dir: Path, path: Path) -> None:
    make_session(images_dir)
    SessionLibrary(images_dir, path).update_metadata(SESSION, TAG)
    assert beside(path) == []
    with plain(path) as other:
        other.execute("DROP TABLE sdgen_admin_version")
    for _ in range(2):
        assert SessionLibrary(images_dir, path).find(tag=["a"]).total_count == 1
    assert len(beside(path)) == 1


def test_not_before_a_version_that_is_newer(images_dir: Path, path: Path) -> None:
    make_session(images_dir)
    SessionLibrary(images_dir, path).update_metadata(SESSION, TAG)
    with plain(path) as other:
        other.execute("UPDATE sdgen_admin_version SET version = 99")
    before = digest(path)
    library = SessionLibrary(images_dir, path)
    assert library.find(tag=["a"]).total_count == 1
    for edit in (library.compute, library.undo, lambda: library.update_metadata(SESSION, TAG)):
        with pytest.raises(NewerDatabaseError, match="99"):
            edit()
    assert digest(path) == before
    assert beside(path) == []


def test_not_if_nobody_has_said_anything(library: SessionLibrary, path: Path) -> None:
    make_database(path)
    library.compute()
    assert beside(path) == []


def test_without_room_for_the_copy_nothing_is_written(images_dir: Path, path: Path) -> None:
    make_database(path)
    make_session(images_dir)
    write_metadata(path, SESSION, user_note="typed" * 20_000)
    before = digest(path)
    with files_no_larger_than(80_000):
        library = SessionLibrary(images_dir, path)
        for edit in (library.compute, lambda: library.update_metadata(SESSION, TAG)):
            with pytest.raises(DiskFullError):
                edit()
        (record,) = library.find(search="typed").sessions  # from memory
    assert record.stats is not None
    assert record.stats.images_actual == 6
    assert digest(path) == before
    assert beside(path) == []


def test_several_at_once_make_one_copy(images_dir: Path, path: Path) -> None:
    make_database(path)
    write_metadata(path, SESSION, user_note="typed" * 100_000)
    code = "import sys; from sdgen_admin.db.connection import Database\nwith Database(sys.argv[1]).open(): pass"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert len(beside(path)) == 1


def test_several_at_once_convert_once(images_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "converted" / "sessions.db"
    names = [make_session(images_dir, f"20251107_1200{number:02}-a", images=1).name for number in range(20)]
    first = SessionLibrary(images_dir, tmp_path / "first.db")
    first.compute()
    first.update_metadata(names, TAG)
    path.parent.mkdir()
    write_in_earlier_form(first, path)
    code = (
        "import sys; from sdgen_admin import SessionLibrary, SessionMetadataUpdate\n"
        "library = SessionLibrary(sys.argv[1], sys.argv[2])\n"
        "library.update_metadata(library.resolve([sys.argv[3]]), SessionMetadataUpdate(add_tags=(sys.argv[4],)))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(images_dir), str(path), names[0], f"t{number}"])
        for number in range(4)
    ]
    assert [process.wait() for process in processes] == [0] * 4
    assert len(beside(path)) == 1
    library = SessionLibrary(images_dir, path)
    assert library.tags() == {"a": 20, "t0": 1, "t1": 1, "t2": 1, "t3": 1}
    assert library.find().total_count == 20
    assert_mirrored(library)
