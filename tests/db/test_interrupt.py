"""An interrupt is an interrupt, not an error of the database, in a query as in a wait for a lock."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import Listener
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION
from tests.db.written import Written, write
from tests.neighbour import plain

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs a timer that signals")

# In a process of its own: an interrupt can also strike what measures coverage, and leave its lock held.
SEARCHES = """
import signal, sys
from sdgen_admin import SessionFilter, SessionLibrary

def interrupt(number, frame):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
library = SessionLibrary(*sys.argv[1:])
for hundredths in range(1, 11):
    signal.setitimer(signal.ITIMER_REAL, hundredths / 100)
    try:
        while True:
            library.find(SessionFilter(model="é", sort="model"), fresh=False)
    except KeyboardInterrupt:
        print("interrupted")
print(library.find(SessionFilter(limit=1), fresh=False).total_count)
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.db"
    write(path, [Written("20250101_000000-0")])
    with plain(path) as connection:
        columns = "root_id, created_at, twin, changed, missing, outdated, prompt_id, sd_model"
        connection.execute(
            f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 49999)
            INSERT INTO sdgen_admin_sessions (session_id, folded, {columns})
            SELECT '20250101_000000-' || i, '20250101_000000-' || i, {columns} || i
            FROM n JOIN sdgen_admin_sessions s WHERE s.id = 1"""
        )
    return path


def test_an_interrupt_goes_through_sqlite(many: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-X", "utf8", "-c", SEARCHES, str(tmp_path / "images"), str(many)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)

    assert done.stderr == ""
    assert done.stdout.split() == ["interrupted"] * 10 + ["50000"]


class Impatient(Listener):
    """Ends what waits as soon as it is told of it."""

    def waiting(self, path: str) -> None:
        raise KeyboardInterrupt


LOCKS = {
    "first read": "BEGIN EXCLUSIVE",
    "begin": "BEGIN IMMEDIATE",
    "commit": "BEGIN",
}


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_every_wait_for_a_lock_is_told_of_and_can_be_interrupted(images_dir: Path, path: Path, lock: str) -> None:
    SessionLibrary(images_dir).compute()
    library = SessionLibrary(images_dir, lock_timeout=20, listener=Impatient())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(lock)
        rows = other.execute("SELECT name FROM sqlite_master")
        rows.fetchone()  # keeps others from committing until it is read to the end
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            library.update_metadata(SESSION, SessionMetadataUpdate(is_favorite=True))
        assert 1 <= time.monotonic() - begun < 5
        rows.close()
    assert SessionLibrary(images_dir).find(liked=True).total_count == 0
