"""Every form of every fact in a manifest, and every fault that a manifest can have."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sdgen_admin.disk.manifest import LARGEST, ManifestFacts, parse_manifest
from sdgen_admin.errors import InvalidManifestError
from tests.builders import Manifest, make_manifest
from tests.samples import HAIR, combi_capped, seed_sweep

GENERATION = "snapshot.generation_params"
API = "snapshot.api_params"

FULL = make_manifest(
    params={
        "mode": "random",
        "seed_mode": "progressive",
        "seed_base": 42,
        "seed_list": [7, 8],
        "num_images": 50,
        "max_images": 60,
    }
)
"""A manifest in which every fact is there, and none is what it would be if absent."""


def parse(manifest: Manifest) -> ManifestFacts:
    return parse_manifest(json.dumps(manifest).encode())


def lay(manifest: Manifest, where: str, value: Any) -> Manifest:
    """Return a copy of `manifest` with `value` at the dotted path `where`."""
    key, _, rest = where.partition(".")
    return {**manifest, key: lay(manifest.get(key, {}), rest, value) if rest else value}


def facts_with(where: str, value: Any) -> ManifestFacts:
    """Return the facts of a manifest that has nothing else."""
    return parse(lay({"snapshot": {"other": 1}}, where, value))


def changed(facts: ManifestFacts, **values: Any) -> ManifestFacts:
    return replace(facts, **values)


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
    [([1000, 1001], (1000, 1001)), ([], ()), ([1000, "1001", None, True, 2**63], (1000,)), ([-1, 0], (-1, 0))],
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
    assert parse(combi_capped()) == ManifestFacts(
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
        style="default",
        status="completed",
    )


def test_sample_of_a_seed_sweep() -> None:
    facts = parse(seed_sweep())

    assert facts.seed_list == (1000, 1001, 1002, 1003)
    assert facts.num_images == 80
    assert facts.seed_base == 1000
    assert {name: len(values) for name, values in facts.used.items()} == {"Expression": 5, "Hair": 4}


INVALID = {
    "empty": b"",
    "blank": b" \n\t",
    "only a BOM": b"\xef\xbb\xbf",
    "zeros": b"\0" * 4096,
    "half-written": json.dumps(FULL).encode()[:200],
    "half-written, ending in a brace": b'{"snapshot": {"version": "2.0"}',
    "half-written, NaN before": b'{"snapshot": {"a": NaN}, "images": [{}',
    "half-written, too deep": b'{"snapshot": {"a": 1}, "images": ' + b"[" * 100_000 + b"}",
    "half-written, too deep, in a string": b'{"a": ' + b"[" * 100_000 + b'"' + b'\\"' * 100_000 + b"}",
    "too many brackets closed": b'{"snapshot": {"a": 1}, "images": ' + b"[" * 100_000 + b"]" * 100_001 + b"}",
    "two of them": b'{"snapshot": {"a": 1}}{"snapshot": {"a": 1}}',
    "no JSON": b"seed: 42",
    "no JSON in braces": b"{seed: 42}",
    "a list": b'[{"snapshot": {"a": 1}}]',
    "a list of NaN": b"[NaN]",
    "a list in braces' clothing": b'[NaN, {"snapshot": {"a": 1}}]',
    "a text": b'"snapshot"',
    "a number": b"5",
    "null": b"null",
    "no snapshot": b'{"images": []}',
    "an empty snapshot": b'{"snapshot": {}}',
    "an empty snapshot, NaN elsewhere": b'{"snapshot": {}, "x": NaN}',
    "a null snapshot": b'{"snapshot": null}',
    "a list as snapshot": b'{"snapshot": [1]}',
    "a text as snapshot": b'{"snapshot": "2.0"}',
    "an image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR}",
}


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID.keys())
def test_invalid_manifests(data: bytes) -> None:
    with pytest.raises(InvalidManifestError) as raised:
        parse_manifest(data)

    assert raised.value.message.startswith("manifest.json ")
    assert raised.value.message.endswith(".")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"snapshot": {"a"', "not complete"),
        (b"{seed: NaN}", "not valid JSON"),
        (b'[{"a": NaN}, {}]}', "not valid JSON"),
        (b'{"snapshot": {}}', "no snapshot"),
    ],
)
def test_the_problem_says_what_is_wrong(data: bytes, words: str) -> None:
    with pytest.raises(InvalidManifestError, match=words):
        parse_manifest(data)


def test_a_manifest_cut_anywhere_is_invalid() -> None:
    data = json.dumps(make_manifest()).encode()
    valid = []
    for end in range(len(data)):
        try:
            parse_manifest(data[:end])
            valid.append(end)
        except InvalidManifestError:
            continue

    assert valid == []


TEXT = json.dumps(FULL, ensure_ascii=False)


def with_seed(written: str) -> str:
    """Return the full manifest with something else in the place of an image's seed."""
    return TEXT.replace('"seed": 42}', f'"seed": {written}}}')


