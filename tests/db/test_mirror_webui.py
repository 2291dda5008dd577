"""On the web UI's database, its table holds what its reader understands: every column of every kind of session."""

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sdgen_admin.services.library import SessionLibrary
from tests.builders import Manifest, make_manifest, make_session, used
from tests.db.uses import PHASES
from tests.neighbour import make_database, plain, rows, write_metadata
from tests.privileges import as_ordinary_user
from tests.samples import COMBI_CAPPED, SEED_SWEEP, make_combi_capped, make_seed_sweep

SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "webui-v1.db"
LARGEST = 2**63 - 1

ORDINARY: dict[str, Any] = {
    "sd_model": "ponyXL_v6.safetensors [abc123def4]", "sampler_name": "Euler a", "scheduler": "karras",
    "cfg_scale": 6.5, "steps": 28, "width": 832, "height": 1216,
    "images_requested": 6, "images_actual": 6, "completion_percent": 1.0,
    "placeholders_count": 2, "placeholders": ["Expression", "Hair"],
    "variations_theoretical": 6, "variations_summary": {"Expression": 3, "Hair": 2},
    "session_type": "normal", "is_seed_sweep": 0, "seed_min": 42, "seed_max": 42, "seed_mode": "fixed",
    "completion_threshold": 0.95,
}  # fmt: skip
"""What the web UI is to see of `make_manifest()` with six images; JSON is parsed, and times are apart."""
NO_VALUES: dict[str, Any] = {
    "placeholders_count": 0, "placeholders": None, "variations_theoretical": 0, "variations_summary": None,
}  # fmt: skip
NO_SEEDS: dict[str, Any] = {"seed_min": None, "seed_max": None, "seed_mode": None}
NO_MANIFEST: dict[str, Any] = {
    **dict.fromkeys(("sd_model", "sampler_name", "scheduler", "cfg_scale", "steps", "width", "height")),
    "images_requested": 0, "completion_percent": 0.0, **NO_VALUES, **NO_SEEDS,
}  # fmt: skip


def planned(*, images: int | list[int] = 0, top: Manifest | None = None, **params: Any) -> Manifest:
    """Return a manifest with these `generation_params`, no placeholders, and recorded images with these seeds."""
    seeds = images if isinstance(images, list) else []
    recorded = [{"filename": f"image_{number:04}.png", "seed": seed} for number, seed in enumerate(seeds)]
    return make_manifest(params={"mode": "random", **params}, variations={}, top={"images": recorded, **(top or {})})


def with_api(**api: Any) -> Manifest:
    return make_manifest(api=api)


