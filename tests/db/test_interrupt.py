"""An interrupt in the middle of a query is an interrupt, not an error of the database."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
