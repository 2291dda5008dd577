"""Other programs at the same database: nobody waits long, and what they write in the middle of our work counts."""

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db import transaction
from sdgen_admin.db.connection import Database
from sdgen_admin.errors import DatabaseLockedError, UndoRefusedError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import Listener
from sdgen_admin.models.roots import as_roots
from sdgen_admin.services.compute import BATCH, Refresher
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.opened import opened
from tests.builders import SESSION, make_session
from tests.cli.harness import run
from tests.neighbour import (
    LONG_AGO,
    METADATA,
    WEB_UI,
    make_database,
    plain,
    row,
    rows,
    write_metadata,
    write_stats,
)
from tests.trust.collections import make_bare, make_sessions
from tests.trust.mirror import assert_mirrored
from tests.trust.program import needs_fork, start

modes = pytest.mark.parametrize("mode", ["wal", "delete"])

A_QUARTER_OF_A_SECOND = 0.25
PAUSE = 0.005
"""Seconds between two commits: up to 200 a second."""
ATTEMPTS = 3
"""What else the machine does may keep the writer waiting once, but not each time."""
EDITED = 500
"""Edits are one transaction, all or nothing: a thousand take about as long as this writer waits."""
MANY = 8000
"""Written in one transaction, these would keep the writer waiting for too long."""


THEIR_ROWS = (
    "session_metadata (session_id, session_path, created_at, updated_at) VALUES (:name, :name, :then, :then)",
    "session_stats (session_name, stats_computed_at) VALUES (:name, :then)",
)


class Writer:
    """Another program that commits all the time, to both shared tables, and waits a quarter of a second at most."""

    def __init__(self, path: Path) -> None:
        self.commits = 0
        self.busy = 0
        self.longest = 0.0
        self._path = path
        self._done = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let it write while the body runs."""
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()

    def _write(self) -> None:
        connection = sqlite3.connect(self._path, timeout=A_QUARTER_OF_A_SECOND, isolation_level=None)
        while not self._done.wait(PAUSE):
            name = f"20200101_000000-theirs-{self.commits}"
            begun = time.monotonic()
            try:
                connection.execute("BEGIN IMMEDIATE")
                for statement in THEIR_ROWS:
                    connection.execute(f"INSERT OR REPLACE INTO {statement}", {"name": name, "then": LONG_AGO})
                connection.execute("COMMIT")
                self.commits += 1
            except sqlite3.OperationalError:
                self.busy += 1
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            self.longest = max(self.longest, time.monotonic() - begun)
        connection.close()


@needs_fork
@modes
def test_neither_waits_long(images_dir: Path, path: Path, mode: str, tmp_path: Path) -> None:
    """No write transaction of ours outlasts what this writer waits for the lock."""
    make_database(path, journal_mode=mode)
    names = make_bare(images_dir, MANY)
    writer = Writer(path)
    place = ["--images-dir", str(images_dir), "--db", str(path), "--format", "ids"]
    with writer.at_work():
        for _ in range(ATTEMPTS):
            busy = writer.busy
            for line in (
                ["compute-stats", "--all"],
                ["compute-stats", "--all", "--force"],
                ["compute-stats", "--all", "--force"],
                ["tag", *names[:EDITED], "--add", "bulk"],
                ["undo"],
            ):
                running = start(*line, *place, said_in=tmp_path / "said")
                assert running.wait() == 0, running.said()
            if writer.busy == busy:
                break
        else:
            pytest.fail(f"it waited for {writer.longest:.3f} s")
    assert writer.commits > 0
    assert len(rows(path, "session_metadata")) == writer.commits
    assert len(rows(path, "session_stats")) == MANY + writer.commits
    assert len(rows(path, "sdgen_admin_sessions")) == MANY


@modes
def test_what_they_write_in_the_middle_of_our_work(images_dir: Path, path: Path, mode: str) -> None:
    """Metadata stays as they wrote it. Their stats of our sessions are put right again, without a look at the disk."""
    make_database(path, journal_mode=mode)
    names = make_sessions(images_dir, 6)
    library = SessionLibrary(images_dir, path)

    def write(done: int, total: int) -> None:
        write_stats(path, names[0], sd_model="theirs")
        write_stats(path, "20200101_000000-theirs", sd_model="theirs")
        write_metadata(path, names[1], user_note=f"{done} of {total}", tags='["theirs"]')

    library.compute(jobs=1, progress=write)
    assert_mirrored(library, others=["20200101_000000-theirs"])
    metadata = row(path, "session_metadata", names[1])
    assert metadata is not None
    assert (metadata["user_note"], metadata["tags"]) == ("6 of 6", '["theirs"]')
    write_stats(path, names[0], sd_model="theirs")
    report = library.compute()
    assert (report.computed, report.fresh) == (0, 6)
    assert_mirrored(library, others=["20200101_000000-theirs"])
    theirs = row(path, "session_stats", "20200101_000000-theirs")
    assert theirs is not None
    assert theirs["sd_model"] == "theirs"


def test_a_row_replaced_between_two_edits(images_dir: Path, path: Path) -> None:
    make_session(images_dir)
    library = SessionLibrary(images_dir, path)
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("ours",), user_note="ours"))
    write_metadata(path, SESSION, tags='["theirs"]', user_rating="like", auto_metadata='{"score": 1}')
    (change,) = library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("ours",)))
    assert change.after.tags == ("theirs", "ours")
    assert change.after.user_rating == "like"
    library.undo()
    found: dict[str, Any] = row(path, "session_metadata", SESSION) or {}
    assert (found["tags"], found["updated_at"]) == ('["theirs"]', LONG_AGO)
    with pytest.raises(UndoRefusedError, match=r"tags was changed since; .* user_note was changed since"):
        library.undo()


def test_what_they_commit_while_we_wait_for_the_lock_counts(images_dir: Path, path: Path) -> None:
    make_session(images_dir)
    library = SessionLibrary(images_dir, path)
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("first",)))
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute('UPDATE session_metadata SET tags = \'["first", "theirs"]\'')
        thread = threading.Thread(
            target=library.update_metadata, args=(SESSION, SessionMetadataUpdate(add_tags=("ours",)))
        )
        thread.start()
        time.sleep(0.05)
        other.commit()
        thread.join()
    metadata = library.get(SESSION).metadata
    assert metadata is not None
    assert metadata.tags == ("first", "theirs", "ours")


def test_a_lock_that_was_waited_for_in_vain_is_not_waited_for_again(images_dir: Path, path: Path) -> None:
    make_bare(images_dir, BATCH + 1)
    roots = as_roots(images_dir)
    database = Database(path, timeout=0.05)
    with opened(database, roots, roots, for_writing=True, to_make=True) as collection:
        collection.register(roots)
        begun: list[str] = []
        with plain(path) as other:
            other.execute("BEGIN IMMEDIATE")
            collection.connection.set_trace_callback(begun.append)
            with pytest.raises(sqlite3.OperationalError), transaction.transaction(collection.connection):
                pass
            once = begun.count("BEGIN IMMEDIATE")
            with pytest.raises(sqlite3.OperationalError):
                Refresher(collection, jobs=1).everything()
    assert begun.count("BEGIN IMMEDIATE") == 2 * once


class Told(Listener):
    """Counts how often it is told to wait."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def waiting(self, path: str) -> None:
        self.paths.append(path)


