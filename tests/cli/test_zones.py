"""The cache is warmed in one time zone and shown in another: instants are shown where one looks, durations are real."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import add_image, date, make_manifest, make_session
from tests.cli.harness import process
from tests.neighbour import row

BERLIN, NEW_YORK = "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0"
SESSION = "20251026_023000-at_night"
FIRST, LAST = datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
"""Half past two in Berlin, and half past two once more."""

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="this platform takes no TZ of this form")


@pytest.fixture
def warmed(images_dir: Path) -> Path:
    """A collection whose cache was warmed in UTC."""
    manifest = make_manifest(snapshot={"timestamp": "2025-10-26T00:30:01Z"})
    folder = make_session(images_dir, SESSION, images={"a.png": FIRST, "b.png": LAST}, manifest=manifest)
    make_session(images_dir, "20251025_120000-before", when=datetime(2025, 10, 25, 12, tzinfo=UTC))
    date(folder)
    assert process("warm-cache", "--images-dir", images_dir, env={"TZ": "UTC"}).returncode == 0
    return images_dir


def ids(images_dir: Path, zone: str, *arguments: str) -> list[str]:
    done = process("list", "--cached", "--format", "ids", "--images-dir", images_dir, *arguments, env={"TZ": zone})
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().split()


def shown(images_dir: Path, zone: str) -> dict[str, Any]:
    done = process("show", SESSION, "--cached", "--json", "--images-dir", images_dir, env={"TZ": zone})
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


@pytest.mark.parametrize(
    ("zone", "first", "last", "manifest"),
    [
        ("UTC", "2025-10-26T00:30:00", "2025-10-26T01:30:00", "2025-10-26T00:30:01"),
        (BERLIN, "2025-10-26T02:30:00", "2025-10-26T02:30:00", "2025-10-26T02:30:01"),
        (NEW_YORK, "2025-10-25T20:30:00", "2025-10-25T21:30:00", "2025-10-25T20:30:01"),
    ],
)
def test_instants_are_shown_where_one_looks(warmed: Path, zone: str, first: str, last: str, manifest: str) -> None:
    record = shown(warmed, zone)
    stats = record["stats"]

    assert (stats["first_image_created_at"], stats["last_image_created_at"]) == (first, last)
    assert stats["manifest_generated_at"] == manifest
    assert (record["created_at"], stats["session_created_at"]) == ("2025-10-26T02:30:00",) * 2  # as its name has it
    assert record["duration"] == 3600.0

    text = process("show", SESSION, "--cached", "--images-dir", warmed, env={"TZ": zone}).stdout.decode()
    for value in (first, last):
        assert value.replace("T", " ") in text
    assert "1 h 00 min" in text
    for name, value in (("first", first), ("last", last), ("manifest_time", manifest)):
        assert ids(warmed, zone, "--where", f"{name}={value}") == [SESSION]
        assert ids(warmed, zone, "--where", f"{name}>={value}", "--where", f"{name}<={value}") == [SESSION]
    csv = process("list", "--cached", "--format", "csv", "--columns", "first", "--images-dir", warmed, env={"TZ": zone})
    assert first in csv.stdout.decode()


@pytest.mark.parametrize("zone", ["UTC", BERLIN, NEW_YORK])
def test_when_it_was_computed_is_shown_where_one_looks(warmed: Path, zone: str) -> None:
    computed = shown(warmed, zone)["stats"]["stats_computed_at"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", zone)
        time.tzset()
        now = datetime.now()
    time.tzset()

    assert timedelta() <= now - datetime.fromisoformat(computed) < timedelta(minutes=5)
    assert ids(warmed, zone, "--where", f"computed={computed}", "--where", f"id={SESSION}") == [SESSION]
    assert len(ids(warmed, zone, "--where", f"computed>={computed[:19]}")) == 2
    assert ids(warmed, zone, "--where", f"computed>{now.isoformat()}") == []


def test_the_mirror_has_local_times_of_the_process_that_computed(warmed: Path, tmp_path: Path) -> None:
    path = tmp_path / "metadata" / "sessions.db"
    before = row(path, "session_stats", SESSION)
    assert before is not None
    assert before["first_image_created_at"] == "2025-10-26T00:30:00"
    assert before["manifest_generated_at"] == "2025-10-26T00:30:01.000000"
    assert before["stats_computed_at"] == shown(warmed, "UTC")["stats"]["stats_computed_at"]
    assert len(before["stats_computed_at"]) == len("2025-10-26T00:30:00.000000")

    assert process("list", "--images-dir", warmed, env={"TZ": BERLIN}).returncode == 0
    assert row(path, "session_stats", SESSION) == before  # no two processes write it in turn


def test_what_the_clock_shows_twice_is_found_twice(warmed: Path) -> None:
    found = {moment: ids(warmed, BERLIN, "--where", moment) for moment in (
        "first>=2025-10-26T02:31", "first<2025-10-26T02:30", "last<=2025-10-26T02:30", "last>2025-10-26T02:30",
        "last=2025-10-26",
    )}  # fmt: skip

    assert found == {
        "first>=2025-10-26T02:31": [],
        "first<2025-10-26T02:30": ["20251025_120000-before"],
        "last<=2025-10-26T02:30": [SESSION, "20251025_120000-before"],
        "last>2025-10-26T02:30": [],
        "last=2025-10-26": [SESSION],
    }


@pytest.mark.parametrize("zone", ["UTC", BERLIN, NEW_YORK])
@pytest.mark.parametrize(
    "when", ["2025-10-26", "2025-10", "2025-10-26T02:30", "2025-10-26T00:30Z", "2025-10-25T12:00+05:30"]
)
def test_the_flags_for_dates_agree_with_conditions(warmed: Path, zone: str, when: str) -> None:
    assert ids(warmed, zone, "--from-date", when) == ids(warmed, zone, "--where", f"created>={when}")
    assert ids(warmed, zone, "--to-date", when) == ids(warmed, zone, "--where", f"created<={when}")


def test_the_pace_is_that_of_the_time_that_passed(warmed: Path) -> None:
    assert ids(warmed, BERLIN, "--where", "duration=3600") == [SESSION]
    assert ids(warmed, BERLIN, "--sort", "duration")[0] == SESSION
    assert b"0.0 images per minute" in process("show", SESSION, "--cached", "--images-dir", warmed).stdout


def test_a_run_that_goes_on_is_running_in_every_zone(images_dir: Path) -> None:
    folder = make_session(images_dir, SESSION, manifest=make_manifest(top={"status": "ongoing"}))
    date(folder, datetime.now() - timedelta(minutes=1))
    for zone in ("UTC", BERLIN, NEW_YORK, "UTC"):
        done = process("list", "--images-dir", images_dir, "--status", "running", "--format", "ids", env={"TZ": zone})
        assert done.stdout.decode().split() == [SESSION]


@pytest.mark.parametrize(
    ("odd", "is_nonsense"),
    [
        (datetime(1980, 1, 1), True),
        (datetime(1970, 1, 1, 12), True),
        (datetime(2025, 10, 24, 12), True),
        (datetime(2025, 10, 25, 12), False),
        (datetime(2025, 11, 20), False),
        (datetime(2025, 11, 27), True),
        (datetime(2107, 12, 31), True),
    ],
)
def test_nothing_is_said_rather_than_nonsense(images_dir: Path, odd: datetime, is_nonsense: bool) -> None:
    folder = make_session(images_dir, SESSION, images={"a.png": FIRST, "b.png": LAST})
    add_image(folder, "odd.png", odd)
    make_session(images_dir, "20251025_120000-before", when=datetime(2025, 10, 25, 12))
    date(folder)
    arguments = ("--images-dir", str(images_dir))

    done = process("show", SESSION, "--json", *arguments)
    record = json.loads(done.stdout)
    assert (record["duration"] is None) is is_nonsense
    assert odd.isoformat() in done.stdout.decode()  # as it is
    text = process("show", SESSION, *arguments).stdout.decode()
    assert ("duration" in text) is ("images per minute" in text) is not is_nonsense
    assert f"{odd:%Y-%m-%d %H:%M:%S}" in text
    for name in ("duration", "rate"):
        assert (SESSION in ids(images_dir, "UTC", "--where", f"{name}=none")) is is_nonsense
        assert (SESSION in ids(images_dir, "UTC", "--where", f"{name}>=0")) is not is_nonsense
        if is_nonsense:
            assert ids(images_dir, "UTC", "--sort", name)[-1] == SESSION
    csv = process("list", "--format", "csv", "--columns", "id,duration,rate", *arguments).stdout.decode()
    assert (f"{SESSION},," in csv) is is_nonsense
