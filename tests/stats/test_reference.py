"""Random folders and manifests: what is known of them is what a plain, slow reading of the same rules says."""

import json
import os
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import event, given, settings, strategies as st

from sdgen_admin.disk.folder import read_session
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.stats.rules import compute_fields
from tests.builders import SESSION
from tests.stats.reference import reference_fields

NOW = datetime(2025, 11, 7, 12)

WRONG: st.SearchStrategy[Any] = st.sampled_from([None, True, False, 1.5, [], {}, ["x"], {"x": 1}])
TEXT = st.text(max_size=8) | WRONG
SMALL = st.integers(-3, 60) | st.integers(-3, 60).map(float)
INTEGER = SMALL | st.integers(-(2**63) + 1, 2**63 - 1) | st.sampled_from(["28", 2**63, 1e30]) | WRONG
COUNT = SMALL | st.sampled_from(["28", 2**70, 1e30]) | WRONG
VALUES = st.lists(st.text(max_size=5) | st.integers() | st.booleans() | st.none(), max_size=13)
VARIATION = (
    st.fixed_dictionaries({"used": VALUES}, optional={"available": VALUES | WRONG, "count": COUNT})
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
        seed_list=st.lists(st.integers(0, 5000) | INTEGER, max_size=4) | WRONG,
        max_images=COUNT,
    ),
    api_params=some(
        width=INTEGER, height=INTEGER, steps=INTEGER, cfg_scale=INTEGER, sampler_name=TEXT, sampler=TEXT, scheduler=TEXT
    ),
    variations=st.dictionaries(st.text(max_size=5), VARIATION, max_size=4),
    theme_name=TEXT,
    style=TEXT,
    inference_info=some(confidence=st.sampled_from(["high", "medium", "low"]) | WRONG) | WRONG,
)
IMAGES = st.lists(some(filename=TEXT, seed=st.integers(7, 9) | INTEGER) | WRONG, max_size=4)
PROGRESSIVE = st.integers(0, 9).map(lambda first: [{"seed": first + number} for number in range(3)])
STATUS = st.sampled_from(["ongoing", "completed", "aborted", "other", ""]) | WRONG


@st.composite
def manifests(draw: st.DrawFn) -> bytes | None:
    """A manifest's bytes, most often valid, or None for no manifest."""
    top = some(images_requested=COUNT, images=IMAGES | PROGRESSIVE | WRONG, status=STATUS)
    manifest = draw(top) | {"snapshot": draw(SNAPSHOT)}
    if draw(st.integers(0, 7)) == 0:
        manifest["snapshot"] = {}
    elif draw(st.booleans()):
        manifest["snapshot"].setdefault("generation_params", {})["num_images"] = draw(COUNT)
    whole = json.dumps(manifest, ensure_ascii=draw(st.booleans())).encode()
    return draw(st.sampled_from([whole] * 7 + [b"\xef\xbb\xbf" + whole, whole[:-5], None]))


ENTRIES = st.dictionaries(
    st.builds(
        "{}{}".format,
        st.text("abc", min_size=1, max_size=3) | st.sampled_from(["._a", "._b", ".a"]),
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


def as_plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields with lists for tuples, without what the reference does not know."""
    plain: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
    if plain["variations_summary"] is not None:
        plain["variations_summary"] = {name: list(values) for name, values in plain["variations_summary"].items()}
    return {name: value for name, value in plain.items() if name not in ("problem", "stats_computed_at")}


@given(ENTRIES, manifests())
@settings(max_examples=300)
def test_facts_are_those_of_the_reference(entries: dict[str, tuple[str, int]], manifest: bytes | None) -> None:
    with TemporaryDirectory() as root:
        folder = Path(root).resolve() / SESSION
        fill(folder, entries, manifest)
        expected = reference_fields(folder)

        fields = compute_fields(read_session(str(folder), folder.name), NOW)

    is_planned = expected["sd_model"] is not None
    event("planned" if is_planned else "restarted" if expected["source"] == "manifest" else "only the folder")
    assert as_plain(fields) == expected
    assert fields["stats_computed_at"] == NOW
    assert (fields["problem"] is None) is is_planned


@given(ENTRIES, manifests())
def test_fields_fit_the_models_as_they_are(entries: dict[str, tuple[str, int]], manifest: bytes | None) -> None:
    where = {"session_id": SESSION, "session_path": f"/images/{SESSION}"}
    with TemporaryDirectory() as root:
        folder = Path(root).resolve() / SESSION
        fill(folder, entries, manifest)
        fields = compute_fields(read_session(str(folder), folder.name), NOW)

    # They are stored without being validated, so validating them must change nothing.
    stats = SessionStats.model_validate(where | fields, strict=True).model_dump()
    record = SessionRecord.model_validate(where | fields).model_dump()

    assert set(fields) == (set(stats) | RECORD_FIELDS) - set(where)
    assert {name: stats.get(name, record.get(name)) for name in fields} == fields


RECORD_FIELDS = {
    "source",
    "confidence",
    "problem",
    "run_status",
    "scheduler",
    "theme",
    "style",
    "seed_list",
    "images_recorded",
    "seed_min",
    "seed_max",
    "seed_run",
    "pools",
}
