"""Whatever a manifest holds: facts that the database can store, or an `InvalidManifestError`, and nothing else."""

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from typing import Any

from hypothesis import example, given, settings, strategies as st

from sdgen_admin.disk.manifest import ManifestFacts, parse_manifest
from sdgen_admin.errors import InvalidManifestError

TEXT = st.text(st.characters(), max_size=20)
"""Any text, lone surrogates too."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(10**700), 10**700) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object that has any of these fields, or something else altogether."""
    return st.fixed_dictionaries({}, optional=fields) | JSON


VARIATION = maybe(used=st.lists(JSON, max_size=4) | JSON, available=JSON, count=JSON) | st.lists(JSON, max_size=4)
SNAPSHOT = maybe(
    version=JSON,
    timestamp=JSON,
    runtime_info=maybe(sd_model_checkpoint=JSON),
    resolved_template=maybe(prompt=JSON, negative=JSON),
    generation_params=maybe(
        mode=JSON,
        seed_mode=JSON,
        seed_base=JSON,
        base_seed=JSON,
        seed_list=JSON | st.lists(st.integers(), max_size=4),
        num_images=JSON,
        max_images=JSON,
    ),
    api_params=maybe(
        width=JSON, height=JSON, steps=JSON, cfg_scale=JSON, sampler_name=JSON, sampler=JSON, scheduler=JSON
    ),
    variations=st.dictionaries(TEXT, VARIATION, max_size=3) | JSON,
    theme_name=JSON,
    style=JSON,
)
MANIFEST = maybe(snapshot=SNAPSHOT, images=st.lists(JSON, max_size=2), images_requested=JSON, status=JSON)


def leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def assert_facts_or_invalid(data: bytes) -> None:
    facts = ManifestFacts()
    with suppress(InvalidManifestError):
        facts = parse_manifest(data)
    with closing(sqlite3.connect(":memory:")) as connection:
        for value in leaves(asdict(facts)):
            assert value is None or type(value) in (str, int, float)
            assert not isinstance(value, float) or math.isfinite(value)
            assert connection.execute("SELECT ?", (value,)).fetchone() == (value,)


@given(st.binary(max_size=200))
@example(b'{"snapshot": {"a": 1}}\xff}')
@example(b"\xff\xfe{\0}")
@example(b"\0}")
@example(b'\xef\xbb\xbf\xef\xbb\xbf{"snapshot": {"a": 1}}')
def test_any_bytes(data: bytes) -> None:
    assert_facts_or_invalid(data)


@given(st.binary(max_size=60), st.sampled_from([b'{"snapshot": {"version": ', b'{"snapshot": {"variations": {"a": ']))
def test_any_bytes_in_the_midst(middle: bytes, start: bytes) -> None:
    assert_facts_or_invalid(start + middle + b"}" * start.count(b"{"))


@given(MANIFEST, st.booleans(), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
@settings(max_examples=400)
def test_any_json(manifest: object, ensure_ascii: bool, encoding: str) -> None:
    assert_facts_or_invalid(json.dumps(manifest, ensure_ascii=ensure_ascii).encode(encoding, "surrogatepass"))


@given(MANIFEST, st.floats(0, 1))
def test_any_json_cut_short(manifest: object, share: float) -> None:
    data = json.dumps(manifest).encode()

    assert_facts_or_invalid(data[: int(len(data) * share)])


@given(st.text('[]{}",:1a\\ ', max_size=60), st.integers(900, 1100))
def test_any_jumble_of_brackets_behind_deep_ones(jumble: str, depth: int) -> None:
    assert_facts_or_invalid(b'{"snapshot": {"a": 1}, "images": ' + b"[" * depth + jumble.encode() + b"}")
