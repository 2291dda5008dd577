"""What a manifest records of images that were made, how many values there were to choose from, and who inferred it."""

from typing import Any

import pytest

from sdgen_admin.disk.facts import Facts
from sdgen_admin.models.limits import LARGEST
from tests.builders import make_manifest, used
from tests.disk.readers.manifests import DEFAULTS, FULL, changed, facts_of, facts_with, parse
from tests.samples import combi_capped, seed_sweep

NAN = float("nan")


def with_images(images: Any) -> Facts:
    """Return the facts of a manifest that has these images and says nothing else."""
    return facts_with("images", images)


def seeds_of(*seeds: Any) -> tuple[int | None, int | None, str | None]:
    facts = with_images([{"filename": "a.png", "seed": seed} for seed in seeds])
    return facts.seed_min, facts.seed_max, facts.seed_run


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([], 0),
        ([{}], 1),
        ([{"seed": 1}, {"filename": "a.png"}], 2),
        ([{"seed": "odd"}, {"seed": None}, {"seed": [1]}], 3),
        ([{}, None, 5, "a.png", [], [{"seed": 7}]], 6),
        (None, None),
        ({}, None),
        ({"seed": 7}, None),
        ("a.png", None),
        (5, None),
        (True, None),
    ],
)
def test_images_recorded_is_the_length_of_the_list(images: object, expected: int | None) -> None:
    assert with_images(images).images_recorded == expected


def test_without_images_nothing_is_recorded() -> None:
    assert DEFAULTS.images_recorded is None
    assert parse({"snapshot": {"other": 1}}) == DEFAULTS


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ([42], (42, 42, "fixed")),
        ([42, 42, 42], (42, 42, "fixed")),
        ([42, 43, 44], (42, 44, "progressive")),
        ([-1, 0, 1], (-1, 1, "progressive")),
        ([0, 1], (0, 1, "progressive")),
        ([44, 43, 42], (42, 44, "random")),
        ([42, 44, 46], (42, 46, "random")),
        ([42, 43, 43], (42, 43, "random")),
        ([42, 42, 43], (42, 43, "random")),
        ([1, 3, 2, 4], (1, 4, "random")),
        ([42, 7, 42], (7, 42, "random")),
        ([9, 2, 5], (2, 9, "random")),
        ([0, 0], (0, 0, "fixed")),
        ([28.0], (28, 28, "fixed")),
        ([28.0, 29, 30.0], (28, 30, "progressive")),
        ([LARGEST, -LARGEST], (-LARGEST, LARGEST, "random")),
        ([LARGEST - 1, LARGEST], (LARGEST - 1, LARGEST, "progressive")),
    ],
)
def test_real_seeds(seeds: list[object], expected: tuple[int, int, str]) -> None:
    found = seeds_of(*seeds)

    assert found == expected
    assert [type(seed) for seed in found[:2]] == [int, int]


@pytest.mark.parametrize(
    "odd", [None, True, False, "43", "", 43.5, NAN, float("inf"), 2**63, -(2**63), 10**400, [43], {"seed": 43}]
)
def test_an_odd_seed_is_left_out(odd: object) -> None:
    assert seeds_of(odd) == (None, None, None)
    assert seeds_of(42, odd, 43) == (42, 43, "progressive")
    assert with_images([{"seed": 42}, {"seed": odd}, {"seed": 43}]).images_recorded == 3


@pytest.mark.parametrize("odd", [None, 5, 5.5, "a.png", True, [], [{"seed": 7}], {}])
def test_an_entry_without_a_seed_is_left_out(odd: object) -> None:
    facts = with_images([{"seed": 42}, odd, {"seed": 44}])

    assert (facts.images_recorded, facts.seed_min, facts.seed_max, facts.seed_run) == (3, 42, 44, "random")


@pytest.mark.parametrize("images", [None, 5, "a.png", True, {}, {"seed": 42}, NAN])
def test_images_that_are_not_a_list_cost_no_other_fact(images: object) -> None:
    expected = changed(parse(FULL), images_recorded=None, seed_min=None, seed_max=None, seed_run=None)

    assert parse(FULL | {"images": images}) == expected


@pytest.mark.parametrize("images", [[5], [None, {"seed": 1}], {"seed": 1}])
def test_images_of_an_odd_form_are_read_the_same_in_a_lenient_document(images: Any) -> None:
    manifest = make_manifest(top={"images": images})

    assert parse(manifest | {"other": NAN}) == parse(manifest)


