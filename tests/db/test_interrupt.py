"""An interrupt in the middle of a query is an interrupt, not an error of the database."""

import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.services.library import SessionLibrary

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs a timer that signals")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.db"
    with Database(path).open() as connection:
        connection.execute(
            """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
            INSERT INTO session_stats (session_id, session_path, resolved_prompt, stats_computed_at)
            SELECT '20250101_000000-' || i, '/', 'long hàir', '2025-01-01T00:00:00' FROM n"""
        )
    return path


@pytest.fixture
def alarm() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def _search_on(library: SessionLibrary) -> None:
    for _ in range(1000):
        library.find(SessionFilter(search="é"), fresh=False)


@pytest.mark.usefixtures("alarm")
def test_an_interrupt_goes_through_sqlite(many: Path, tmp_path: Path) -> None:
    library = SessionLibrary(tmp_path, many)
    library.find(fresh=False)
    signal.setitimer(signal.ITIMER_REAL, 0.03)
    with pytest.raises(KeyboardInterrupt):
        _search_on(library)

    assert library.find(SessionFilter(limit=1), fresh=False).total_count == 50_000
