"""How stats follow from the facts, rule by rule."""

from datetime import datetime
from typing import Any

import pytest

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.folder import SessionReading
from sdgen_admin.models.instants import local_time
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.stats.rules import compute_fields, images_expected, is_seed_sweep
from tests.builders import SESSION

NOW = datetime(2025, 11, 7, 13)


def facts(*counts: int, mode: str = "combinatorial", seed_mode: str = "fixed", **others: Any) -> Facts:
    """Return the facts of a planned run, with as many used values for each placeholder."""
    used = {f"P{number}": tuple(map(str, range(count))) for number, count in enumerate(counts)}
    pools = dict.fromkeys(used, 20)
    return Facts(
        source="manifest",
        confidence="high",
        is_planned=True,
        generation_mode=mode,
        seed_mode=seed_mode,
        used=used,
        pools=pools,
        **others,
    )


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
def test_images_expected(run: Facts, expected: int) -> None:
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
def test_is_seed_sweep(run: Facts, expected: bool) -> None:
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
    fields = compute_fields(SessionReading(SESSION, images=images, facts=facts(num_images=expected)), NOW)

    assert (fields["images_actual"], fields["images_expected"]) == (images, expected)
    assert fields["completion_percentage"] == percentage


def test_the_summary_keeps_ten_values_and_the_count_all() -> None:
    fields = compute_fields(SessionReading(SESSION, facts=facts(12, 0)), NOW)

    assert fields["placeholders"] == {"P0": 12, "P1": 0}
    assert fields["variations_summary"] == {"P0": tuple("0123456789"), "P1": ()}
    assert fields["pools"] == {"P0": 20, "P1": 20}


FOLDER = Facts(source="folder", confidence="low")
RESTARTED = Facts(
    source="manifest",
    confidence="medium",
    run_status="ongoing",
    images_recorded=2,
    seed_min=7,
    seed_max=8,
    seed_run="progressive",
)


@pytest.mark.parametrize("known", [FOLDER, RESTARTED], ids=["folder", "restarted manifest"])
def test_without_a_plan_nothing_is_made_up(known: Facts) -> None:
    reading = SessionReading(
        SESSION, images=2, first_image_ns=0, last_image_ns=10**9, facts=known, problem="There is none."
    )

    fields = compute_fields(reading, NOW)

    assert {name: value for name, value in fields.items() if value is not None} == {
        "source": known.source,
        "confidence": known.confidence,
        "problem": "There is none.",
        "images_actual": 2,
        "session_created_at": datetime(2025, 11, 7, 12),
        "first_image_created_at": local_time(0),
        "last_image_created_at": local_time(10**9),
        "stats_computed_at": NOW,
        "stats_version": 3,
    } | {
        name: getattr(known, name)
        for name in ("run_status", "images_recorded", "seed_min", "seed_max", "seed_run")
        if getattr(known, name) is not None
    }


def test_a_folder_of_another_name_has_no_creation_time() -> None:
    assert compute_fields(SessionReading("dryrun", facts=FOLDER), NOW)["session_created_at"] is None
