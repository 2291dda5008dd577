"""A session about which something was typed, and what the next listing says of it."""

from datetime import timedelta
from pathlib import Path

from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.reports import ComputeReport
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.services.library import SessionLibrary
from tests.builders import an_hour_ago, date

OTHER = "20251108_120000-other"
TYPED = SessionMetadataUpdate(is_favorite=True, user_note="keep me", tags=("a", "b"))


def only(library: SessionLibrary, **query: object) -> SessionRecord:
    """Return the one session that the next listing has; what was typed about it is still there."""
    (record,) = library.find(SessionFilter.model_validate(query)).sessions
    assert record.metadata is not None
    assert (record.metadata.is_favorite, record.metadata.user_note) == (True, "keep me")
    assert record.metadata.tags == ("a", "b")
    return record


def stats_of(record: SessionRecord) -> SessionStats:
    assert record.stats is not None
    return record.stats


def report_of(library: SessionLibrary) -> ComputeReport:
    reports: list[ComputeReport] = []
    library.find(on_report=reports.append)
    return reports[0]


def settle(folder: Path) -> None:
    """Date folder and manifest differently from before, but long enough ago."""
    when = an_hour_ago() + timedelta(minutes=10)
    for path in (folder, folder / "manifest.json"):
        if path.exists():
            date(path, when)
