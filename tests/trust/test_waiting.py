"""Waiting for another program's lock: it is said after a second, and a signal ends it at once, whatever is waited for.

The locks are held here, and the program runs in processes of its own.
"""

import math
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from sdgen_admin.errors import DatabaseLockedError, UsageError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import Listener
from sdgen_admin.services.completion import complete
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import make_session
from tests.neighbour import make_database, plain, rows
from tests.trust.program import PATIENCE, Running, needs_fork, start, wait_for

pytestmark = needs_fork

TIMEOUT = 30.0
"""Seconds that the program waits by itself."""
READING = [
    "list", "list --cached", "list --missing", "show latest", "tag --list", "history", "config", "config --check",
    "backup", "tag latest --liked --dry-run", "undo --dry-run",
]  # fmt: skip
WRITING = [
    "tag latest --liked", "tag --where images>=0 --note seen", "undo", "compute-stats --all --force", "refresh latest",
    "warm-cache --prune",
]  # fmt: skip


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        yield connection


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Nobody else can read: another program is just committing, say."""
    with opened(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def exclusive_for_good(path: Path) -> Iterator[None]:
    """Another program has taken the file for itself, in WAL mode."""
    with opened(path) as other:
        other.execute("PRAGMA journal_mode = WAL")
    with opened(path) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("COMMIT")
        yield


@contextmanager
def pending(path: Path) -> Iterator[None]:
    """A commit waits for a reader, and keeps new readers out."""
    with opened(path) as reader, opened(path) as writer:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM session_metadata").fetchall()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE session_metadata SET user_note = 'not committed'")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writer.execute("COMMIT")
        yield


@contextmanager
def reserved(path: Path) -> Iterator[None]:
    """Another program has written and not committed."""
    with opened(path) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE session_metadata SET user_note = 'not committed'")
        yield


@contextmanager
def read(path: Path) -> Iterator[None]:
    """Another program reads and does not end: nobody can commit."""
    with opened(path) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM session_metadata").fetchall()
        yield


CASES = {
    "exclusive": (exclusive, READING + WRITING),
    "exclusive for good": (exclusive_for_good, READING + WRITING),
    "pending": (pending, READING + WRITING),
    "reserved": (reserved, WRITING),
    "read": (read, WRITING),
}


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    make_session(images_dir)
    library = SessionLibrary(images_dir)
    library.update_metadata(library.resolve(["latest"]), SessionMetadataUpdate(add_tags=("typed",)))
    library.compute()
    return library


@pytest.mark.parametrize("case", CASES)
def test_a_signal_ends_every_wait(library: SessionLibrary, tmp_path: Path, case: str) -> None:
    lock, commands = CASES[case]
    path = Path(library.db_path)
    place = ["--images-dir", library.roots[0].path]
    before = rows(path, "session_metadata")
    with lock(path):
        running = {
            command: start(*command.split(), *place, said_in=tmp_path / f"said-{number}")
            for number, command in enumerate(commands)
        }
        for each in running.values():
            wait_for(lambda: "Waiting for another program" in each.said())  # noqa: B023 -- done at once
        begun = time.monotonic()
        for number, each in enumerate(running.values()):
            each.send((signal.SIGINT, signal.SIGTERM)[number % 2])
        statuses = {command: each.wait() for command, each in running.items()}
        assert time.monotonic() - begun < TIMEOUT / 2
    assert statuses == {command: (130, 143)[number % 2] for number, command in enumerate(commands)}
    said = {command: _last_said(each) for command, each in running.items()}
    assert said == {key: [f"Waiting for another program that is using {path} …", "Interrupted."] for key in commands}
    assert rows(path, "session_metadata") == before
    assert library.find(fresh=False).total_count == 1


def _last_said(running: Running) -> list[str]:
    """Return the last two things that were said; how far the computing came is no matter here."""
    lines = running.said().splitlines()[-2:]
    return [line.partition(":")[0] + "." if line.startswith("Interrupted: 0 of") else line for line in lines]


def test_in_a_thread_the_wait_goes_on_and_the_main_thread_is_free(library: SessionLibrary, tmp_path: Path) -> None:
    script = """
