"""How stats follow from the facts, rule by rule."""

from datetime import datetime
from typing import Any

import pytest

from sdgen_admin.disk.folder import SessionReading
from sdgen_admin.disk.manifest import ManifestFacts
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.stats.rules import compute_fields, images_expected, is_seed_sweep, local_time, parse_time
from tests.builders import SESSION

NOW = datetime(2025, 11, 7, 13)


def facts(*counts: int, mode: str = "combinatorial", seed_mode: str = "fixed", **others: Any) -> ManifestFacts:
    """Return the facts of a run with placeholders of so many used values each."""
    used = {f"P{number}": tuple(map(str, range(count))) for number, count in enumerate(counts)}
    return ManifestFacts(generation_mode=mode, seed_mode=seed_mode, used=used, **others)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (facts(3, 2), 6),
        (facts(3, 2, image_limit=100), 6),
        (facts(3, 2, image_limit=4), 4),
        (facts(3, 0, 2), 6),
        (facts(0), 1),
        (facts(), 1),
        (facts(image_limit=50), 1),
        (facts(3, 2, seed_list=(1, 2, 3, 4)), 24),
        (facts(3, 2, seed_list=(1,)), 6),
        (facts(seed_list=(1, 2)), 2),
        (facts(3, 2, seed_list=(1, 2, 3, 4), image_limit=10), 10),
        (facts(3, 2, num_images=12), 12),
        (facts(3, 2, num_images=12, image_limit=5), 12),
        (facts(3, 2, num_images=0), 0),
        (facts(*[100] * 20), LARGEST),
        (facts(*[100] * 20, image_limit=7), 7),
        (facts(*[10] * 18, seed_list=tuple(range(10))), LARGEST),
        (facts(3, 2, mode="random"), 0),
        (facts(3, 2, mode="random", image_limit=50), 50),
        (facts(3, 2, mode="random", seed_list=(1, 2), image_limit=50), 50),
        (facts(3, 2, mode="random", num_images=40, image_limit=50), 40),
        (facts(3, 2, mode="unknown", image_limit=50), 50),
        (facts(3, 2, mode="unknown"), 0),
    ],
)
def test_images_expected(run: ManifestFacts, expected: int) -> None:
    assert images_expected(run) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (facts(3, 2), False),
        (facts(1, 1), False),
        (facts(), False),
        (facts(seed_mode="random"), False),
        (facts(seed_mode="progressive"), True),
        (facts(1, seed_mode="progressive"), True),
        (facts(1, 1, 1, seed_mode="progressive"), True),
        (facts(5, seed_mode="progressive"), True),
        (facts(5, 1, 0, seed_mode="progressive"), True),
        (facts(5, 2, seed_mode="progressive"), False),
        (facts(mode="random", seed_mode="progressive"), True),
        (facts(5, 4, seed_list=(1000, 1001)), True),
        (facts(5, 4, seed_list=(1000,)), False),
        (facts(5, 4, seed_mode="progressive", seed_list=(1000, 1001)), True),
    ],
)
def test_is_seed_sweep(run: ManifestFacts, expected: bool) -> None:
    assert is_seed_sweep(run) is expected


@pytest.mark.parametrize(
    ("images", "expected", "percentage"),
    [
        (0, 6, 0.0),
        (6, 6, 100.0),
        (1, 3, 33.33),
        (2, 3, 66.67),
        (19, 20, 95.0),
        (9499, 10000, 94.99),
        (9, 6, 150.0),
        (5, 0, 0.0),
        (1, LARGEST, 0.0),
    ],
)
def test_completion(images: int, expected: int, percentage: float) -> None:
    reading = SessionReading(SESSION, images=images, manifest=ManifestFacts(num_images=expected))

    assert compute_fields(reading, f"/images/{SESSION}", NOW)["completion_percentage"] == percentage


def test_the_summary_keeps_ten_values_and_the_count_all() -> None:
    reading = SessionReading(SESSION, manifest=facts(12, 0))

    fields = compute_fields(reading, f"/images/{SESSION}", NOW)

    assert fields["placeholders"] == {"P0": 12, "P1": 0}
    assert fields["variations_summary"] == {"P0": tuple("0123456789"), "P1": ()}


def test_without_manifest_there_is_what_the_folder_tells() -> None:
    reading = SessionReading(SESSION, images=2, first_image_ns=0, last_image_ns=10**9, problem="There is none.")

    fields = compute_fields(reading, f"/images/{SESSION}", NOW)

    assert fields == {
        "session_id": SESSION,
        "session_path": f"/images/{SESSION}",
        "images_actual": 2,
        "session_created_at": datetime(2025, 11, 7, 12),
        "first_image_created_at": local_time(0),
        "last_image_created_at": local_time(10**9),
        "stats_computed_at": NOW,
    }


def test_a_folder_of_another_name_has_no_creation_time() -> None:
    assert compute_fields(SessionReading("dryrun"), "/images/dryrun", NOW)["session_created_at"] is None


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, datetime(1970, 1, 1, 5, 30)),
        (1_762_516_800, datetime(2025, 11, 7, 17, 30)),
        (-631_152_000, datetime(1950, 1, 1, 5, 30)),
        (5_680_281_600, datetime(2150, 1, 1, 5, 30)),
        (10**12, None),
        (-(10**12), None),
        (2**63, None),
    ],
)
@pytest.mark.usefixtures("india")
def test_modification_times_of_any_century(seconds: int, expected: datetime | None) -> None:
    assert local_time(seconds * 10**9) == expected


def test_modification_times_are_kept_to_the_microsecond() -> None:
    first, second = local_time(1_999), local_time(2_000)

    assert first is not None
    assert second is not None
    assert (second - first).microseconds == 1
    assert local_time(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-07T12:00:01", datetime(2025, 11, 7, 12, 0, 1)),
        ("2026-11-21T04:47:41.208474", datetime(2026, 11, 21, 4, 47, 41, 208474)),
        ("2025-11-07 12:00:01", datetime(2025, 11, 7, 12, 0, 1)),
        ("2025-11-07", datetime(2025, 11, 7)),
        ("2025-11-07T12:00:00Z", datetime(2025, 11, 7, 17, 30)),
        ("2025-11-07T12:00:00-05:00", datetime(2025, 11, 7, 22, 30)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.usefixtures("india")
def test_manifest_times(text: str | None, expected: datetime | None) -> None:
    assert parse_time(text) == expected