HARMLESS = {
    "as it is": TEXT.encode(),
    "a BOM": b"\xef\xbb\xbf" + TEXT.encode(),
    "a BOM and NaN": b"\xef\xbb\xbf" + with_seed("NaN").encode(),
    "NaN": with_seed("NaN").encode(),
    "Infinity": with_seed("-Infinity").encode(),
    "a huge float": with_seed("1e999").encode(),
    "5,000 digits": with_seed("9" * 5000).encode(),
    "100,000 lists deep": with_seed("[" * 100_000 + "]" * 100_000).encode(),
    "100,000 objects deep": with_seed('{"a":' * 100_000 + "1" + "}" * 100_000).encode(),
    "deep, around brackets in a string": with_seed("[" * 5000 + r'"]]]\"}}\\"' + "]" * 5000).encode(),
    "a lone surrogate": with_seed(r'"\ud800"').encode(),
    "invalid UTF-8": with_seed('"?"').encode().replace(b'"?"', b'"\xff\xfe"'),
    "control characters": with_seed(r'"\u0000\u001b"').encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16, little end first, without BOM": TEXT.encode("utf-16-le"),
    "UTF-16, big end first, without BOM": TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "blanks around": b" \r\n\t" + TEXT.encode() + b"\n" * 1000,
    "blanks around and NaN": with_seed("NaN").encode() + b"\r\n" * 1000,
    "duplicate keys": b'{"snapshot": {"version": "1.0"}, "status": "ongoing", ' + TEXT.encode()[1:],
    "duplicate keys and NaN": b'{"snapshot": {"version": "1.0"}, "status": NaN, ' + TEXT.encode()[1:],
    "unknown keys": rb'{"\u0000": 1, "": {}, ' + TEXT.encode()[1:],
    "an escaped key": TEXT.replace('"snapshot"', r'"\u0073napshot"').encode(),
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_does_no_harm(data: bytes) -> None:
    assert parse_manifest(data) == parse(FULL)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "9" * 5000, "[" * 100_000 + "]" * 100_000])
def test_an_odd_value_in_the_snapshot_costs_only_itself(value: str) -> None:
    data = TEXT.replace('"width": 832', f'"width": {value}').encode()

    assert parse_manifest(data) == changed(parse(FULL), width=None)


def test_five_thousand_digits_are_as_many_images_as_can_be_held() -> None:
    data = TEXT.replace('"num_images": 50', f'"num_images": {"9" * 5000}').encode()

    assert parse_manifest(data).num_images == LARGEST


@pytest.mark.parametrize("depth", [1, 90, 150, 900, 1100, 5000])
def test_deep_used_values_break_nothing(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    facts = parse_manifest(f'{{"snapshot": {{"variations": {{"Hair": ["a", {deep}]}}}}}}'.encode())

    assert facts.used["Hair"][0] == "a"
    assert len(facts.used["Hair"]) == 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (rb"caf\u00e9", "café"),
        (rb"\ud83d\ude00", "\N{GRINNING FACE}"),
        (rb"\ud800 alone", "? alone"),
        (b"caf\xe9", "caf\N{REPLACEMENT CHARACTER}"),
        (b"caf\xc3\xa9", "café"),
        (rb"\u0000", "\0"),
    ],
)
def test_texts_can_always_be_stored(written: bytes, expected: str) -> None:
    data = b'{"snapshot": {"style": "' + written + b'", "variations": {"' + written + b'": ["' + written + b'"]}}}'

    facts = parse_manifest(data)

    assert facts.style == expected
    assert facts.used == {expected: (expected,)}
    assert facts.style.encode()