KINDS: dict[str, tuple[Any, int, dict[str, Any]]] = {
    "ordinary": (make_manifest(), 6, {}),
    "half": (make_manifest(), 3, {"images_actual": 3, "completion_percent": 0.5}),
    "a third": (
        planned(seed_mode="random", num_images=3),
        1,
        NO_VALUES | NO_SEEDS
        | {"images_requested": 3, "images_actual": 1, "completion_percent": 1 / 3, "seed_mode": "random"},
    ),
    "too many": (make_manifest(), 12, {"images_actual": 12, "completion_percent": 2.0}),
    "none yet": (make_manifest(top={"images": []}), 0, {"images_actual": 0, "completion_percent": 0.0}),
    "progressive": (
        planned(images=[100, 101, 102, 103, 104, 105], seed_mode="progressive", seed_base=100, num_images=6),
        6,
        NO_VALUES
        | {"session_type": "seed-sweep", "is_seed_sweep": 1}
        | {"seed_min": 100, "seed_max": 105, "seed_mode": "progressive"},
    ),
    "progressive as planned": (
        planned(seed_mode="progressive", seed_base=100, num_images=6),
        2,
        NO_VALUES
        | {"images_actual": 2, "completion_percent": 1 / 3, "session_type": "seed-sweep", "is_seed_sweep": 1}
        | {"seed_min": 100, "seed_max": 105, "seed_mode": "progressive"},
    ),
    "progressive of one image": (
        planned(seed_mode="progressive", seed_base=100, num_images=6),
        1,
        NO_VALUES
        | {"images_actual": 1, "completion_percent": 1 / 6}
        | {"seed_min": 100, "seed_max": 105, "seed_mode": "progressive"},
    ),
    "progressive without end": (
        planned(seed_mode="progressive", seed_base=100),
        2,
        NO_VALUES
        | {"images_requested": 0, "images_actual": 2, "completion_percent": 0.0}
        | {"session_type": "seed-sweep", "is_seed_sweep": 1}
        | {"seed_min": None, "seed_max": None, "seed_mode": "progressive"},
    ),
    "progressive over values": (
        make_manifest(
            params={"mode": "random", "seed_mode": "progressive", "seed_base": 5, "num_images": 6},
            variations=used(Hair=2),
            top={"images": []},
        ),
        6,
        {"placeholders_count": 1, "placeholders": ["Hair"]}
        | {"variations_theoretical": 2, "variations_summary": {"Hair": 2}}
        | {"seed_min": 5, "seed_max": 10, "seed_mode": "progressive"},
    ),
    "progressive over one value": (
        make_manifest(
            params={"mode": "random", "seed_mode": "progressive", "seed_base": 5, "num_images": 6},
            variations=used(Hair=1),
            top={"images": []},
        ),
        6,
        {"placeholders_count": 1, "placeholders": ["Hair"]}
        | {"variations_theoretical": 1, "variations_summary": {"Hair": 1}}
        | {"session_type": "seed-sweep", "is_seed_sweep": 1}
        | {"seed_min": 5, "seed_max": 10, "seed_mode": "progressive"},
    ),
    "progressive to the end": (
        planned(seed_mode="progressive", seed_base=LARGEST - 1, num_images=6),
        6,
        NO_VALUES
        | {"session_type": "seed-sweep", "is_seed_sweep": 1}
        | {"seed_min": LARGEST - 1, "seed_max": LARGEST, "seed_mode": "progressive"},
    ),
    "fixed as planned": (
        planned(seed_mode="fixed", seed_base=7, num_images=6),
        6,
        NO_VALUES | {"seed_min": 7, "seed_max": 7, "seed_mode": "fixed"},
    ),
    "fixed without base": (
        planned(seed_mode="fixed", seed_base=-1, num_images=6),
        6,
        NO_VALUES | {"seed_min": None, "seed_max": None, "seed_mode": "fixed"},
    ),
    "random as it came": (
        planned(images=[9, 3, 5, 3, 3, 3], seed_mode="fixed", seed_base=7, num_images=6),
        6,
        NO_VALUES | {"seed_min": 3, "seed_max": 9, "seed_mode": "random"},
    ),
    "a list of seeds": (
        planned(seed_mode="fixed", seed_base=7, seed_list=[30, 10, 20], num_images=6),
        6,
        NO_VALUES
        | {"session_type": "seed-sweep", "is_seed_sweep": 1}
        | {"seed_min": 10, "seed_max": 30, "seed_mode": "fixed"},
    ),
    "a list of one seed": (
        planned(seed_mode="random", seed_list=[30], num_images=6),
        6,
        NO_VALUES | {"seed_min": 30, "seed_max": 30, "seed_mode": "random"},
    ),
    "seeds that SQLite cannot hold": (
        planned(seed_mode="fixed", seed_list=[30, 10**30], num_images=6),
        6,
        NO_VALUES | NO_SEEDS | {"session_type": "seed-sweep", "is_seed_sweep": 1, "seed_mode": "fixed"},
    ),
    "nothing planned": (
        planned(seed_mode="random"),
        3,
        NO_VALUES | NO_SEEDS
        | {"images_requested": 0, "images_actual": 3, "completion_percent": 0.0, "seed_mode": "random"},
    ),
    "a plan without end": (
        planned(seed_mode="random", num_images=10**30),
        6,
        NO_VALUES | NO_SEEDS
        | {"images_requested": LARGEST, "completion_percent": 6 / LARGEST, "seed_mode": "random"},
    ),
    "only a snapshot": (
        {"snapshot": {"version": "2.0"}},
        6,
        NO_MANIFEST,
    ),
    "unknown": (
        make_manifest(
            params={"mode": "random", "seed_mode": "unknown", "num_images": 6},
            api={"sampler_name": "unknown", "scheduler": "unknown"},
            variations={},
            snapshot={"runtime_info": {"sd_model_checkpoint": "unknown"}},
            top={"images": []},
        ),
        6,
        NO_MANIFEST | {"images_requested": 6, "completion_percent": 1.0},
    ),
    "numbers of other kinds": (
        with_api(width=832.0, height=1216.5, steps=28.5, cfg_scale=7, sampler="DPM++ 2M"),
        6,
        {"height": None, "steps": None, "cfg_scale": 7.0, "sampler_name": "DPM++ 2M", "scheduler": None},
    ),
    "not numbers": (
        with_api(width="832", height=None, steps=[28], cfg_scale="seven", sampler_name=5, scheduler={}),
        6,
        dict.fromkeys(("width", "height", "steps", "cfg_scale", "sampler_name", "scheduler")),
    ),
    "pools": (
        make_manifest(
            variations={
                "A": {"count": 50, "used": ["x"]},
                "B": {"available": ["x", "y", "z"], "used": ["x"]},
                "C": ["x", "y"],
                "it's \"é\" [1]": {"used": ["x"]},
                "not one": 5,
            }
        ),
        6,
        {
            "placeholders_count": 4, "placeholders": ["A", "B", "C", "it's \"é\" [1]"],
            "variations_theoretical": 300, "variations_summary": {"A": 50, "B": 3, "C": 2, "it's \"é\" [1]": 1},
        },
    ),
    "an empty pool": (
        make_manifest(variations={"A": {"used": []}, "B": {"count": 5}}),
        6,
        {
            "placeholders_count": 2, "placeholders": ["A", "B"],
            "variations_theoretical": 0, "variations_summary": {"A": 0, "B": 5},
        },
    ),
    "pools without end": (
        make_manifest(variations={name: {"count": 10**12, "used": ["x"]} for name in "AB"}),
        6,
        {
            "placeholders_count": 2, "placeholders": ["A", "B"],
            "variations_theoretical": LARGEST, "variations_summary": {"A": 10**12, "B": 10**12},
        },
    ),
    "no manifest": (None, 6, NO_MANIFEST),
    "no manifest and no image": (None, 0, NO_MANIFEST | {"images_actual": 0}),
    "broken": ('{"snapshot": {"versi', 6, NO_MANIFEST),
    "not an object": ("[]", 6, NO_MANIFEST),
    "restarted": (
        {"snapshot": {}, "status": "ongoing", "images": [{"seed": 8}, {"seed": 9}]},
        6,
        NO_MANIFEST | {"seed_min": 8, "seed_max": 9, "seed_mode": "progressive"},
    ),
    "restarted without images": ({"snapshot": {}, "status": "ongoing", "images": []}, 6, NO_MANIFEST),
}  # fmt: skip
"""For each kind of session its manifest, the number of images, and what differs from an ordinary one."""
IDS = {kind: f"20251107_1200{number:02}-{kind}" for number, kind in enumerate(KINDS)}


