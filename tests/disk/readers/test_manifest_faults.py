"""Every fault that a manifest can have: either it is invalid, or the fault does no harm."""

import json

import pytest

from sdgen_admin.errors import InvalidManifestError
from sdgen_admin.models.limits import LARGEST
from tests.builders import make_manifest
from tests.disk.readers.manifests import FULL, changed, facts_of, parse

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
    "not JSON": b"seed: 42",
    "not JSON, in braces": b"{seed: 42}",
    "a list": b'[{"snapshot": {"a": 1}}]',
    "a list of NaN": b"[NaN]",
    "a list in braces' clothing": b'[NaN, {"snapshot": {"a": 1}}]',
    "a text": b'"snapshot"',
    "a number": b"5",
    "null": b"null",
    "no snapshot": b'{"images": []}',
    "an empty snapshot": b'{"snapshot": {}}',
    "an empty snapshot, no images": b'{"snapshot": {}, "images": []}',
    "an empty snapshot, images of another type": b'{"snapshot": {}, "images": {"seed": 7}}',
    "an empty snapshot, a status of another type": b'{"snapshot": {}, "status": 5}',
    "an empty snapshot, an empty status": b'{"snapshot": {}, "status": ""}',
    "an empty snapshot, NaN elsewhere": b'{"snapshot": {}, "x": NaN}',
    "a null snapshot": b'{"snapshot": null}',
    "a null snapshot with status and images": b'{"snapshot": null, "status": "ongoing", "images": [{}]}',
    "no snapshot, but status and images": b'{"status": "ongoing", "images": [{}]}',
    "a list as snapshot with a status": b'{"snapshot": [1], "status": "ongoing"}',
    "a list as snapshot": b'{"snapshot": [1]}',
    "a text as snapshot": b'{"snapshot": "2.0"}',
    "an image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR}",
}


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID.keys())
def test_invalid_manifests(data: bytes) -> None:
    with pytest.raises(InvalidManifestError) as raised:
        facts_of(data)

    assert raised.value.message.startswith("manifest.json ")
    assert raised.value.message.endswith(".")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b" \n", "is empty"),
        (b'{"snapshot": {"a"', "not complete"),
        (b"null", "not a JSON object"),
        (b"{seed: NaN}", "not valid JSON"),
        (b'[{"a": NaN}, {}]}', "not valid JSON"),
        (b'{"snapshot": {}}', "no snapshot"),
    ],
)
def test_the_problem_says_what_is_wrong(data: bytes, words: str) -> None:
    with pytest.raises(InvalidManifestError, match=words):
        facts_of(data)


def test_a_manifest_cut_anywhere_is_invalid() -> None:
    data = json.dumps(make_manifest()).encode()
    valid = []
    for end in range(len(data)):
        try:
            facts_of(data[:end])
            valid.append(end)
        except InvalidManifestError:
            continue

    assert valid == []


TEXT = json.dumps(FULL, ensure_ascii=False)


def with_other(written: str) -> str:
    """Return the full manifest with an image that has something more, as it is written."""
    return TEXT.replace('"seed": 42}', f'"seed": 42, "other": {written}}}')


HARMLESS = {
    "as it is": TEXT.encode(),
    "a BOM": b"\xef\xbb\xbf" + TEXT.encode(),
    "a BOM and NaN": b"\xef\xbb\xbf" + with_other("NaN").encode(),
    "NaN": with_other("NaN").encode(),
    "Infinity": with_other("-Infinity").encode(),
    "a huge float": with_other("1e999").encode(),
    "5,000 digits": with_other("9" * 5000).encode(),
    "100,000 lists deep": with_other("[" * 100_000 + "]" * 100_000).encode(),
    "100,000 objects deep": with_other('{"a":' * 100_000 + "1" + "}" * 100_000).encode(),
    "deep, around brackets in a string": with_other("[" * 5000 + r'"]]]\"}}\\"' + "]" * 5000).encode(),
    "a lone surrogate": with_other(r'"\ud800"').encode(),
    "invalid UTF-8": with_other('"?"').encode().replace(b'"?"', b'"\xff\xfe"'),
    "control characters": with_other(r'"\u0000\u001b"').encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16, little end first, without BOM": TEXT.encode("utf-16-le"),
    "UTF-16, big end first, without BOM": TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "blanks around": b" \r\n\t" + TEXT.encode() + b"\n" * 1000,
    "blanks around and NaN": with_other("NaN").encode() + b"\r\n" * 1000,
    "duplicate keys": b'{"snapshot": {"version": "1.0"}, "status": "ongoing", ' + TEXT.encode()[1:],
    "duplicate keys and NaN": b'{"snapshot": {"version": "1.0"}, "status": NaN, ' + TEXT.encode()[1:],
    "unknown keys": rb'{"\u0000": 1, "": {}, ' + TEXT.encode()[1:],
    "an escaped key": TEXT.replace('"snapshot"', r'"\u0073napshot"').encode(),
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_does_no_harm(data: bytes) -> None:
    assert facts_of(data) == parse(FULL)


ODD = pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "9" * 5000, "[" * 100_000 + "]" * 100_000])


@ODD
def test_an_odd_seed_costs_only_itself(value: str) -> None:
    data = TEXT.replace('"seed": 42}', f'"seed": 42}}, {{"seed": {value}}}, {{"seed": 43}}').encode()

    assert facts_of(data) == changed(parse(FULL), images_recorded=3, seed_max=43, seed_run="progressive")


@ODD
def test_an_odd_value_in_the_snapshot_costs_only_itself(value: str) -> None:
    data = TEXT.replace('"width": 832', f'"width": {value}').encode()

    assert facts_of(data) == changed(parse(FULL), width=None)


def test_five_thousand_digits_are_as_many_images_as_can_be_held() -> None:
    data = TEXT.replace('"num_images": 50', f'"num_images": {"9" * 5000}').encode()

    assert facts_of(data).num_images == LARGEST


@pytest.mark.parametrize("depth", [1, 90, 150, 900, 1100, 5000])
def test_deep_used_values_break_nothing(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    facts = facts_of(f'{{"snapshot": {{"variations": {{"Hair": ["a", {deep}]}}}}}}'.encode())

    assert facts.used["Hair"][0] == "a"
    assert len(facts.used["Hair"]) == 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (rb"caf\u00e9", "café"),
        (rb"\ud83d\ude00", "\N{GRINNING FACE}"),
        (rb"\ud800 alone", "? alone"),
        (b"caf\xe9", "café"),
        (b"caf\xc3\xa9", "café"),
        (rb"\u0000", "\0"),
    ],
)
def test_texts_can_always_be_stored(written: bytes, expected: str) -> None:
    data = b'{"snapshot": {"style": "' + written + b'", "variations": {"' + written + b'": ["' + written + b'"]}}}'

    facts = facts_of(data)

    assert facts.style == expected
    assert facts.used == {expected: (expected,)}
    assert facts.style.encode()
