"""Facts for which a manifest has more than one place or form, and two samples as a whole."""

import pytest

from sdgen_admin.disk.facts import Facts
from sdgen_admin.models.limits import LARGEST
from tests.builders import Manifest, make_manifest
from tests.disk.readers.manifests import API, GENERATION, facts_with, parse
from tests.samples import HAIR, combi_capped, seed_sweep


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"seed_base": 1, "base_seed": 2}, 1),
        ({"base_seed": 2}, 2),
        ({"seed_base": None, "base_seed": 2}, 2),
        ({"seed_base": "1", "base_seed": 2}, 2),
        ({"seed_base": 0, "base_seed": 2}, 0),
        ({"seed_base": -1, "base_seed": 2}, -1),
        ({"seed_base": None, "base_seed": None}, -1),
        ({"seed_base": 2**63}, -1),
        ({}, -1),
    ],
)
def test_base_seed(params: Manifest, expected: int) -> None:
    assert facts_with(GENERATION, params).seed_base == expected


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ({"sampler_name": "Euler a", "sampler": "DDIM"}, "Euler a"),
        ({"sampler": "DDIM"}, "DDIM"),
        ({"sampler_name": None, "sampler": "DDIM"}, "DDIM"),
        ({"sampler_name": 5, "sampler": "DDIM"}, "DDIM"),
        ({"sampler": 5}, None),
    ],
)
def test_sampler(api: Manifest, expected: str | None) -> None:
    assert facts_with(API, api).sampler_name == expected


@pytest.mark.parametrize(
    ("params", "top", "expected"),
    [
        ({"max_images": 100}, {"images_requested": 50}, 100),
        ({"max_images": 100.0}, {"images_requested": 50}, 100),
        ({}, {"images_requested": 50}, 50),
        ({"max_images": None}, {"images_requested": 50}, 50),
        ({"max_images": "100"}, {"images_requested": 50}, 50),
        ({"max_images": True}, {"images_requested": 50}, 50),
        ({"max_images": 0}, {"images_requested": 50}, None),
        ({"max_images": -1}, {"images_requested": 50}, None),
        ({"max_images": -1.0}, {"images_requested": 50}, None),
        ({}, {"images_requested": 0}, None),
        ({}, {"images_requested": -5}, None),
        ({}, {"images_requested": "50"}, None),
        ({"max_images": 10**30}, {}, LARGEST),
        ({}, {}, None),
    ],
)
def test_image_limit(params: Manifest, top: Manifest, expected: int | None) -> None:
    assert parse(make_manifest(params=params, top=top)).image_limit == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, 0), (50, 50), (LARGEST, LARGEST), (2**63, LARGEST), (10**30, LARGEST), (-1, None)]
)
def test_planned_images(number: int, expected: int | None) -> None:
    assert facts_with(f"{GENERATION}.num_images", number).num_images == expected


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ([1000, 1001], (1000, 1001)),
        ([], ()),
        ([1000, "1001", None, True], (1000,)),
        ([2**64, 1e20, -(10**30)], (2**64, 10**20, -(10**30))),
        ([-1, 0], (-1, 0)),
        ([28.0, 28.5], (28,)),
    ],
)
def test_seed_list(seeds: list[object], expected: tuple[int, ...]) -> None:
    assert facts_with(f"{GENERATION}.seed_list", seeds).seed_list == expected


@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        ({"available": ["a", "b", "c"], "used": ["a", "b"], "count": 3}, ("a", "b")),
        ({"used": ["a"]}, ("a",)),
        (["a", "b"], ("a", "b")),
        ([], ()),
        ({"used": []}, ()),
        ({"available": ["a"]}, ()),
        ({"used": "a"}, ()),
        ({"used": None, "count": 3}, ()),
        ({"used": [1, 2.5, True, None, ["é"], {"k": "v"}]}, ("1", "2.5", "true", "null", '["é"]', '{"k": "v"}')),
    ],
)
def test_used_values(variation: object, expected: tuple[str, ...]) -> None:
    assert facts_with("snapshot.variations", {"Hair": variation}).used == {"Hair": expected}


@pytest.mark.parametrize("variation", [None, 5, "bob cut", True])
def test_a_placeholder_of_the_wrong_type_is_left_out(variation: object) -> None:
    variations = {"Hair": variation, "Expression": ["sad"]}

    assert facts_with("snapshot.variations", variations).used == {"Expression": ("sad",)}


def test_placeholders_keep_their_order() -> None:
    variations = {name: [name] for name in ("Zebra", "Apple", "Mango")}

    assert list(facts_with("snapshot.variations", variations).used) == ["Zebra", "Apple", "Mango"]


def test_sample_of_a_capped_run() -> None:
    assert parse(combi_capped()) == Facts(
        source="manifest",
        confidence="high",
        is_planned=True,
        sd_model="illustriousXL_v01.safetensors [abc123def4]",
        template_version="2.0",
        timestamp="2026-11-21T04:47:41.208474",
        generation_mode="combinatorial",
        seed_mode="fixed",
        seed_base=7,
        num_images=12,
        prompt="masterpiece, {Expression}, {Hair}, beautiful girl\n",
        negative_prompt="low quality, blurry\n",
        width=832,
        height=1216,
        steps=28,
        cfg_scale=6.5,
        sampler_name="DPM++ 2M Karras",
        scheduler="karras",
        used={"Expression": ("smiling, happy", "sad, crying", "angry, frowning"), "Hair": tuple(HAIR)},
        pools={"Expression": 5, "Hair": 4},
        style="default",
        run_status="completed",
        images_recorded=12,
        seed_min=7,
        seed_max=7,
        seed_run="fixed",
    )


def test_sample_of_a_seed_sweep() -> None:
    facts = parse(seed_sweep())

    assert facts.seed_list == (1000, 1001, 1002, 1003)
    assert facts.num_images == 80
    assert facts.seed_base == 1000
    assert {name: len(values) for name, values in facts.used.items()} == {"Expression": 5, "Hair": 4}