def parsed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in ("placeholders", "variations_summary") and value is not None else value
        for name, value in row.items()
    }


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> tuple[SessionLibrary, dict[str, dict[str, Any]]]:
    """Every kind of session on a database that the web UI made, and its rows."""
    folder = tmp_path_factory.mktemp("web-ui")
    make_database(folder / "sessions.db")
    for kind, (manifest, images, _) in KINDS.items():
        make_session(folder / "images", IDS[kind], manifest=manifest, without_manifest=manifest is None, images=images)
    library = SessionLibrary(folder / "images", folder / "sessions.db")
    library.compute()
    return library, {row["session_name"]: row for row in rows(folder / "sessions.db", "session_stats")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_column(mirrored: tuple[SessionLibrary, dict[str, dict[str, Any]]], kind: str) -> None:
    library, found = mirrored
    row = found[IDS[kind]]
    stats = library.get(IDS[kind], fresh=False).stats
    assert stats is not None
    assert stats.stats_computed_at is not None
    assert parsed(row) == {
        "session_name": IDS[kind],
        **ORDINARY,
        **KINDS[kind][2],
        "session_created_at": f"2025-11-07T12:00:{list(KINDS).index(kind):02}",
        "stats_computed_at": stats.stats_computed_at.isoformat(),
    }
    check_shape(row)


def test_there_is_a_row_for_every_session_with_stats(
    mirrored: tuple[SessionLibrary, dict[str, dict[str, Any]]],
) -> None:
    library, found = mirrored
    assert set(found) == set(IDS.values())
    report = library.describe()
    assert (report.layout, report.mirrored, report.others) == ("web UI, version 1", len(IDS), 0)
    assert report.mirror_problem is None


NEVER_NULL = {
    "session_name", "images_requested", "images_actual", "completion_percent", "placeholders_count",
    "variations_theoretical", "session_type", "is_seed_sweep", "session_created_at", "stats_computed_at",
    "completion_threshold",
}  # fmt: skip
TYPES: dict[str, type] = {
    **dict.fromkeys(("steps", "width", "height", "images_requested", "images_actual", "placeholders_count"), int),
    **dict.fromkeys(("variations_theoretical", "is_seed_sweep", "seed_min", "seed_max"), int),
    **dict.fromkeys(("cfg_scale", "completion_percent", "completion_threshold"), float),
}


def check_shape(row: dict[str, Any]) -> None:
    """Check what the web UI's reader fails on: nulls, types, JSON of another shape, times that are not ISO."""
    assert len(row) == 23
    for name, value in row.items():
        assert value is not None or name not in NEVER_NULL, name
        assert value is None or type(value) is TYPES.get(name, str), name
    placeholders, summary = parsed(row)["placeholders"], parsed(row)["variations_summary"]
    assert placeholders is None or (
        isinstance(placeholders, list) and all(isinstance(name, str) for name in placeholders)
    )
    assert summary is None or all(isinstance(name, str) and type(pool) is int for name, pool in summary.items())
    assert len(placeholders or ()) == len(summary or ()) == row["placeholders_count"]
    assert row["session_type"] == ("seed-sweep" if row["is_seed_sweep"] else "normal")
    assert row["is_seed_sweep"] in (0, 1)
    for name in ("session_created_at", "stats_computed_at"):
        assert datetime.fromisoformat(row[name]).tzinfo is None


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([2**63, 1e308, "é\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def some_of(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, anything))


@settings(max_examples=50, phases=PHASES)
@given(
    params=some_of("mode", "seed_mode", "seed_base", "base_seed", "num_images", "max_images")
    | st.fixed_dictionaries(
        {
            "seed_mode": st.sampled_from(["fixed", "progressive"]),
            "seed_base": st.integers(-3, 2**64),
            "num_images": st.integers(),
        }
    ),
    api=some_of("width", "height", "steps", "cfg_scale", "sampler_name", "scheduler"),
    variations=st.dictionaries(st.text(max_size=3), anything | some_of("used", "count", "available"), max_size=4),
    seeds=st.lists(anything, max_size=3),
    images=st.integers(0, 3),
)
def test_no_manifest_makes_a_row_that_the_web_ui_cannot_read(
    params: Manifest, api: Manifest, variations: Manifest, seeds: list[Any], images: int
) -> None:
    manifest = make_manifest(
        params=params, api=api, variations=variations, top={"images": [{"seed": s} for s in seeds]}
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_database(folder / "sessions.db")
        make_session(folder / "images", manifest=json.dumps(manifest), images=images)
        assert SessionLibrary(folder / "images", folder / "sessions.db").compute().failed == 0
        (row,) = rows(folder / "sessions.db", "session_stats")
        check_shape(row)


def its_own(folder: Path) -> None:
    """Make the web UI's database as it makes it."""
    make_database(folder / "sessions.db")
    with plain(folder / "sessions.db") as connection:
        connection.execute("INSERT INTO schema_version VALUES (1, 'Initial schema', '2026-11-25T21:32:34.444055')")
    write_metadata(folder / "sessions.db", SEED_SWEEP, is_favorite=1, tags='["seeds"]', session_path=r"D:\sd\images")


def a_real_one(folder: Path) -> None:
    """Copy a database that the web UI filled."""
    if not SAMPLE.exists():
        pytest.skip("the web UI's database is not here")
    shutil.copyfile(SAMPLE, folder / "sessions.db")


@pytest.fixture(params=[its_own, a_real_one])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with the web UI's database and the sessions of a real generator run."""
    request.param(tmp_path)
    make_combi_capped(tmp_path / "images")
    make_seed_sweep(tmp_path / "images")
    return tmp_path


REAL: dict[str, dict[str, Any]] = {
    COMBI_CAPPED: {
        "images_requested": 12, "images_actual": 12, "seed_min": 7, "seed_max": 7, "seed_mode": "fixed",
        "session_type": "normal", "is_seed_sweep": 0, "session_created_at": "2026-11-21T04:47:41",
    },
    SEED_SWEEP: {
        "images_requested": 80, "images_actual": 80, "seed_min": 1000, "seed_max": 1003, "seed_mode": "random",
        "session_type": "seed-sweep", "is_seed_sweep": 1, "session_created_at": "2026-11-21T04:48:19",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "use",
    [lambda library: library.find(), lambda library: library.compute(), lambda library: library.get(COMBI_CAPPED)],
)
def test_a_real_run(folder: Path, use: Callable[[SessionLibrary], object]) -> None:
    library = SessionLibrary(folder / "images", folder / "sessions.db")
    use(library)
    library.find()

    found = [parsed(row) for row in rows(folder / "sessions.db", "session_stats")]
    common = {
        "sd_model": "illustriousXL_v01.safetensors [abc123def4]", "sampler_name": "DPM++ 2M Karras",
        "scheduler": "karras", "cfg_scale": 6.5, "steps": 28, "width": 832, "height": 1216, "completion_percent": 1.0,
        "placeholders_count": 2, "placeholders": ["Expression", "Hair"], "variations_theoretical": 20,
        "variations_summary": {"Expression": 5, "Hair": 4}, "completion_threshold": 0.95,
    }  # fmt: skip
    assert [{k: v for k, v in row.items() if k != "stats_computed_at"} for row in found] == [
        {"session_name": name, **common, **REAL[name]} for name in (COMBI_CAPPED, SEED_SWEEP)
    ]
    assert library.describe().mirrored == 2


def test_what_the_web_ui_knows_stays(folder: Path) -> None:
    path = folder / "sessions.db"
    before = {table: rows_of(path, table) for table in ("schema_version", "session_metadata")}
    schema = {row for row in rows_of(path, "sqlite_master") if "sdgen_admin" not in row[1]}
    library = SessionLibrary(folder / "images", path)
    assert [record.session_id for record in library.find(liked=True, tag="seeds").sessions] == [SEED_SWEEP]
    library.compute(force=True)
    library.prune()
    assert {table: rows_of(path, table) for table in before} == before
    assert {name for row in rows_of(path, "sqlite_master") if "sdgen_admin" not in (name := row[1])} == {
        row[1] for row in schema
    }


def rows_of(path: Path, table: str) -> list[tuple[Any, ...]]:
    with plain(path) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def test_sessions_without_stats_are_not_mirrored(images_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    make_database(path)
    closed = make_session(images_dir, "20251107_120000-closed")
    write_metadata(path, "20251107_120001-gone", session_path=str(images_dir / "20251107_120001-gone"))
    closed.chmod(0)
    try:
        library = SessionLibrary(images_dir, path)
        assert as_ordinary_user(library.find).total_count == 1
    finally:
        closed.chmod(0o755)
    assert library.find(missing=True, fresh=False).total_count == 1
    assert rows(path, "session_stats") == []
