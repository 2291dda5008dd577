"""Every fact in a manifest: kept as written, and as if absent where its type is wrong."""

import json

import pytest

from sdgen_admin.disk.manifest import ManifestFacts
from tests.disk.manifests import API, FULL, GENERATION, changed, facts_with, lay, parse

TEXTS = [
    ("snapshot.runtime_info.sd_model_checkpoint", "sd_model"),
    ("snapshot.version", "template_version"),
    ("snapshot.timestamp", "timestamp"),
    (f"{GENERATION}.mode", "generation_mode"),
    (f"{GENERATION}.seed_mode", "seed_mode"),
    ("snapshot.resolved_template.prompt", "prompt"),
    ("snapshot.resolved_template.negative", "negative_prompt"),
    (f"{API}.sampler_name", "sampler_name"),
    (f"{API}.scheduler", "scheduler"),
    ("snapshot.theme_name", "theme"),
    ("snapshot.style", "style"),
    ("status", "status"),
]
INTEGERS = [
    (f"{GENERATION}.seed_base", "seed_base"),
    (f"{GENERATION}.num_images", "num_images"),
    (f"{GENERATION}.max_images", "image_limit"),
    (f"{API}.width", "width"),
    (f"{API}.height", "height"),
    (f"{API}.steps", "steps"),
]
NUMBERS = [(f"{API}.cfg_scale", "cfg_scale")]
LISTS = [(f"{GENERATION}.seed_list", "seed_list")]
OBJECTS = [("snapshot.variations", "used")]

NO_TEXT: list[object] = [None, 5, 1.5, True, [], ["text"], {}, {"text": 1}, float("nan")]
NO_INTEGER: list[object] = [None, "28", True, 28.5, [], [28], {}, float("nan"), float("inf")]
NO_NUMBER: list[object] = [None, "6.5", True, [], {}, float("nan"), float("-inf"), 2**63]
NO_LIST: list[object] = [None, 5, "1000", True, {}, {"0": 1}]
NO_OBJECT: list[object] = [None, 5, "text", True, [], ["text"]]

ABSENT = ManifestFacts()
WRONG = [
    (where, fact, wrong)
    for places, values in (
        (TEXTS, NO_TEXT),
        (INTEGERS, NO_INTEGER),
        (NUMBERS, NO_NUMBER),
        (LISTS, NO_LIST),
        (OBJECTS, NO_OBJECT),
    )
    for where, fact in places
    for wrong in values
]


def test_the_full_manifest_has_every_fact() -> None:
    assert [name for name in ManifestFacts.__slots__ if getattr(parse(FULL), name) == getattr(ABSENT, name)] == []


@pytest.mark.parametrize(("where", "fact"), TEXTS)
def test_texts_are_kept_as_written(where: str, fact: str) -> None:
    assert facts_with(where, "a [red] 長い髪\n") == changed(ABSENT, **{fact: "a [red] 長い髪\n"})


@pytest.mark.parametrize(("where", "fact"), [*INTEGERS, *NUMBERS])
@pytest.mark.parametrize("number", [28, 28.0])
def test_numbers_are_whole_with_or_without_a_point(where: str, fact: str, number: float) -> None:
    assert facts_with(where, number) == changed(ABSENT, **{fact: 28})


@pytest.mark.parametrize(("where", "fact", "wrong"), WRONG)
def test_a_wrong_type_is_as_if_absent_and_costs_no_other_fact(where: str, fact: str, wrong: object) -> None:
    assert parse(lay(FULL, where, wrong)) == changed(parse(FULL), **{fact: getattr(ABSENT, fact)})


@pytest.mark.parametrize(("where", "fact"), [*TEXTS, *INTEGERS, *NUMBERS, *LISTS, *OBJECTS])
def test_what_is_not_there_is_absent(where: str, fact: str) -> None:
    parent, _, key = where.rpartition(".")
    manifest = json.loads(json.dumps(FULL))
    node = manifest
    for part in parent.split(".") if parent else ():
        node = node[part]
    del node[key]

    assert parse(manifest) == changed(parse(FULL), **{fact: getattr(ABSENT, fact)})


@pytest.mark.parametrize("wrong", NO_OBJECT)
@pytest.mark.parametrize(
    ("where", "facts"),
    [
        ("runtime_info", ["sd_model"]),
        ("resolved_template", ["prompt", "negative_prompt"]),
        ("api_params", ["width", "height", "steps", "cfg_scale", "sampler_name", "scheduler"]),
        (
            "generation_params",
            ["generation_mode", "seed_mode", "seed_base", "seed_list", "num_images", "image_limit"],
        ),
    ],
)
def test_a_section_of_the_wrong_type_costs_only_itself(where: str, facts: list[str], wrong: object) -> None:
    expected = changed(parse(FULL), **{fact: getattr(ABSENT, fact) for fact in facts})

    assert parse(lay(FULL, f"snapshot.{where}", wrong)) == expected


def test_what_is_said_where_nothing_is() -> None:
    facts = parse({"snapshot": {"other": 1}})

    assert facts == ABSENT
    assert (facts.sd_model, facts.template_version, facts.generation_mode, facts.seed_mode) == ("unknown",) * 4
    assert (facts.seed_base, facts.prompt, facts.negative_prompt) == (-1, "", "")
    assert (facts.width, facts.sampler_name, facts.status, facts.image_limit) == (None,) * 4
