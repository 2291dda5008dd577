"""A signal at any moment: the program says that it was interrupted, the database is sound, and nothing is left."""

import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import make_database, rows
from tests.trust.collections import assert_sound, make_bare
from tests.trust.mirror import assert_mirrored
from tests.trust.program import is_group_gone, needs_fork, start, wait_for

pytestmark = needs_fork

COMMANDS = [
    "compute-stats --all --force",
    "tag latest --liked",
    "undo",
    "backup",
    "warm-cache --prune",
    "list",
    "history",
]
ROUNDS = 3
SESSIONS = 300
LONGEST = 0.3
"""Seconds from the start of a process to its signal: most are done by then."""


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_any_moment(images_dir: Path, tmp_path: Path, mode: str, number: int, status: int) -> None:
    chance = random.Random(f"{mode} {number}")
    library = SessionLibrary(images_dir)
    path = Path(library.db_path)
    make_database(path, journal_mode=mode)
    make_bare(images_dir, SESSIONS)
    library.compute()
    latest = library.resolve(["latest"])
    library.update_metadata(latest, SessionMetadataUpdate(user_note="typed"))
    said = tmp_path / "said"
    interrupted = 0
    for command in COMMANDS * ROUNDS:
        said.unlink(missing_ok=True)
        running = start(*command.split(), "--images-dir", images_dir, said_in=said)
        wait_for(said.exists)
        time.sleep(0.01 + chance.random() * LONGEST)
        with suppress(ProcessLookupError):  # it has ended by itself
            running.send(number)
        ended = running.wait()
        last = running.said().splitlines()[-1:]
        if ended == status:
            interrupted += 1
            assert last[0].startswith("Interrupted"), (command, running.said())
        else:
            assert ended in (0, 1), (command, running.said())  # 1: nothing to undo
        assert "Traceback" not in running.said()
        assert "ignored" not in running.said()
        assert is_group_gone(running.pid)
        assert_sound(path)
        (row,) = rows(path, "session_metadata") or [{"user_note": None}]
        assert row["user_note"] in ("typed", None)  # as somebody said, or undone
    assert interrupted
    assert library.compute().failed == 0
    assert library.find(limit=None).total_count == SESSIONS
    assert_mirrored(library)
