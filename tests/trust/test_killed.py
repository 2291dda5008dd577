"""Ended by SIGKILL at any moment: the database is sound, everything in it whole, and the next run does the rest."""

import random
import signal
import time
from pathlib import Path

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import CONTRACT, LONG_AGO, plain, rows
from tests.trust.collections import assert_sound, make_sessions, restore
from tests.trust.program import Hooks, needs_fork, start

SESSIONS = 25
KILLS = 9
"""For each command and journal mode: two of three at a statement, 120 in all, the third at a moment."""

GONE = "20240101_000000-gone"

pytestmark = needs_fork

COMMANDS = {
    "compute-stats": "compute-stats --all --force --format ids",
    "first use": "compute-stats --all --format ids",
    "list": "list --format ids",
    "show": "show latest --format ids",
    "refresh": "refresh --all --format ids",
    "warm-cache": "warm-cache --prune --force --format ids",
    "tag": "tag - --add killed --note new --liked --format ids",
    "undo": "undo --format ids",
    "backup": "backup {copy} --format ids",
    "demo": "demo {demo}",
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An images root, with a database for each command beside it."""
    folder = tmp_path_factory.mktemp("killed")
    names = make_sessions(folder / "images", SESSIONS)
    library = SessionLibrary(folder / "images", folder / "whole.db")
    library.compute()
    library.update_metadata(names, SessionMetadataUpdate(add_tags=("kept",)))
    library.update_metadata(names[::2], SessionMetadataUpdate(is_favorite=True))
    library.backup(folder / "stale.db")
    with plain(folder / "stale.db") as connection:
        connection.execute("UPDATE session_stats SET stats_version = 0")
    with plain(folder / "new.db") as connection:
        connection.executescript(CONTRACT)
        connection.execute(
            "INSERT INTO session_metadata (session_id, session_path, user_note, created_at, updated_at)"
            " VALUES (?, ?, 'typed', ?, ?)",
            (names[0], names[0], LONG_AGO, LONG_AGO),
        )
    library.backup(folder / "gone.db")
    with plain(folder / "gone.db") as connection:
        for table in ("session_stats", "sdgen_admin_sessions"):
            connection.execute(
                f"UPDATE {table} SET session_id = '20240101_000000-gone' WHERE session_id = ?", names[:1]
            )
    (folder / "ids").write_text("\n".join(names), encoding="utf-8")
    return folder


TEMPLATES = {"first use": "new.db", "list": "stale.db", "show": "stale.db", "warm-cache": "gone.db"}


def run(line: list[str], said_in: Path, hooks: Hooks | None = None, wait: float | None = None) -> None:
    """Run a command line and see that it ends as it should: killed at a statement, after a while, or not at all."""
    running = start(*line, said_in=said_in, hooks=hooks)
    if wait is not None:
        time.sleep(wait)
        running.process.kill()
    expected = {-signal.SIGKILL} if hooks is not None and hooks.kill_at else {0}
    assert running.wait() in expected | ({-signal.SIGKILL} if wait is not None else set()), running.said()


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("command", COMMANDS)
def test_killed(collection: Path, tmp_path: Path, command: str, mode: str) -> None:
    path, chance = tmp_path / "metadata" / "sessions.db", random.Random(f"{command} {mode}")
    template = tmp_path / "template.db"
    template.write_bytes((collection / TEMPLATES.get(command, "whole.db")).read_bytes())
    with plain(template) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    names = (collection / "ids").read_text(encoding="utf-8").split()
    line = COMMANDS[command].replace("tag -", f"tag {' '.join(names)}")
    place = [] if command == "demo" else ["--images-dir", str(collection / "images"), "--db", str(path)]

    def words(number: int) -> list[str]:
        made = {"copy": tmp_path / f"copy-{number}.db", "demo": tmp_path / f"demo-{number}"}
        return [*(word.format(**made) for word in line.split()), *place]

    said_in = tmp_path / "said"
    restore(template, path)
    started = time.monotonic()
    run(words(-1), said_in, Hooks(count_in=tmp_path / "count"))
    seconds, statements = time.monotonic() - started, int((tmp_path / "count").read_text(encoding="utf-8"))
    for number in range(KILLS):
        restore(template, path)
        if number % 3 < 2:
            run(words(number), said_in, Hooks(kill_at=chance.randint(1, statements)))
        else:
            run(words(number), said_in, wait=chance.random() * seconds)
        database = tmp_path / f"demo-{number}" / "metadata" / "sessions.db" if command == "demo" else path
        if database.exists():
            assert_sound(database)
        assert_whole(database, names, command)
        copy = tmp_path / f"copy-{number}.db"
        if copy.exists():
            assert_sound(copy)
            assert len(rows(copy, "session_metadata")) == SESSIONS
        if command not in ("undo", "backup"):  # an undo that came through leaves others to undo
            run(words(number), said_in)
            assert_complete(database, command)


def assert_complete(path: Path, command: str) -> None:
    """The next run has done the rest."""
    assert_sound(path)
    stats = rows(path, "session_stats")
    assert len(stats) == {"demo": 8, "show": len(stats)}.get(command, SESSIONS)
    if command == "demo":
        assert len(rows(path, "session_metadata")) == 5
    if command == "tag":
        assert all('"killed"' in row["tags"] for row in rows(path, "session_metadata"))
    if command == "warm-cache":
        assert not any(row["session_id"] == GONE for row in stats)
    if command not in ("show", "tag"):
        assert {row["stats_version"] for row in stats} == {1}


def assert_whole(path: Path, names: list[str], command: str) -> None:
    """What one command does to many sessions is done to all of them or to none; what was typed is there."""
    if command == "demo":
        return
    if command == "first use":
        assert [row["user_note"] for row in rows(path, "session_metadata")] == ["typed"]
        return
    metadata = rows(path, "session_metadata")
    assert [row["session_id"] for row in metadata] == names
    assert all('"kept"' in row["tags"] for row in metadata)
    assert len({'"killed"' in row["tags"] for row in metadata}) == 1
    assert sum(row["is_favorite"] for row in metadata) in {0, SESSIONS, (SESSIONS + 1) // 2}