def test_what_else_an_image_says_does_not_matter() -> None:
    images: list[object] = [{"filename": 5, "seed": 1, "prompt": None, "applied_variations": {"a": [[]]}, "seeds": 9}]

    assert with_images(images) == changed(DEFAULTS, images_recorded=1, seed_min=1, seed_max=1, seed_run="fixed")


@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        ({"count": 7, "available": ["a", "b"], "used": ["a"]}, 7),
        ({"count": 7.0, "available": ["a", "b"], "used": ["a"]}, 7),
        ({"count": 0, "available": ["a", "b"], "used": ["a"]}, 0),
        ({"count": 10**30}, LARGEST),
        ({"available": ["a", "b"], "used": ["a"]}, 2),
        ({"available": ["a", "a", None]}, 3),
        ({"available": [], "used": ["a"]}, 0),
        ({"count": None, "available": ["a", "b"]}, 2),
        ({"count": "7", "available": ["a", "b"]}, 2),
        ({"count": True, "available": ["a", "b"]}, 2),
        ({"count": -1, "available": ["a", "b"]}, 2),
        ({"count": 7.5, "available": ["a", "b"]}, 2),
        ({"count": NAN, "available": ["a", "b"]}, 2),
        ({"used": ["a", "b", "c"]}, 3),
        ({"count": "7", "available": "ab", "used": ["a"]}, 1),
        ({"available": {"a": 1}, "used": ["a"]}, 1),
        (["a", "b"], 2),
        ([], 0),
        ({}, 0),
    ],
)
def test_the_pool_is_count_then_available_then_used(variation: object, expected: int) -> None:
    facts = facts_with("snapshot.variations", {"Hair": variation})

    assert facts.pools == {"Hair": expected}
    assert list(facts.used) == ["Hair"]


def test_every_placeholder_has_a_pool() -> None:
    assert parse(make_manifest(variations=used(Zebra=3, Apple=1, Mango=0))).pools == {
        "Zebra": 3,
        "Apple": 1,
        "Mango": 0,
    }
    assert facts_with("snapshot.variations", {"Hair": None, "Eyes": 5}).pools == {}
    assert parse(combi_capped()).pools == {"Expression": 5, "Hair": 4}


def test_what_the_samples_record() -> None:
    capped, sweep = parse(combi_capped()), parse(seed_sweep())

    assert (capped.images_recorded, capped.seed_min, capped.seed_max, capped.seed_run) == (12, 7, 7, "fixed")
    assert (sweep.images_recorded, sweep.seed_min, sweep.seed_max, sweep.seed_run) == (80, 1000, 1003, "random")


@pytest.mark.parametrize(
    ("inferred", "expected"),
    [
        ({"source": "images", "confidence": "low", "errors": []}, "low"),
        ({"confidence": "medium"}, "medium"),
        ({"confidence": "high"}, "high"),
        ({"confidence": "none at all"}, "medium"),
        ({"confidence": None}, "medium"),
        ({"confidence": 0.9}, "medium"),
        ({"source": "images"}, "medium"),
        ({}, "medium"),
        (None, "high"),
        ("low", "high"),
        (["low"], "high"),
    ],
)
def test_the_confidence_of_an_inferred_manifest_is_carried_over(inferred: object, expected: str) -> None:
    assert parse(make_manifest(snapshot={"inference_info": inferred})).confidence == expected
    assert parse(make_manifest()).confidence == "high"


NOT_PLANNED = Facts(source="manifest", confidence="high")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"snapshot": {}, "status": "ongoing"}', {"run_status": "ongoing"}),
        (b'{"snapshot": {}, "status": "ongoing", "images": []}', {"run_status": "ongoing", "images_recorded": 0}),
        (b'{"snapshot": {}, "status": "other"}', {}),
        (
            b'{"snapshot": {}, "images": [{"seed": 5}, {"seed": 6}]}',
            {"images_recorded": 2, "seed_min": 5, "seed_max": 6, "seed_run": "progressive"},
        ),
        (b'{"snapshot": {}, "images": [{}], "status": null}', {"images_recorded": 1}),
        (b'{"snapshot": {}, "images": [5], "images_requested": 50}', {"images_recorded": 1}),
        (
            b'{"snapshot": {}, "status": "aborted", "images": [{"seed": NaN}]}',
            {"run_status": "aborted", "images_recorded": 1},
        ),
    ],
)
def test_a_restarted_manifest_keeps_status_images_and_seeds(data: bytes, expected: dict[str, object]) -> None:
    facts = facts_of(data)

    assert facts == changed(NOT_PLANNED, **expected)
    assert not facts.is_planned
