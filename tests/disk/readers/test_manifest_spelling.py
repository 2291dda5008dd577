"""The same JSON, spelled in any way that a generator or an editor may choose, gives the same facts."""

import codecs
import json
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.readers.manifest import GUESSED, RESTARTED, parse_manifest
from sdgen_admin.errors import InvalidManifestError
from tests.disk.readers.manifests import FULL, parse

WHOLE = st.integers(0, 2**53) | st.integers(-(2**53), 2**53)
"""Whole numbers that a float holds exactly."""
TEXT = st.text(st.characters(codec="utf-8"), max_size=10)
PADDING = st.text(" \t\r\n\0\x1a", max_size=40)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
KEYS = ("seed_base", "base_seed", "num_images", "max_images", "mode", "seed_mode")


def section(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


MANIFEST = st.fixed_dictionaries(
    {
        "snapshot": st.fixed_dictionaries(
            {"version": TEXT},
            optional={
                "timestamp": TEXT,
                "runtime_info": section(sd_model_checkpoint=TEXT),
                "resolved_template": section(prompt=TEXT, negative=TEXT),
                "generation_params": section(
                    **dict.fromkeys(KEYS, WHOLE | TEXT), seed_list=st.lists(WHOLE | TEXT, max_size=4)
                ),
                "api_params": section(width=WHOLE, height=WHOLE, steps=WHOLE, cfg_scale=WHOLE, sampler_name=TEXT),
                "variations": st.dictionaries(
                    TEXT, section(used=st.lists(TEXT, max_size=3), count=WHOLE, available=st.lists(TEXT)), max_size=3
                ),
                "style": TEXT,
            },
        )
    },
    optional={
        "images": st.lists(section(filename=TEXT, seed=WHOLE), max_size=4),
        "images_requested": WHOLE,
        "status": st.sampled_from(["ongoing", "completed", "aborted"]) | TEXT,
    },
)


class Speller:
    """Writes JSON in one of the many ways that mean the same."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def one_of(self, *choices: str) -> str:
        return self._data.draw(st.sampled_from(choices))

    def write(self, value: Any) -> str:
        blank = self.one_of("", " ", "\r\n\t")
        if isinstance(value, dict):
            fields = [f"{self.text(key)}{blank}:{self.write(inner)}" for key, inner in value.items()]
            twice = [f"{self.text(key)}:{self.one_of('null', '[]', '5')}" for key in value if self.one_of("", "2")]
            return f"{{{blank}{f',{blank}'.join(twice + fields)}{blank}}}"
        if isinstance(value, list):
            return f"[{blank}{','.join(map(self.write, value))}{blank}]"
        return self.text(value) if isinstance(value, str) else self.number(value)

    def text(self, text: str) -> str:
        if self.one_of("plain", "escaped") == "plain":
            return json.dumps(text, ensure_ascii=False)
        units = text.encode("utf-16-be")
        return '"' + "".join(f"\\u{units[at] << 8 | units[at + 1]:04X}" for at in range(0, len(units), 2)) + '"'

    def number(self, number: int) -> str:
        return self.one_of(f"{number}", f"{number}.0", f"{number}e0", f"{number * 10}E-1", f"{number}.000e+0")


def facts_and_problem(data: bytes) -> tuple[Facts, str | None] | str:
    try:
        return parse_manifest(data)
    except InvalidManifestError as error:
        return error.message


@given(MANIFEST, st.data(), st.sampled_from(ENCODINGS), PADDING, st.integers(0, 3))
@settings(max_examples=400)
def test_json_in_any_spelling_gives_the_same_facts(
    manifest: dict[str, Any], data: st.DataObject, encoding: str, padding: str, zeros: int
) -> None:
    text = Speller(data).write(manifest) + padding

    assert facts_and_problem(text.encode(encoding) + b"\0" * zeros) == facts_and_problem(json.dumps(manifest).encode())


@pytest.mark.parametrize("encoding", [*ENCODINGS, "latin-1"])
@pytest.mark.parametrize("padding", [b"\0", b"\0\0\0", b"\0" * 4096, b" \r\n", b"\x1a", b"\x1a\0\0\0\0\0", b"\n\x1a"])
@pytest.mark.parametrize(
    "oddity", ["", '"NaN": NaN, ', f'"digits": {"9" * 5000}, ', f'"deep": {"[" * 5000}{"]" * 5000}, ']
)
def test_padding_after_the_document(encoding: str, padding: bytes, oddity: str) -> None:
    manifest = json.dumps(FULL | {"é": 1}, ensure_ascii=False).replace('{"snapshot"', f'{{{oddity}"snapshot"', 1)

    facts, problem = parse_manifest(manifest.encode(encoding) + padding)

    assert facts == parse(FULL)
    assert problem is None or encoding == "latin-1"


def test_utf_16_with_a_mark_in_either_order() -> None:
    text = json.dumps(FULL)
    little, big = text.encode("utf-16-le"), text.encode("utf-16-be")

    assert parse_manifest(codecs.BOM_UTF16_LE + little) == parse_manifest(codecs.BOM_UTF16_BE + big)
    assert parse_manifest(codecs.BOM_UTF16_BE + big) == (parse(FULL), None)


@given(st.text(st.characters(max_codepoint=255), min_size=1))
@example("caf\xe9")
@example("\x80\x9f\xff")
def test_what_is_not_utf_8_is_read_as_latin_1_and_says_so(prompt: str) -> None:
    manifest = {"snapshot": {"resolved_template": {"prompt": prompt}, "variations": {"A": {"used": [prompt]}}}}
    data = json.dumps(manifest, ensure_ascii=False).encode("latin-1")
    try:
        data.decode()
    except UnicodeDecodeError:
        facts, problem = parse_manifest(data)
        assert (facts.source, facts.prompt, facts.used) == ("manifest", prompt, {"A": (prompt,)})
        assert problem == GUESSED
        assert parse_manifest(codecs.BOM_UTF8 + data) == (facts, problem)
    else:
        assert parse_manifest(data)[1] is None


def test_what_was_restarted_says_that_first() -> None:
    assert parse_manifest(b'{"snapshot": {}, "status": "ongoing", "b": NaN, "a": "\xe9"}')[1] == RESTARTED


def test_a_byte_that_is_passed_over_harms_nothing() -> None:
    data = json.dumps(FULL, ensure_ascii=False).replace('"seed": 42}', '"seed": 42, "prompt": "?"}').encode()

    assert parse_manifest(data.replace(b"?", b"\xe9")) == (parse(FULL), None)


@pytest.mark.parametrize("number", ["1e30", "1" + "0" * 30, "9" * 5000, "9223372036854775808.0"])
def test_a_count_of_any_size_is_cut_however_it_is_written(number: str) -> None:
    data = f'{{"snapshot": {{"generation_params": {{"num_images": {number}, "max_images": {number}}}}}}}'.encode()

    facts, _ = parse_manifest(data)

    assert facts.num_images == facts.image_limit == 2**63 - 1


@pytest.mark.parametrize("data", [b"\xff\xfe{\0}\0\0\xd8}\0", b"\0\0\xd8\0\0\0\0}"])
def test_text_that_is_no_text_is_invalid(data: bytes) -> None:
    with pytest.raises(InvalidManifestError):
        parse_manifest(data)
