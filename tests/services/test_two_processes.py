"""Several programs at the same database at once: all finish, and nothing that one of them wrote is lost."""

import multiprocessing
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import SESSION, make_session
from tests.neighbour import make_database, plain, rows, write_metadata

PROCESSES = 4
EDITS = 15
PATIENCE = 120.0
"""Seconds until a process counts as stuck."""

modes = pytest.mark.parametrize("mode", ["wal", "delete"])


def count(path: Path, table: str) -> int:
    with plain(path) as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found)


def at_once(work: Callable[..., None], *arguments: Any) -> None:
    """Run `work(number, *arguments)` in several processes that start together; all have to succeed."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    processes = [
        context.Process(target=_wait_and_work, args=(barrier, work, number, *arguments)) for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
        process.kill()
    assert [process.exitcode for process in processes] == [0] * PROCESSES


def _wait_and_work(barrier: Any, work: Callable[..., None], number: int, *arguments: Any) -> None:
    barrier.wait(PATIENCE)
    work(number, *arguments)


def add_tags(number: int, path: str) -> None:
    service = SessionMetadataService(path)
    for edit in range(EDITS):
        service.add_tags(SESSION, "/images", [f"t-{number}-{edit}"])


@modes
def test_all_tags_survive(path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    at_once(add_tags, str(path))
    (found,) = SessionMetadataService(path).list_all_metadata()
    assert set(found.tags) == {f"t-{number}-{edit}" for number in range(PROCESSES) for edit in range(EDITS)}


def add_and_remove(number: int, path: str) -> None:
    service = SessionMetadataService(path)
    for edit in range(EDITS):
        service.upsert_metadata(
            SESSION, "/images", SessionMetadataUpdate(add_tags=(f"n-{number}",), remove_tags=(f"o-{number}-{edit}",))
        )


def test_removing_loses_nothing_that_others_add(path: Path) -> None:
    service = SessionMetadataService(path)
    old = [f"o-{number}-{edit}" for number in range(PROCESSES) for edit in range(EDITS)]
    service.add_tags(SESSION, "/images", ["kept", *old])
    at_once(add_and_remove, str(path))
    found = service.get_metadata(SESSION)
    assert found is not None
    assert set(found.tags) == {"kept", *(f"n-{number}" for number in range(PROCESSES))}


def open_first(number: int, path: str) -> None:
    with Database(path).open(for_writing=True) as connection:
        connection.execute("SELECT count(*) FROM sdgen_admin_sessions").fetchone()


def test_the_schema_is_made_once(path: Path) -> None:
    at_once(open_first, str(path))
    with plain(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names > {"session_metadata", "session_stats", "sdgen_admin_sessions", "sdgen_admin_history"}
    assert count(path, "sdgen_admin_version") == 1


def compute_and_edit(number: int, images_dir: str) -> None:
    library = SessionLibrary(images_dir)
    if number == 0:
        library.compute(force=True)
    elif number == 1:
        library.find(limit=None)
        library.prune()
    else:
        for folder in sorted(Path(images_dir).iterdir()):
            library.update_metadata(folder.name, SessionMetadataUpdate(add_tags=(f"n-{number}",)))


@modes
def test_computing_pruning_and_editing_at_once(images_dir: Path, path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    for number in range(40):
        make_session(images_dir, f"20251107_1200{number:02}-a", images=2)
    at_once(compute_and_edit, str(images_dir))
    page = SessionLibrary(images_dir).find(tag=("n-2", "n-3"), limit=None)
    assert page.total_count == 40
    assert all(record.stats is not None and record.stats.images_actual == 2 for record in page.sessions)


def write_as_a_neighbour(number: int, path: str, images_dir: str) -> None:
    if number == 0:
        for _ in range(3):
            SessionLibrary(images_dir).compute(force=True)
        return
    for edit in range(EDITS * 3):
        connection = sqlite3.connect(path, timeout=PATIENCE)
        with connection:
            connection.execute(
                "UPDATE session_metadata SET user_note = coalesce(user_note, '') || ? WHERE session_id = ?",
                (f"{number}:{edit};", SESSION),
            )
        connection.close()


@modes
def test_a_neighbour_that_writes_all_the_time_loses_nothing(images_dir: Path, path: Path, mode: str) -> None:
    make_database(path, journal_mode=mode)
    write_metadata(path, SESSION)
    for number in range(40):
        make_session(images_dir, f"20251107_1200{number:02}-a", images=2)
    at_once(write_as_a_neighbour, str(path), str(images_dir))
    (found,) = rows(path, "session_metadata")
    written = found["user_note"].rstrip(";").split(";")
    expected = {f"{number}:{edit}" for number in range(1, PROCESSES) for edit in range(EDITS * 3)}
    assert set(written) == expected
    assert len(written) == len(expected)
    for table in ("session_stats", "sdgen_admin_sessions"):
        assert len(rows(path, table)) == 40


def prune(number: int, images_dir: str) -> None:
    SessionLibrary(images_dir).prune()


def test_pruning_twice_at_once(images_dir: Path, path: Path) -> None:
    library = SessionLibrary(images_dir)
    ids = [f"20251107_1200{number:02}-a" for number in range(10)]
    for session_id in ids:
        make_session(images_dir, session_id, images=1)
    library.compute()
    library.update_metadata(ids[0], SessionMetadataUpdate(user_note="typed"))
    for session_id in ids[:2]:
        (images_dir / session_id).rename(images_dir.parent / session_id)
    at_once(prune, str(images_dir))
    assert [found["session_name"] for found in rows(path, "session_stats")] == ids[2:]
    with_stats = [found["session_id"] for found in rows(path, "sdgen_admin_sessions") if found["stats_computed_at"]]
    assert with_stats == ids[2:]
    assert [found["user_note"] for found in rows(path, "session_metadata")] == ["typed"]


def like(number: int, images_dir: str, other: str) -> None:
    roots = [images_dir, other] if number % 2 else [other, images_dir]
    for edit in range(EDITS):
        library = SessionLibrary(roots, Path(images_dir).parent / "metadata" / "sessions.db")
        library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=(f"t-{number}-{edit}",)))


def test_two_configurations_of_the_same_roots_lose_nothing(images_dir: Path, path: Path, tmp_path: Path) -> None:
    make_session(images_dir)
    make_session(tmp_path / "nas", "20251108_120000-other")
    at_once(like, str(images_dir), str(tmp_path / "nas"))
    library = SessionLibrary([images_dir, tmp_path / "nas"], path)
    record = library.get(SESSION)
    assert record.metadata is not None
    assert len(record.metadata.tags) == PROCESSES * EDITS
    assert library.find().total_count == 2
    assert count(path, "sdgen_admin_roots") == 2
