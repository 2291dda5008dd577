"""Every fact in a manifest: kept as written, and as good as absent if its type is wrong."""

import json
from dataclasses import fields
from typing import Any

import pytest

from sdgen_admin.disk.facts import Facts
from tests.disk.readers.manifests import API, DEFAULTS, FULL, GENERATION, changed, facts_with, lay, parse

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
STATUSES = [("status", "run_status")]

NOT_TEXT: list[object] = [None, 5, 1.5, True, [], ["text"], {}, {"text": 1}, float("nan")]
NOT_INTEGER: list[object] = [None, "28", True, 28.5, [], [28], {}, float("nan"), float("inf")]
NOT_NUMBER: list[object] = [None, "6.5", True, [], {}, float("nan"), float("-inf"), 2**63]
NOT_LIST: list[object] = [None, 5, "1000", True, {}, {"0": 1}]
NOT_OBJECT: list[object] = [None, 5, "text", True, [], ["text"]]
NOT_STATUS: list[object] = [*NOT_TEXT, "", "running", "Completed", "completed ", ["completed"]]

WRONG = [
    (where, fact, wrong)
    for places, values in (
        (TEXTS, NOT_TEXT),
        (INTEGERS, NOT_INTEGER),
        (NUMBERS, NOT_NUMBER),
        (LISTS, NOT_LIST),
        (STATUSES, NOT_STATUS),
    )
    for where, fact in places
    for wrong in values
]


def without(fact: str) -> Facts:
    """Return the facts of the full manifest, but for one that is absent."""
    return changed(parse(FULL), **{fact: getattr(DEFAULTS, fact)})


def test_the_full_manifest_states_every_fact() -> None:
    same = [field.name for field in fields(Facts) if getattr(parse(FULL), field.name) == getattr(DEFAULTS, field.name)]

    assert same == ["source", "confidence", "is_planned"]


@pytest.mark.parametrize(("where", "fact"), TEXTS)
def test_texts_are_kept_as_written(where: str, fact: str) -> None:
    assert facts_with(where, "a [red] 長い髪\n") == changed(DEFAULTS, **{fact: "a [red] 長い髪\n"})


@pytest.mark.parametrize("status", ["ongoing", "completed", "aborted"])
def test_the_run_status_is_one_of_three_words(status: str) -> None:
    assert facts_with("status", status) == changed(DEFAULTS, run_status=status)


@pytest.mark.parametrize(("where", "fact"), [*INTEGERS, *NUMBERS])
@pytest.mark.parametrize("number", [28, 28.0])
def test_numbers_are_whole_with_or_without_a_point(where: str, fact: str, number: float) -> None:
    found = facts_with(where, number)

    assert found == changed(DEFAULTS, **{fact: 28})
    assert type(getattr(found, fact)) is (float if fact == "cfg_scale" else int)


@pytest.mark.parametrize(("where", "fact", "wrong"), WRONG)
def test_a_wrong_type_counts_as_absent_and_costs_no_other_fact(where: str, fact: str, wrong: object) -> None:
    assert parse(lay(FULL, where, wrong)) == without(fact)


@pytest.mark.parametrize(("where", "fact"), [*TEXTS, *INTEGERS, *NUMBERS, *LISTS, *STATUSES])
def test_what_is_not_there_is_absent(where: str, fact: str) -> None:
    parent, _, key = where.rpartition(".")
    manifest = json.loads(json.dumps(FULL))
    node = manifest
    for part in parent.split(".") if parent else ():
        node = node[part]
    del node[key]

    assert parse(manifest) == without(fact)


@pytest.mark.parametrize("wrong", NOT_OBJECT)
@pytest.mark.parametrize(
    ("where", "facts"),
    [
        ("runtime_info", ["sd_model"]),
        ("resolved_template", ["prompt", "negative_prompt"]),
        ("api_params", ["width", "height", "steps", "cfg_scale", "sampler_name", "scheduler"]),
        ("variations", ["used", "pools"]),
        (
            "generation_params",
            ["generation_mode", "seed_mode", "seed_base", "seed_list", "num_images", "image_limit"],
        ),
    ],
)
def test_a_section_of_the_wrong_type_costs_only_itself(where: str, facts: list[str], wrong: object) -> None:
    expected = changed(parse(FULL), **{fact: getattr(DEFAULTS, fact) for fact in facts})

    assert parse(lay(FULL, f"snapshot.{where}", wrong)) == expected


@pytest.mark.parametrize("snapshot", [{"other": 1}, {"version": None}, {"api_params": 5, "variations": []}])
def test_a_snapshot_that_states_nothing_gives_the_defaults(snapshot: dict[str, Any]) -> None:
    assert parse({"snapshot": snapshot}) == DEFAULTS
