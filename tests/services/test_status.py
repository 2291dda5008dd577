"""What a run is doing: running, stalled, completed, aborted, or nobody knows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.models.enums import SessionStatus
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, date, make_manifest, make_session, write_manifest

MINUTE = timedelta(minutes=1)


def make_run(root: Path, status: str | None, *, quiet: timedelta, gaps: Iterable[float] = (60, 60, 60)) -> Path:
    """Make a run whose folder and manifest last changed a while ago, with so many seconds between its images."""
    last = datetime.now() - quiet
    moments = [last]
    for gap in gaps:
        moments.append(moments[-1] - timedelta(seconds=gap))
    images = {f"{number:04}.png": moment for number, moment in enumerate(moments)}
    return make_session(root, manifest=make_manifest(top={"status": status}), images=images, when=last)


def status_of(library: SessionLibrary) -> SessionStatus:
    """Return the session's status, which every way of asking gives."""
    record = library.get(SESSION)
    assert library.find().sessions[0].status is library.get(SESSION, fresh=False).status is record.status
    assert library.find(status=record.status.value).total_count == 1
    assert library.find(where=f"status={record.status}").total_count == 1
    others = [status.value for status in SessionStatus if status is not record.status]
    assert sum(library.find(status=status).total_count for status in others) == 0
    is_ongoing = record.status in (SessionStatus.RUNNING, SessionStatus.STALLED)
    assert library.find(status="ongoing").total_count == is_ongoing
    assert library.find(where="run_status=ongoing").total_count == is_ongoing
    return record.status


@pytest.mark.parametrize(
    ("quiet", "gaps", "expected"),
    [
        (0 * MINUTE, [60, 60, 60], "running"),
        (9 * MINUTE, [60, 60, 60], "running"),
        (11 * MINUTE, [60, 60, 60], "stalled"),
        (9 * MINUTE, [], "running"),
        (11 * MINUTE, [], "stalled"),
        (9 * MINUTE, [1, 1, 1, 1], "running"),
        (11 * MINUTE, [1, 1, 1, 1], "stalled"),
        (11 * MINUTE, [120, 120, 120], "running"),
        (19 * MINUTE, [120, 120, 120], "running"),
        (21 * MINUTE, [120, 120, 120], "stalled"),
        (19 * MINUTE, [1, 120, 120, 3600, 120], "running"),
        (21 * MINUTE, [1, 120, 120, 3600, 120], "stalled"),
        (11 * MINUTE, [1, 1, 1, 3600], "stalled"),
        (-30 * MINUTE, [60, 60], "running"),
    ],
)
def test_ten_minutes_or_ten_median_gaps(images_dir: Path, quiet: timedelta, gaps: list[float], expected: str) -> None:
    make_run(images_dir, "ongoing", quiet=quiet, gaps=gaps)
    assert status_of(SessionLibrary(images_dir)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [("completed", "completed"), ("aborted", "aborted"), ("other", "unknown"), (None, "unknown")],
)
@pytest.mark.parametrize("quiet", [0 * MINUTE, 60 * MINUTE])
def test_a_run_that_is_not_ongoing_is_what_the_manifest_says(
    images_dir: Path, status: str | None, quiet: timedelta, expected: str
) -> None:
    make_run(images_dir, status, quiet=quiet)
    assert status_of(SessionLibrary(images_dir)) == expected


@pytest.mark.parametrize("changed", ["folder", "manifest"])
def test_a_change_of_folder_or_manifest_is_a_sign_of_life(images_dir: Path, changed: str) -> None:
    folder = make_run(images_dir, "ongoing", quiet=60 * MINUTE)
    library = SessionLibrary(images_dir)
    assert status_of(library) == "stalled"
    date(folder if changed == "folder" else folder / "manifest.json", datetime.now() - MINUTE)
    assert status_of(library) == "running"


def test_a_manifest_caught_half_written_is_a_sign_of_life(images_dir: Path) -> None:
    folder = make_run(images_dir, "ongoing", quiet=60 * MINUTE)
    library = SessionLibrary(images_dir)
    assert status_of(library) == "stalled"
    write_manifest(folder, '{"snapshot":', datetime.now() - MINUTE)
    record = library.get(SESSION)
    assert (record.status, record.run_status, record.outdated) == ("running", "ongoing", True)


def test_time_alone_makes_a_run_stalled(images_dir: Path) -> None:
    make_run(images_dir, "ongoing", quiet=9 * MINUTE + timedelta(seconds=59.5))
    library = SessionLibrary(images_dir)
    computed = library.compute()
    assert computed.computed == 1
    while library.get(SESSION, fresh=False).status == "running":
        assert library.compute().fresh == 1  # nothing on the drive has changed
    assert status_of(library) == "stalled"


@pytest.mark.parametrize("manifest", ["{", "[]", None])
def test_without_a_manifest_nobody_knows(images_dir: Path, manifest: str | None) -> None:
    make_session(images_dir, manifest=manifest, without_manifest=manifest is None)
    assert status_of(SessionLibrary(images_dir)) == "unknown"


def test_statuses_are_ordered_by_their_words(images_dir: Path) -> None:
    for number, status in enumerate(["ongoing", "completed", "aborted", None]):
        make_session(images_dir, f"2025110{number + 1}_120000-a", manifest=make_manifest(top={"status": status}))
    records = SessionLibrary(images_dir).find(sort="status").sessions
    assert [record.status.value for record in records] == ["aborted", "completed", "stalled", "unknown"]