def test_who_waits_for_long_is_told_once(images_dir: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "_SILENCE", 0.1)
    make_session(images_dir)
    told = Told()
    library = SessionLibrary(images_dir, path, lock_timeout=0.3, listener=told)
    library.compute()
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        for count in (1, 2):
            with pytest.raises(DatabaseLockedError):
                library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("ours",)))
            assert told.paths == [str(path)] * count  # once for each edit


def test_the_command_line_says_what_it_waits_for(images_dir: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "_SILENCE", 0.1)
    make_session(images_dir)
    SessionLibrary(images_dir, path).compute()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.5, other.close)
    end.start()
    done = run("tag", "latest", "--liked", "--images-dir", images_dir, "--db", path)
    end.join()
    assert done.status == 0
    assert re.fullmatch(r"Waiting for another program .*\n", done.err)


def test_a_reader_that_never_ends_keeps_us_from_committing(images_dir: Path, path: Path) -> None:
    make_database(path, journal_mode="delete")
    make_session(images_dir)
    library = SessionLibrary(images_dir, path, lock_timeout=0.05)
    library.compute()
    with plain(path) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM session_stats").fetchone() == (1,)
        with pytest.raises(DatabaseLockedError):
            library.update_metadata(SESSION, SessionMetadataUpdate(user_note="ours"))
    assert rows(path, "session_metadata") == []


TRIGGER = """
CREATE TRIGGER theirs BEFORE INSERT ON session_stats BEGIN SELECT raise(ABORT, 'not yours'); END;
CREATE TRIGGER theirs_too BEFORE UPDATE ON session_stats BEGIN SELECT raise(ABORT, 'not yours'); END;
"""
UNUSABLE = {
    "a trigger": (f"{WEB_UI} {TRIGGER}", "web UI, version 1", "not yours"),
    "a function only they have": (
        f"{WEB_UI} CREATE TRIGGER theirs AFTER INSERT ON session_stats BEGIN SELECT theirs(new.session_name); END",
        "web UI, version 1",
        "no such function: theirs",
    ),
    "a view": (f"{METADATA} CREATE VIEW session_stats AS SELECT 1 AS session_name", "unknown", "is a view"),
    "another layout": (f"{METADATA} CREATE TABLE session_stats (session_name TEXT PRIMARY KEY)", "unknown", "layout"),
    "no key": (WEB_UI.replace("session_name TEXT PRIMARY KEY", "session_name TEXT"), "unknown", "as its key"),
    "a column that demands a value": (
        WEB_UI.replace("session_name TEXT PRIMARY KEY,", "session_name TEXT PRIMARY KEY, theirs TEXT NOT NULL,"),
        "unknown",
        "demands a column",
    ),
}
"""What other programs may have made of `session_stats`, the layout that is seen in it, and why there is no mirror."""


@pytest.mark.parametrize(("script", "layout", "why"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_mirror_that_cannot_be_kept_stops_nothing(
    images_dir: Path, path: Path, script: str, layout: str, why: str
) -> None:
    make_database(path, script=script)
    names = make_sessions(images_dir, 3)
    library = SessionLibrary(images_dir, path)
    with plain(path) as other:
        schema = other.execute("SELECT sql FROM sqlite_master WHERE name LIKE '%session_stats'").fetchall()
    assert library.compute().computed == 3
    library.update_metadata(names, SessionMetadataUpdate(add_tags=("a",)))
    assert library.find(tag=["a"], where="images=2").total_count == 3
    assert library.undo().undone == 1
    report = library.describe()
    assert (report.layout, report.mirrored, report.sessions) == (layout, 0, 3)
    assert why in (report.mirror_problem or "")
    with plain(path) as other:
        assert other.execute("SELECT sql FROM sqlite_master WHERE name LIKE '%session_stats'").fetchall() == schema
        assert other.execute("SELECT count(*) FROM session_stats").fetchone() == (int(why == "is a view"),)
        for trigger in ("theirs", "theirs_too"):
            other.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    library.find()
    if layout != "unknown":  # as soon as it can be written again
        assert_mirrored(library)
        assert library.describe().mirror_problem is None