import os, signal, sys, time
from concurrent.futures import ThreadPoolExecutor
from sdgen_admin import DatabaseLockedError, Listener, SessionLibrary

class Told(Listener):
    def waiting(self, path):
        os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
library = SessionLibrary(sys.argv[1], lock_timeout=3, listener=Told())
with ThreadPoolExecutor() as pool:
    begun, future = time.monotonic(), pool.submit(library.find)
    try:
        future.result()
    except KeyboardInterrupt:
        print("interrupted", time.monotonic() - begun < 2.5)
    print(type(future.exception()).__name__)
"""
    with exclusive(Path(library.db_path)):
        command = [sys.executable, "-c", script, library.roots[0].path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stderr == ""
    assert done.stdout.split("\n") == ["interrupted True", "DatabaseLockedError", ""]


@pytest.mark.parametrize("timeout", [0, 0.01, 0.3])
@pytest.mark.parametrize("case", CASES)
def test_it_waits_no_longer_than_it_may(library: SessionLibrary, case: str, timeout: float) -> None:
    hurried = SessionLibrary(library.roots[0].path, lock_timeout=timeout)
    uses: list[Callable[[], object]] = [hurried.undo, lambda: hurried.compute(force=True)]
    if CASES[case][1] != WRITING:
        uses += [hurried.find, hurried.tags, hurried.describe, hurried.backup]
    with CASES[case][0](Path(library.db_path)):
        for use in uses:
            begun = time.monotonic()
            with pytest.raises(DatabaseLockedError) as caught:
                use()
            assert timeout <= time.monotonic() - begun < timeout + 5
            assert caught.value.details == {"path": library.db_path, "seconds": timeout}


@pytest.mark.parametrize("timeout", [3600, 1e12, math.inf])
def test_it_waits_for_as_long_as_it_may(library: SessionLibrary, timeout: float) -> None:
    with ExitStack() as held:

        class LettingGo(Listener):
            def waiting(self, path: str) -> None:
                held.close()

        held.enter_context(exclusive(Path(library.db_path)))
        patient = SessionLibrary(library.roots[0].path, lock_timeout=timeout, listener=LettingGo())
        begun = time.monotonic()
        assert patient.find().total_count == 1
        assert time.monotonic() - begun >= 1


@pytest.mark.parametrize("timeout", [-1, math.nan, None, "30"])
def test_what_is_no_timeout_is_refused(images_dir: Path, timeout: float) -> None:
    for make in (
        lambda: SessionLibrary(images_dir, lock_timeout=timeout),
        lambda: SessionMetadataService(images_dir / "x.db", lock_timeout=timeout),
    ):
        with pytest.raises(UsageError, match="Invalid lock timeout"):
            make()


@pytest.mark.parametrize("case", CASES)
def test_completion_gives_up_at_once(library: SessionLibrary, case: str) -> None:
    lock, commands = CASES[case]
    expected = [] if commands != WRITING else [record.session_id for record in library.find().sessions]
    with lock(Path(library.db_path)):
        begun = time.monotonic()
        assert complete(library.db_path, [root.path for root in library.roots], "sessions", "2025") == expected
        assert time.monotonic() - begun < 1


def test_a_reader_waits_a_second_in_all(library: SessionLibrary, images_dir: Path, tmp_path: Path) -> None:
    """However many things it would store: sessions that are new, gone and adopted, a root, mirror rows."""
    path = Path(library.db_path)
    make_database(path)
    more = tmp_path / "more"
    make_session(more, "20251201_120000-elsewhere")
    make_session(images_dir, "20251202_120000-new")
    with plain(path) as other:
        other.execute("DELETE FROM session_stats")
        other.execute(
            "INSERT INTO session_metadata (session_id, session_path, created_at, updated_at)"
            " VALUES ('20251203_120000-said', ?, '2025', '2025')",
            (str(images_dir / "20251203_120000-said"),),
        )
    both = SessionLibrary([images_dir, more])
    for lock in (reserved, read):
        with lock(path):
            begun = time.monotonic()
            assert both.find().total_count == 3
            assert both.find(missing=True).sessions[0].session_id == "20251203_120000-said"
            assert time.monotonic() - begun < 2 * 2.5
