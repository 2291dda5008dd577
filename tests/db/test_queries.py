"""A filter and the sessions that it is to find, as a table; then order and paging."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db.queries import build
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.records import SessionPage
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_manifest, make_session
from tests.neighbour import write_metadata, write_stats
from tests.privileges import as_ordinary_user

IDS = {
    "alpha": "20251101_100000-alpha",
    "beta": "2025-11-02_100000_beta.prompt",
    "gamma": "20251103_100000-gamma",
    "delta": "20251104_100000-delta",
    "epsilon": "20251105_100000-epsilon",
    "zeta": "20251106_000000-zeta",
    "eta": "20251106_235959-eta",
    "theta": "20251107_100000-theta",
    "said": "20251108_100000-said",
    "stats": "20251109_100000-stats",
    "gone": "20251110_100000-gone",
    "left": "20251111_100000-left",
}
"""alpha to eta have folders and stats, theta's folder cannot be read, of `said` there is only metadata, of `stats` only
a row that another program wrote; the folders of `gone` and `left` are gone, and nothing was said about `left`."""
NAMES = {session_id: name for name, session_id in IDS.items()}
LISTED = "stats said theta eta zeta epsilon delta gamma beta alpha"
WITH_STATS = "stats eta zeta epsilon delta gamma beta alpha"


def manifest(model: str, planned: int, seed_mode: str = "fixed", status: str = "completed", **prompt: str) -> Any:
    return make_manifest(
        params={"mode": "random", "seed_mode": seed_mode, "num_images": planned},
        variations={},
        snapshot={"runtime_info": {"sd_model_checkpoint": model}, "resolved_template": prompt},
        top={"status": status},
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> SessionLibrary:
    root = tmp_path_factory.mktemp("collection") / "images"
    root.mkdir()
    library = SessionLibrary(root)
    database = Path(library.database.path)
    folders: dict[str, tuple[Any, int]] = {
        "alpha": (manifest("ponyXL_v6.safetensors [abc]", 6, prompt="a RED fox", negative="blurry"), 6),
        "beta": (manifest("illustrious_100%.safetensors", 6, status="ongoing", prompt="100% wool"), 3),
        "gamma": (manifest("ÉTÉ_mix", 10, "progressive", "aborted", prompt="jardín ÑANDÚ"), 12),
        "delta": (None, 2),
        "epsilon": ('{"snapshot": {"version"', 5),
        "zeta": (manifest("PonyXL_v7", 60, prompt="a_b"), 57),
        "eta": (manifest("ponyXL_v6.safetensors [abc]", 50, prompt="aXb", negative="Fox"), 47),
        "theta": (manifest("pony", 1), 1),
        "gone": (manifest("ponyXL_v6.safetensors [abc]", 1), 1),
        "left": (manifest("illustrious", 1), 1),
    }
    for name, (content, images) in folders.items():
        make_session(root, IDS[name], manifest=content, without_manifest=content is None, images=images)
    (root / IDS["theta"]).chmod(0)
    try:
        report = as_ordinary_user(library.compute)
    finally:
        (root / IDS["theta"]).chmod(0o755)
    assert (report.computed, report.failed) == (9, 1)

    said: dict[str, dict[str, Any]] = {
        "alpha": {"is_favorite": True, "tags": ("portrait", "red-hair"), "user_note": "The best so far, 100%"},
        "beta": {"is_test": True, "user_rating": "dislike"},
        "gamma": {"user_rating": "like", "tags": ("ñandú", "portrait")},
        "epsilon": {"is_favorite": True, "user_note": "[red] is no markup"},
        "eta": {"is_complete": False, "tags": ()},
        "gone": {"is_favorite": True, "tags": ("portrait",)},
    }
    for number, (name, update) in enumerate(said.items()):
        library.update_metadata(IDS[name], SessionMetadataUpdate(**update))
        with library.database.open() as connection:
            moment = f"2025-12-0{number + 1}T00:00:00"
            connection.execute("UPDATE session_metadata SET updated_at = ? WHERE session_id = ?", (moment, IDS[name]))
    for name in ("gone", "left"):
        (root / IDS[name]).rename(root.parent / name)
    (root / IDS["theta"]).chmod(0)
    try:
        as_ordinary_user(library.find)
    finally:
        (root / IDS["theta"]).chmod(0o755)
    write_metadata(database, IDS["said"], is_favorite=1, is_test=1, tags="web, ui", user_rating="love")
    write_stats(database, IDS["stats"], sd_model="Flux", completion_percentage=99.5, images_actual=4, is_seed_sweep=1)
    return library


def names(page: SessionPage) -> str:
    return " ".join(NAMES[record.session_id] for record in page.sessions)


TABLE: list[tuple[dict[str, Any], str]] = [
    ({}, LISTED),
    ({"liked": True}, "said epsilon alpha"),
    ({"liked": False}, "stats theta eta zeta delta gamma beta"),
    ({"test": True}, "said beta"),
    ({"test": False}, "stats theta eta zeta epsilon delta gamma alpha"),
    ({"liked": True, "test": True}, "said"),
    ({"complete": True}, "stats zeta gamma alpha"),
    ({"complete": False}, "eta epsilon delta beta"),
    ({"seed_sweep": True}, "stats gamma"),
    ({"seed_sweep": False}, "eta zeta epsilon delta beta alpha"),
    ({"model": "pony"}, "eta zeta alpha"),
    ({"model": "PONYXL_V6"}, "eta alpha"),
    ({"model": "été"}, "gamma"),
    ({"model": "ÉTÉ_MIX"}, "gamma"),
    ({"model": "%"}, "beta"),
    ({"model": "_"}, "eta zeta gamma beta alpha"),
    ({"model": "100%."}, "beta"),
    ({"model": "pony%v6"}, ""),
    ({"model": "v6.safetensors [abc]"}, "eta alpha"),
    ({"model": "'; DROP TABLE session_stats; --"}, ""),
    ({"model": ""}, "stats eta zeta gamma beta alpha"),
    ({"from_date": "2025-11-06"}, "stats said theta eta zeta"),
    ({"from_date": "2025-11-06T00:00:01"}, "stats said theta eta"),
    ({"from_date": "2025-11-08T10:00:00"}, "stats said"),
    ({"to_date": "2025-11-02"}, "beta alpha"),
    ({"to_date": "2025-11-02T09:59:59"}, "alpha"),
    ({"to_date": "2025-11-02T10:00:00"}, "beta alpha"),
    ({"from_date": "2025-11-06", "to_date": "2025-11-06"}, "eta zeta"),
    ({"from_date": date(2025, 11, 6), "to_date": date(2025, 11, 6)}, "eta zeta"),
    ({"from_date": datetime(2025, 11, 6), "to_date": datetime(2025, 11, 6)}, "zeta"),
    ({"from_date": "2025-11-08", "to_date": "2025-11-07"}, ""),
    ({"tag": "portrait"}, "gamma alpha"),
    ({"tag": ("portrait", "red-hair")}, "alpha"),
    ({"tag": ("portrait", "web")}, ""),
    ({"tag": "ñandú"}, "gamma"),
    ({"tag": "Portrait"}, ""),
    ({"tag": "port"}, ""),
    ({"tag": "web"}, "said"),
    ({"tag": 'a"b\\c'}, ""),
    ({"untagged": True}, "stats theta eta zeta epsilon delta beta"),
    ({"untagged": True, "tag": "portrait"}, ""),
    ({"rating": "like"}, "gamma"),
    ({"rating": "dislike"}, "beta"),
    ({"rating": "none"}, "stats theta eta zeta epsilon delta alpha"),
    ({"status": "completed"}, "eta zeta alpha"),
    ({"status": "ongoing"}, "beta"),
    ({"status": "aborted"}, "gamma"),
    ({"problem": True}, "theta epsilon delta"),
    ({"problem": False}, "stats said eta zeta gamma beta alpha"),
    ({"missing": True}, "left gone"),
    ({"missing": True, "liked": True}, "gone"),
    ({"missing": True, "model": "illustrious"}, "left"),
    ({"search": "fox"}, "eta alpha"),
    ({"search": "FOX"}, "eta alpha"),
    ({"search": "ñandú"}, "gamma"),
    ({"search": "JARDÍN"}, "gamma"),
    ({"search": "100%"}, "beta alpha"),
    ({"search": "a_b"}, "zeta"),
    ({"search": "a%b"}, ""),
    ({"search": "red-hair"}, "alpha"),
    ({"search": "best so far"}, "alpha"),
    ({"search": "[RED]"}, "epsilon"),
    ({"search": "theta"}, "theta"),
    ({"search": "beta.PROMPT"}, "beta"),
    ({"search": "web"}, "said"),
    ({"search": "\\"}, ""),
    ({"search": "fox\0"}, ""),
    ({"search": "x" * 60_000}, ""),
    ({"search": ""}, LISTED),
    ({"search": "portrait", "rating": "like"}, "gamma"),
    ({"complete": True, "model": "pony", "liked": False}, "zeta"),
    ({"complete": True, "seed_sweep": True, "rating": "like", "status": "aborted", "tag": "portrait"}, "gamma"),
    ({"problem": True, "liked": True, "complete": False, "search": "markup"}, "epsilon"),
]


@pytest.mark.parametrize(("query", "expected"), TABLE, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("sort", ["created", "updated"])
def test_filters(library: SessionLibrary, query: dict[str, Any], expected: str, sort: str) -> None:
    page = library.find(SessionFilter(**query, sort=sort), fresh=False)
    if sort == "created":
        assert names(page) == expected
    assert sorted(names(page).split()) == sorted(expected.split())
    assert page.total_count == len(expected.split())


ORDERS = [
    ("created", LISTED),
    ("updated", "eta epsilon gamma beta alpha said stats theta zeta delta"),
    ("name", "beta alpha gamma delta epsilon zeta eta theta said stats"),
    ("model", "stats beta eta alpha zeta gamma said theta epsilon delta"),
    ("images", "zeta eta gamma alpha epsilon stats beta delta said theta"),
    ("completion", "gamma alpha stats zeta eta beta epsilon delta said theta"),
]


@pytest.mark.parametrize(("sort", "expected"), ORDERS)
def test_orders_in_both_directions(library: SessionLibrary, sort: str, expected: str) -> None:
    query = SessionFilter.model_validate({"sort": sort})
    assert names(library.find(query, fresh=False)) == expected
    backwards = query.model_copy(update={"reverse": True})
    assert names(library.find(backwards, fresh=False)).split() == expected.split()[::-1]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sort", [sort for sort, _ in ORDERS])
@pytest.mark.parametrize("size", [1, 3, 4, 500])
def test_pages_never_overlap(library: SessionLibrary, sort: str, reverse: bool, size: int) -> None:
    whole = library.find(SessionFilter.model_validate({"sort": sort, "reverse": reverse, "limit": None}), fresh=False)
    seen: list[str] = []
    for offset in range(0, whole.total_count, size):
        query = {"sort": sort, "reverse": reverse, "limit": size, "offset": offset}
        page = library.find(SessionFilter.model_validate(query), fresh=False)
        assert (page.total_count, page.limit, page.offset) == (whole.total_count, size, offset)
        seen += [record.session_id for record in page.sessions]
    assert seen == [record.session_id for record in whole.sessions]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("offset", [10, 11, 2**63 - 1])
@pytest.mark.parametrize("limit", [1, 500, None])
def test_beyond_the_end_there_is_nothing_but_the_count(library: SessionLibrary, offset: int, limit: int | None) -> None:
    page = library.find(SessionFilter(limit=limit, offset=offset), fresh=False)
    assert (page.sessions, page.total_count) == ((), 10)


def test_equal_times_are_ordered_by_id(tmp_path: Path) -> None:
    library = SessionLibrary(tmp_path, tmp_path / "sessions.db")
    expected = [f"20251107_120000-{letter}" for letter in "abcdefgh"]
    for session_id in reversed(expected):
        make_session(tmp_path, session_id, images=0)
    pages = [library.find(SessionFilter(limit=3, offset=offset)) for offset in (0, 3, 6)]
    assert [record.session_id for page in pages for record in page.sessions] == expected


RECORDS: list[tuple[str, Callable[[Any], Any], Any]] = [
    ("alpha", lambda record: record.stats.sd_model, "ponyXL_v6.safetensors [abc]"),
    ("alpha", lambda record: record.metadata.tags, ("portrait", "red-hair")),
    ("alpha", lambda record: (record.status, record.scheduler), ("completed", "karras")),
    ("alpha", lambda record: (record.theme, record.style), ("cyberpunk", "default")),
    ("alpha", lambda record: record.created_at, datetime(2025, 11, 1, 10)),
    ("zeta", lambda record: record.metadata, None),
    ("delta", lambda record: (record.stats.images_actual, record.stats.sd_model), (2, None)),
    ("delta", lambda record: record.problem, "There is no manifest.json in the folder."),
    ("theta", lambda record: (record.stats, record.metadata, "cannot be read" in record.problem), (None, None, True)),
    ("said", lambda record: (record.stats, record.problem, record.metadata.user_rating), (None, None, "love")),
    ("stats", lambda record: (record.metadata, record.status, record.stats.sd_model), (None, None, "Flux")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "look", "expected"), RECORDS)
def test_records_hold_what_is_known(
    library: SessionLibrary, name: str, look: Callable[[Any], Any], expected: object
) -> None:
    listed = library.find(SessionFilter(search=IDS[name]), fresh=False).sessions
    assert listed == (library.get(IDS[name], fresh=False),)
    assert look(listed[0]) == expected
    assert listed[0].session_path == str(Path(library.images_dir) / IDS[name])
    assert not listed[0].missing


def test_a_missing_session_says_so(library: SessionLibrary) -> None:
    assert all(record.missing for record in library.find(SessionFilter(missing=True), fresh=False).sessions)
    assert library.get(IDS["gone"], fresh=False).missing


@pytest.mark.parametrize("unknown", [{"sort": "size"}, {"rating": "love"}])
def test_a_new_choice_cannot_be_forgotten(unknown: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        build(SessionFilter.model_construct(**unknown))


def test_a_collection_of_nothing(images_dir: Path) -> None:
    page = SessionLibrary(images_dir).find()
    assert (page.sessions, page.total_count, page.limit, page.offset) == ((), 0, 100, 0)
