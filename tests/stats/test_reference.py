"""Random folders and manifests: the stats are those of a plain, slow reading of the same rules."""

import json
import os
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import event, given, settings, strategies as st

from sdgen_admin.disk.folder import read_session
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.stats.rules import compute_fields
from tests.builders import SESSION
from tests.stats.reference import reference_stats

NOW = datetime(2025, 11, 7, 12)

WRONG: st.SearchStrategy[Any] = st.sampled_from([None, True, False, 1.5, [], {}, ["x"], {"x": 1}])
TEXT = st.text(max_size=8) | WRONG
INTEGER = st.integers(0, 9) | st.integers(-(2**63) + 1, 2**63 - 1) | st.just("28") | WRONG
COUNT = st.integers(0, 60) | st.just(2**70) | st.just("28") | WRONG
LIMIT = st.integers(-3, 60) | st.just(2**70) | st.just("28") | WRONG
VALUES = st.lists(st.text(max_size=5) | st.integers() | st.booleans() | st.none(), max_size=13)
VARIATION = (
    st.fixed_dictionaries({"used": VALUES}, optional={"available": VALUES, "count": st.integers()})
    | VALUES
    | WRONG
    | st.just({"used": "x"})
)
MODE = st.sampled_from(["combinatorial", "combinatorial", "random", "other"]) | WRONG
SEED_MODE = st.sampled_from(["fixed", "progressive", "progressive", "random"]) | WRONG
TIMESTAMP = st.datetimes().map(datetime.isoformat) | TEXT


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


SNAPSHOT = some(
    version=TEXT,
    timestamp=TIMESTAMP,
    runtime_info=some(sd_model_checkpoint=TEXT) | WRONG,
    resolved_template=some(prompt=TEXT, negative=TEXT) | WRONG,
    generation_params=some(
        mode=MODE,
        seed_mode=SEED_MODE,
        seed_base=INTEGER,
        base_seed=INTEGER,
        seed_list=st.lists(st.integers(0, 5000), max_size=4) | WRONG,
        max_images=LIMIT,
    ),
    api_params=some(width=INTEGER, height=INTEGER, steps=INTEGER, cfg_scale=INTEGER, sampler_name=TEXT, sampler=TEXT),
    variations=st.dictionaries(st.text(max_size=5), VARIATION, max_size=4),
)


@st.composite
def manifests(draw: st.DrawFn) -> bytes | None:
    """A manifest's bytes, most often valid, or None for no manifest."""
    manifest = draw(some(images_requested=LIMIT, images=st.just([{"seed": 1}]))) | {"snapshot": draw(SNAPSHOT)}
    if draw(st.booleans()):
        manifest["snapshot"].setdefault("generation_params", {})["num_images"] = draw(COUNT)
    whole = json.dumps(manifest, ensure_ascii=draw(st.booleans())).encode()
    return draw(st.sampled_from([whole] * 7 + [b"\xef\xbb\xbf" + whole, whole[:-5], None]))


ENTRIES = st.dictionaries(
    st.builds(
        "{}{}".format,
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from([".png", ".PNG", ".jpg", ".Jpeg", ".webp", ".gif", ".txt", "png", ".png.tmp"]),
    ),
    st.tuples(st.sampled_from(["image", "image", "image", "empty", "folder"]), st.integers(-(10**9), 5 * 10**9)),
    max_size=8,
)


def fill(folder: Path, entries: dict[str, tuple[str, int]], manifest: bytes | None) -> None:
    folder.mkdir()
    for name, (kind, seconds) in entries.items():
        path = folder / name
        if path.exists():  # a file system that knows no difference of case
            continue
        if kind == "folder":
            path.mkdir()
        else:
            path.write_bytes(b"image" if kind == "image" else b"")
        os.utime(path, (seconds, seconds))
    if manifest is not None:
        (folder / "manifest.json").write_bytes(manifest)


def as_plain(stats: SessionStats) -> dict[str, Any]:
    plain = stats.model_dump(exclude={"stats_computed_at"})
    if plain["variations_summary"] is not None:
        plain["variations_summary"] = {name: list(values) for name, values in plain["variations_summary"].items()}
    return plain


@given(ENTRIES, manifests())
@settings(max_examples=300)
def test_stats_are_those_of_the_reference(entries: dict[str, tuple[str, int]], manifest: bytes | None) -> None:
    with TemporaryDirectory() as root:
        folder = Path(root).resolve() / SESSION
        fill(folder, entries, manifest)
        expected = reference_stats(folder)

        fields = compute_fields(read_session(str(folder), folder.name), str(folder), NOW)
    assert set(fields) <= set(SessionStats.model_fields)
    stats = SessionStats.model_validate(fields, strict=True)  # changing nothing: they are stored without it

    event("full stats" if expected["sd_model"] is not None else "only what the folder tells")
    assert as_plain(stats) == expected
    assert stats.stats_computed_at == NOW
