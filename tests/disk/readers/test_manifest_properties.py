"""Whatever a manifest holds: facts that the database can store, or an `InvalidManifestError`, and nothing else."""

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import event, example, given, settings, strategies as st

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.readers import read_facts
from sdgen_admin.errors import InvalidManifestError
from tests.disk.readers.manifests import DEFAULTS, facts_of, listed

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
    inference_info=maybe(confidence=st.sampled_from(["high", "medium", "low"]) | JSON),
)
SEED = st.integers(-5, 5) | st.floats(-5, 5) | JSON
IMAGES = st.lists(maybe(filename=JSON, seed=SEED), max_size=4) | JSON
STATUS = st.sampled_from(["ongoing", "completed", "aborted"]) | JSON
MANIFEST = maybe(snapshot=SNAPSHOT | st.just({}), images=IMAGES, images_requested=JSON, status=STATUS)


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
    try:
        facts = facts_of(data)
    except InvalidManifestError:
        facts = DEFAULTS
    event("invalid" if facts is DEFAULTS else "planned" if facts.is_planned else "restarted")
    assert_sound(facts)
    with closing(sqlite3.connect(":memory:")) as connection:
        for value in leaves(asdict(facts) | {"seed_list": ()}):  # a list is stored as text
            assert value is None or type(value) in (str, int, float, bool)
            assert not isinstance(value, float) or math.isfinite(value)
            assert connection.execute("SELECT ?", (value,)).fetchone() == (value,)


def assert_sound(facts: Facts) -> None:
    assert (facts.source, facts.confidence) in [("manifest", word) for word in ("high", "medium", "low")]
    assert facts.run_status in (None, "ongoing", "completed", "aborted")
    assert list(facts.pools) == list(facts.used)
    assert all(pool >= 0 for pool in facts.pools.values())
    seeds = (facts.seed_min, facts.seed_max, facts.seed_run)
    if facts.seed_min is None or facts.seed_max is None:
        assert seeds == (None, None, None)
    else:
        assert facts.seed_min <= facts.seed_max
        assert facts.images_recorded
        assert facts.seed_run in ("fixed", "progressive", "random")
        assert (facts.seed_run == "fixed") == (facts.seed_min == facts.seed_max)
    if not facts.is_planned:
        assert (facts.sd_model, facts.seed_base, facts.prompt, facts.used) == (None, None, None, {})


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


@given(MANIFEST)
def test_any_json_in_a_folder_gives_facts_of_one_source(manifest: object) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

        found = read_facts(listed(Path(folder)))

    assert found.facts is not None
    assert found.state is not None
    if found.facts.source == "folder":
        assert found.facts == Facts(source="folder", confidence="low")
        assert found.problem is not None
    else:
        assert_sound(found.facts)
        assert (found.problem is None) is found.facts.is_planned
