"""Killed at any moment: the database is sound, everything in it is whole, and the next command does the rest."""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import LONG_AGO, make_database, plain, rows, write_metadata
from tests.trust.collections import assert_sound, make_sessions, restore
from tests.trust.earlier import write_in_earlier_form
from tests.trust.mirror import assert_mirrored, assert_no_half_rows
from tests.trust.program import Hooks, needs_fork, start

SESSIONS = 25
KILLS = 6
"""For each command and journal mode: two of three at a statement, the third at a moment."""

GONE = "20240101_000000-gone"

pytestmark = needs_fork

COMMANDS = {
    "compute-stats": "compute-stats --all --force --format ids",
    "first use": "compute-stats --all --format ids",
    "first use by an edit": "tag - --add killed --format ids",
    "conversion": "list --format ids",
    "conversion by an edit": "tag - --add killed --format ids",
    "list": "list --format ids",
    "mirror": "list --format ids",
    "show": "show latest --format ids",
    "refresh": "refresh --all --format ids",
    "warm-cache": "warm-cache --prune --force --format ids",
    "tag": "tag - --add killed --note new --liked --format ids",
    "undo": "undo --format ids",
    "backup": "backup {copy} --format ids",
    "demo": "demo {demo}",
}
TEMPLATES = {
    "first use": "new.db",
    "first use by an edit": "new.db",
    "conversion": "earlier.db",
    "conversion by an edit": "earlier.db",
    "list": "outdated.db",
    "mirror": "emptied.db",
    "show": "outdated.db",
    "warm-cache": "gone.db",
}
"""Which database a command works on; for the others, one that is up to date."""
EDITS = [command for command, line in COMMANDS.items() if line.startswith("tag ")]
ONCE = ("undo", "backup")
"""Commands that do something else the second time."""
OF_ONE = ("show", *EDITS)
"""Commands that leave the other sessions, or all of them, as they are."""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An images root, with a database for each command beside it."""
    folder = tmp_path_factory.mktemp("killed")
    names = make_sessions(folder / "images", SESSIONS)
    library = SessionLibrary(folder / "images", folder / "whole.db")
    library.compute()
    library.update_metadata(names, SessionMetadataUpdate(add_tags=("kept",)))
    library.update_metadata(names[::2], SessionMetadataUpdate(is_favorite=True))
    write_in_earlier_form(library, folder / "earlier.db")
    make_database(folder / "new.db")
    for name in names:
        write_metadata(folder / "new.db", name, user_note="typed", tags='["kept"]')
    for template, change in {
        "outdated.db": "UPDATE sdgen_admin_sessions SET stats_version = 0; UPDATE session_stats SET stats_version = 0",
        "emptied.db": "DELETE FROM session_stats",
        "gone.db": f"UPDATE sdgen_admin_sessions SET session_id = '{GONE}' WHERE session_id = '{names[0]}';"
        f"UPDATE session_stats SET session_path = replace(session_path, '{names[0]}', '{GONE}');"
        f"UPDATE session_stats SET session_name = '{GONE}' WHERE session_name = '{names[0]}'",
    }.items():
        library.backup(folder / template)
        with plain(folder / template) as connection:
            connection.executescript(change)
    (folder / "ids").write_text("\n".join(names), encoding="utf-8")
    return folder


def run(line: list[str], said_in: Path, hooks: Hooks | None = None, wait: float | None = None) -> None:
    """Run a command line and see that it ends as it should: killed at a statement, after a while, or not at all."""
    running = start(*line, said_in=said_in, hooks=hooks)
    if wait is not None:
        time.sleep(wait)
        running.process.kill()
    allowed = {-signal.SIGKILL} if hooks is not None and hooks.kill_at else {0}
    assert running.wait() in allowed | ({-signal.SIGKILL} if wait is not None else set()), running.said()


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
        demo = tmp_path / f"demo-{number}"
        database = demo / "metadata" / "sessions.db" if command == "demo" else path
        images_dir = demo / "images" if command == "demo" else collection / "images"
        assert_whole(database, images_dir, command, names, tmp_path / "post-mortem")
        copy = tmp_path / f"copy-{number}.db"
        if copy.exists():
            assert_sound(copy)
            assert len(rows(copy, "session_metadata")) == SESSIONS
        run(["list", "--format", "ids", *place] if command in ONCE else words(number), said_in)
        assert_complete(database, images_dir, command)


def assert_whole(path: Path, images_dir: Path, command: str, names: list[str], room: Path) -> None:
    """What one command does to many sessions is done to all of them or to none; what was typed is there.

    Looked at in a copy, so that whatever repairs itself is left to the next command.
    """
    if not path.exists():
        assert command == "demo"
        return
    shutil.rmtree(room, ignore_errors=True)
    shutil.copytree(path.parent, room)
    copy = room / path.name
    assert_sound(copy)
    for backup in room.glob("sessions.db.backup-*"):
        assert_sound(backup)
        assert len(rows(backup, "session_metadata")) == SESSIONS
    if command == "demo":
        return
    metadata = rows(copy, "session_metadata")
    assert [row["session_id"] for row in metadata] == names
    assert all('"kept"' in row["tags"] for row in metadata)
    assert len({'"killed"' in row["tags"] for row in metadata}) == 1
    assert sum(row["is_favorite"] for row in metadata) in {0, SESSIONS, (SESSIONS + 1) // 2}
    if TEMPLATES.get(command) == "new.db":
        assert {(row["user_note"], row["created_at"]) for row in metadata} == {("typed", LONG_AGO)}
    library = SessionLibrary(images_dir, copy)
    if TEMPLATES.get(command) == "earlier.db":  # what was done before the conversion can still be undone
        assert {(entry.group, entry.field) for entry in library.history()} >= {(1, "tags"), (2, "is_favorite")}
    if has_our_tables(copy):
        assert_no_half_rows(library)


def has_our_tables(path: Path) -> bool:
    with plain(path) as connection:
        row = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sdgen_admin_version'").fetchone()
    return row is not None


def assert_complete(path: Path, images_dir: Path, command: str) -> None:
    """The next command has done the rest, and put the mirror in order."""
    assert_sound(path)
    library = SessionLibrary(images_dir, path)
    assert_mirrored(library)
    facts = rows(path, "sdgen_admin_sessions")
    computed = [row for row in facts if row["stats_computed_at"] is not None]
    if command not in OF_ONE:
        assert len(computed) == {"demo": 8}.get(command, SESSIONS)
        assert {row["stats_version"] for row in computed} == {3}
    if command == "demo":
        assert len(rows(path, "session_metadata")) == 5
    if command in EDITS:
        assert all('"killed"' in row["tags"] for row in rows(path, "session_metadata"))
    if command == "warm-cache":
        assert GONE not in {row["session_id"] for row in facts}
