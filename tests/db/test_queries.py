"""A filter and the sessions that it is to find, as a table; then order, paging, and what records hold."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sdgen_admin.db.expressions import Scope
from sdgen_admin.db.facts import NO_STATE
from sdgen_admin.db.query import Query
from sdgen_admin.models.conditions import Operator
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.records import SessionPage
from sdgen_admin.services.library import SessionLibrary
from tests.builders import date as date_again, make_manifest, make_session
from tests.db.written import CONFIGURED, Said, Written, collection_of, write
from tests.neighbour import plain, write_metadata, write_stats
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
    "iota": "20251108_100000-iota",
    "stats": "20251109_100000-stats",
    "gone": "20251110_100000-gone",
    "left": "20251111_100000-left",
    "said": "20251112_100000-said",
    "far": "20251113_100000-far",
}
"""alpha to iota have folders; delta has no manifest, epsilon half of one, theta cannot be read. The folders of `gone`
and `left` are gone, and nothing was said about `left`. Of `stats` there is only another program's row in the mirror, of
`said` and `far` only metadata: `far` lies in no root that anybody knows."""
NAMES = {session_id: name for name, session_id in IDS.items()}
LISTED = "iota theta eta zeta epsilon delta gamma beta alpha"


def manifest(
    model: str, planned: int, seed_mode: str = "fixed", status: str = "completed", steps: int = 28, **prompt: str
) -> Any:
    return make_manifest(
        params={"mode": "random", "seed_mode": seed_mode, "num_images": planned},
        api={"width": 832, "height": 1216, "steps": steps, "cfg_scale": 6.5, "sampler_name": "Euler a"},
        variations={},
        snapshot={"runtime_info": {"sd_model_checkpoint": model}, "resolved_template": prompt},
        top={"status": status},
    )


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Let nobody read a folder."""
    folder.chmod(0)
    try:
        yield
    finally:
        folder.chmod(0o755)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> SessionLibrary:
    root = tmp_path_factory.mktemp("collection") / "images"
    root.mkdir()
    library = SessionLibrary(root)
    database = Path(library.db_path)
    folders: dict[str, tuple[Any, int]] = {
        "alpha": (manifest("ponyXL_v6.safetensors [abc]", 6, prompt="a RED fox", negative="blurry"), 6),
        "beta": (manifest("illustrious_100%.safetensors", 6, status="ongoing", prompt="100% wool"), 3),
        "gamma": (manifest("ÉTÉ_mix", 10, "progressive", "aborted", prompt="jardín ÑANDÚ", negative="two  blanks"), 12),
        "delta": (None, 2),
        "epsilon": ('{"snapshot": {"version"', 5),
        "zeta": (manifest("PonyXL_v7", 60, prompt="a_b"), 57),
        "eta": (manifest("ponyXL_v6.safetensors [abc]", 50, steps=40, prompt="aXb", negative="Fox"), 47),
        "theta": (manifest("pony", 1), 1),
        "iota": (manifest("unknown", 0, status="ongoing", prompt="", negative="the best"), 1),
        "gone": (manifest("ponyXL_v6.safetensors [abc]", 1), 1),
        "left": (manifest("illustrious", 1), 1),
    }
    for name, (content, images) in folders.items():
        make_session(root, IDS[name], manifest=content, without_manifest=content is None, images=images)
    date_again(root / IDS["iota"], datetime.now())
    with closed(root / IDS["theta"]):
        report = as_ordinary_user(library.compute)
    assert (report.computed, report.failed) == (10, 1)

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
        with plain(database) as connection:
            moment = f"2025-12-0{number + 1}T00:00:00"
            connection.execute("UPDATE session_metadata SET updated_at = ? WHERE session_id = ?", (moment, IDS[name]))
    for name in ("gone", "left"):
        (root / IDS[name]).rename(root.parent / name)
    love = {"is_favorite": "true", "is_test": 1, "tags": "web, ui", "user_rating": "love"}
    write_metadata(database, IDS["said"], session_path=str(root / IDS["said"]), **love)
    write_metadata(database, IDS["far"], session_path=rf"D:\images\{IDS['far']}", **love)
    write_stats(database, IDS["stats"], sd_model="Flux", completion_percent=0.995, images_actual=4, is_seed_sweep=1)
    with closed(root / IDS["theta"]):
        as_ordinary_user(library.find)
    return library


def names(page: SessionPage) -> str:
    return " ".join(NAMES[record.session_id] for record in page.sessions)


TABLE: list[tuple[dict[str, Any], str]] = [
    ({}, LISTED),
    ({"liked": True}, "epsilon alpha"),
    ({"liked": False}, "iota theta eta zeta delta gamma beta"),
    ({"test": True}, "beta"),
    ({"test": False}, "iota theta eta zeta epsilon delta gamma alpha"),
    ({"liked": True, "test": True}, ""),
    ({"complete": True}, "zeta gamma alpha"),
    ({"complete": False}, "iota eta beta"),  # neither is what nobody planned
    ({"seed_sweep": True}, "gamma"),
    ({"seed_sweep": False}, "iota theta eta zeta epsilon delta beta alpha"),
    ({"model": "pony"}, "eta zeta alpha"),
    ({"model": "PONYXL_V6"}, "eta alpha"),
    ({"model": "été"}, "gamma"),
    ({"model": "E\u0301TE\u0301_MIX"}, "gamma"),
    ({"model": "%"}, "beta"),
    ({"model": "_"}, "eta zeta gamma beta alpha"),
    ({"model": "100%."}, "beta"),
    ({"model": "pony%v6"}, ""),
    ({"model": "v6.safetensors [abc]"}, "eta alpha"),
    ({"model": "'; DROP TABLE sdgen_admin_sessions; --"}, ""),
    ({"model": ""}, "iota eta zeta gamma beta alpha"),
    ({"model": ("v7", "été")}, "zeta gamma"),
    ({"model": ("v7", "pony")}, "eta zeta alpha"),
    ({"model": ()}, LISTED),
    ({"from_date": "2025-11-06"}, "iota theta eta zeta"),
    ({"from_date": "2025-11-06T00:00:01"}, "iota theta eta"),
    ({"from_date": "2025-11-08T10:00:00"}, "iota"),
    ({"from_date": "2025-11", "to_date": "2025-11"}, LISTED),
    ({"to_date": "2025-10"}, ""),
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
    ({"tag": "n\u0303andu\u0301"}, "gamma"),
    ({"tag": "Portrait"}, ""),
    ({"tag": "port"}, ""),
    ({"tag": 'a"b\\c'}, ""),
    ({"untagged": True}, "iota theta eta zeta epsilon delta beta"),
    ({"untagged": True, "tag": "portrait"}, ""),
    ({"rating": "like"}, "gamma"),
    ({"rating": "dislike"}, "beta"),
    ({"rating": "none"}, "iota theta eta zeta epsilon delta alpha"),
    ({"status": "completed"}, "eta zeta alpha"),
    ({"status": "ongoing"}, "iota beta"),
    ({"status": "running"}, "iota"),
    ({"status": "stalled"}, "beta"),
    ({"status": "aborted"}, "gamma"),
    ({"status": "unknown"}, "theta epsilon delta"),
    ({"problem": True}, "theta epsilon delta"),
    ({"problem": False}, "iota eta zeta gamma beta alpha"),
    ({"source": "manifest"}, "iota eta zeta gamma beta alpha"),
    ({"source": "folder"}, "epsilon delta"),
    ({"missing": True}, "said left gone"),
    ({"missing": True, "liked": True}, "said gone"),
    ({"missing": True, "liked": False}, "left"),
    ({"missing": True, "model": "illustrious"}, "left"),
    ({"missing": True, "tag": "web"}, "said"),
    ({"missing": True, "rating": "none"}, "left gone"),
    ({"missing": True, "source": "manifest"}, "left gone"),
    ({"search": "fox"}, "eta alpha"),
    ({"search": "FOX"}, "eta alpha"),
    ({"search": "ñandú"}, "gamma"),
    ({"search": "JARDÍN"}, "gamma"),
    ({"search": "100%"}, "beta alpha"),
    ({"search": "a_b"}, "zeta"),
    ({"search": "a%b"}, ""),
    ({"search": "a*b"}, ""),
    ({"search": "a?b"}, ""),
    ({"search": "[abc]"}, ""),  # a model is not searched
    ({"search": "red-hair"}, "alpha"),
    ({"search": "[RED]"}, "epsilon"),
    ({"search": "theta"}, "theta"),
    ({"search": "beta.PROMPT"}, "beta"),
    ({"search": "the best"}, "iota alpha"),  # words, together or apart
    ({"search": "so best 100% fox portrait 20251101"}, "alpha"),  # each somewhere
    ({"search": "best so far"}, "alpha"),
    ({"search": '"best so far"'}, "alpha"),
    ({"search": '"so best"'}, ""),
    ({"search": '"fox blurry"'}, ""),  # not across from prompt to negative prompt
    ({"search": '"two  blanks"'}, "gamma"),
    ({"search": '"two blanks"'}, ""),
    ({"search": "two blanks"}, "gamma"),
    ({"search": "fox wool"}, ""),
    ({"search": "portrait,"}, ""),
    ({"search": '", "'}, "alpha"),  # of the note, not of the list of tags
    ({"search": '"the best'}, "iota alpha"),
    ({"search": "\\"}, ""),
    ({"search": "fox\0"}, ""),
    ({"search": "x" * 60_000}, ""),
    ({"search": ""}, LISTED),
    ({"search": '  ""  '}, LISTED),
    ({"search": "web", "missing": True}, "said"),
    ({"search": "portrait", "rating": "like"}, "gamma"),
    ({"where": "steps>=30"}, "eta"),
    ({"where": "steps<=28"}, "iota zeta gamma beta alpha"),
    ({"where": "steps=28.0"}, "iota zeta gamma beta alpha"),
    ({"where": "steps!=28"}, "theta eta epsilon delta"),
    ({"where": "steps=none"}, "theta epsilon delta"),
    ({"where": "steps!=none"}, "iota eta zeta gamma beta alpha"),
    ({"where": "Sampler ~ EULER"}, "iota eta zeta gamma beta alpha"),
    ({"where": "sampler=euler A"}, "iota eta zeta gamma beta alpha"),
    ({"where": "sampler=euler"}, ""),
    ({"where": "images<3"}, "iota delta"),
    ({"where": ("images>=3", "images<10")}, "epsilon beta alpha"),
    ({"where": "completion>=95"}, "zeta gamma alpha"),
    ({"where": "complete=no"}, "iota eta beta"),
    ({"where": "complete=none"}, "theta epsilon delta"),
    ({"where": "sweep=yes"}, "gamma"),
    ({"where": "sweep!=yes"}, "iota theta eta zeta epsilon delta beta alpha"),
    ({"where": "liked=yes"}, "epsilon alpha"),
    ({"where": "liked=no"}, "iota theta eta zeta delta gamma beta"),
    ({"where": "liked=none"}, ""),
    ({"where": "marked complete=no"}, "eta"),
    ({"where": "marked complete=yes"}, "epsilon gamma beta alpha"),
    ({"where": "marked complete=none"}, "iota theta zeta delta"),
    ({"where": "tag=PORTRAIT"}, "gamma alpha"),
    ({"where": "tags~PORT"}, "gamma alpha"),
    ({"where": "tags!=portrait"}, "iota theta eta zeta epsilon delta beta"),
    ({"where": "tags=none"}, "iota theta eta zeta epsilon delta beta"),
    ({"where": "tags!=none"}, "gamma alpha"),
    ({"where": "rating=none"}, "iota theta eta zeta epsilon delta alpha"),
    ({"where": "rating!=like"}, "iota theta eta zeta epsilon delta beta alpha"),
    ({"where": "note~BEST"}, "alpha"),
    ({"where": "status=stalled"}, "beta"),
    ({"where": "run status=ongoing"}, "iota beta"),
    ({"where": "source=folder"}, "epsilon delta"),
    ({"where": "confidence!=high"}, "theta epsilon delta"),
    ({"where": "problem~json"}, "epsilon delta"),
    ({"where": "model>=pony"}, "iota eta zeta gamma alpha"),
    ({"where": "model=été_MIX"}, "gamma"),
    ({"where": "prompt="}, "iota"),
    ({"where": "prompt~fox"}, "alpha"),
    ({"where": "negative=FOX"}, "eta"),
    ({"where": "created>=2025-11-07"}, "iota theta"),
    ({"where": "created=2025-11-06"}, "eta zeta"),
    ({"where": "created!=2025-11-06"}, "iota theta epsilon delta gamma beta alpha"),
    ({"where": "created>2025-11-06"}, "iota theta"),
    ({"where": "created<=2025-11-02"}, "beta alpha"),
    ({"where": "updated=2025-12-03"}, "gamma"),
    ({"where": "updated>=2025-12-04"}, "eta epsilon"),
    ({"where": "updated=none"}, "iota theta zeta delta"),
    ({"where": "duration=5"}, "alpha"),
    ({"where": "rate>=60"}, "eta zeta epsilon delta gamma beta alpha"),
    ({"where": "rate=none"}, "iota theta"),
    ({"where": "id~-g"}, "gamma"),
    ({"where": "id>20251106_235959-ETA"}, "iota theta"),
    ({"where": "path~images"}, LISTED),
    ({"where": "root=images"}, LISTED),
    ({"where": "root!=images"}, ""),
    ({"where": "outdated=yes"}, ""),
    ({"where": "values={}"}, "iota eta zeta gamma beta alpha"),
    ({"complete": True, "model": "pony", "liked": False}, "zeta"),
    ({"complete": True, "seed_sweep": True, "rating": "like", "status": "aborted", "tag": "portrait"}, "gamma"),
    ({"problem": True, "liked": True, "source": "folder", "search": "markup", "where": "images=5"}, "epsilon"),
]


@pytest.mark.parametrize(("query", "expected"), TABLE, ids=lambda value: str(value)[:60])
def test_filters(library: SessionLibrary, query: dict[str, Any], expected: str) -> None:
    page = library.find(SessionFilter.model_validate(query), fresh=False)
    assert names(page) == expected
    assert page.total_count == len(expected.split())
    by_time_of_change = library.find(SessionFilter.model_validate({**query, "sort": "updated"}), fresh=False)
    assert sorted(names(by_time_of_change).split()) == sorted(expected.split())


def test_image_times_are_local(library: SessionLibrary) -> None:
    today = library.find(SessionFilter(where=("first>=yesterday",)), fresh=False)
    assert names(today) == "iota eta zeta epsilon delta gamma beta alpha"
    assert names(library.find(SessionFilter(where=("last<yesterday",)), fresh=False)) == ""


ORDERS = [
    ("created", LISTED),
    ("updated", "eta epsilon gamma beta alpha iota theta zeta delta"),
    ("name", "beta alpha gamma delta epsilon zeta eta theta iota"),
    ("model", "beta eta alpha zeta iota gamma theta epsilon delta"),
    ("images", "zeta eta gamma alpha epsilon beta delta iota theta"),
    ("completion", "gamma alpha zeta eta beta iota theta epsilon delta"),
    ("steps", "eta iota zeta gamma beta alpha theta epsilon delta"),
    ("status", "gamma eta zeta alpha iota beta theta epsilon delta"),
    ("liked", "epsilon alpha iota theta eta zeta delta gamma beta"),
    ("seed sweep", "gamma iota eta zeta beta alpha theta epsilon delta"),
    ("marked complete", "epsilon gamma beta alpha eta iota theta zeta delta"),
    ("note", "epsilon alpha iota theta eta zeta delta gamma beta"),
    ("rating", "beta gamma iota theta eta zeta epsilon delta alpha"),
    ("prompt", "iota beta alpha zeta eta gamma theta epsilon delta"),
    ("problem", "epsilon theta delta iota eta zeta gamma beta alpha"),
]


@pytest.mark.parametrize(("sort", "expected"), ORDERS)
def test_orders_in_both_directions(library: SessionLibrary, sort: str, expected: str) -> None:
    query = SessionFilter.model_validate({"sort": sort})
    assert names(library.find(query, fresh=False)) == expected
    backwards = query.model_copy(update={"reverse": True})
    assert names(library.find(backwards, fresh=False)).split() == expected.split()[::-1]


@pytest.mark.parametrize("sort", ["tags", "placeholders", "seed list", "size"])
def test_some_fields_have_no_order(sort: str) -> None:
    with pytest.raises(ValidationError, match="sort"):
        SessionFilter.model_validate({"sort": sort})


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


@pytest.mark.parametrize("count", [59, 60, 61, 64, 130, 1_100])
def test_a_search_takes_any_number_of_words(count: int) -> None:
    words = [f"word{number}." for number in range(count)]
    half = count // 2
    with collection_of(
        [
            Written("20251107_120000-prompt", facts={"resolved_prompt": " ".join(words)}),
            Written("20251107_120001-both", facts={"negative_prompt": " ".join(words[half:])}),
            Written("20251107_120002-half", facts={"resolved_prompt": " ".join(words[:-1])}),
        ],
        [Said("20251107_120001-both", CONFIGURED[0], {"user_note": " ".join(words[:half])})],
    ) as (library, _, _):
        found = library.find(SessionFilter(search=" ".join(words)), fresh=False)
        assert [record.session_id for record in found.sessions] == ["20251107_120001-both", "20251107_120000-prompt"]
        assert library.find(SessionFilter(where=("steps=28",) * count), fresh=False).total_count == 3


def test_a_search_takes_words_of_any_length() -> None:
    long = "[*?]" * 20_000
    with collection_of([Written("20251107_120000-a", facts={"resolved_prompt": f"a {long}"})]) as (library, _, _):
        assert library.find(SessionFilter(search=long), fresh=False).total_count == 1
        assert library.find(SessionFilter(search=f"{long}x"), fresh=False).total_count == 0


@pytest.mark.parametrize("search", [None, "2025"])
@pytest.mark.parametrize("offset", [9, 10, 2**63 - 1])
@pytest.mark.parametrize("limit", [1, 500, None])
def test_beyond_the_end_there_is_nothing_but_the_count(
    library: SessionLibrary, offset: int, limit: int | None, search: str | None
) -> None:
    page = library.find(SessionFilter(limit=limit, offset=offset, search=search), fresh=False)
    assert (page.sessions, page.total_count) == ((), 9)


@pytest.mark.parametrize(
    ("silent", "gap", "expected"),
    [
        (0, None, "running"),
        (570, None, "running"),
        (630, None, "stalled"),
        (570, 30, "running"),
        (630, 30, "stalled"),
        (630, 100, "running"),
        (970, 100, "running"),
        (1030, 100, "stalled"),
        (None, None, "stalled"),
        (-3600, None, "running"),  # of a drive whose clock is ahead
    ],
)
def test_a_run_is_stalled_after_ten_minutes_or_ten_gaps(silent: int | None, gap: int | None, expected: str) -> None:
    changed_ns = None if silent is None else time.time_ns() - silent * 10**9
    state = NO_STATE._replace(changed_ns=changed_ns, gap_ns=gap and gap * 10**9)
    ids = {status: f"20251107_120000-{status}" for status in ("ongoing", "completed", "aborted")}
    sessions = [Written(name, facts={"run_status": status}, state=state) for status, name in ids.items()]
    with collection_of(sessions) as (library, _, _):
        for query in ({"status": expected}, {"where": f"status={expected}"}, {"status": "ongoing"}):
            found = library.find(SessionFilter.model_validate(query), fresh=False)
            assert [record.session_id for record in found.sessions] == [ids["ongoing"]]
        assert library.get(ids["ongoing"], fresh=False).status == expected
        assert library.get(ids["aborted"], fresh=False).status == "aborted"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> SessionLibrary:
    folder = tmp_path_factory.mktemp("many")
    ids = [f"{20_000_101 + number // 1000}_1200{number % 60:02}-{number}" for number in range(10_300)]
    write(folder / "sessions.db", [Written(name, facts={"steps": len(name) % 3}) for name in ids])
    return SessionLibrary(folder / "images", folder / "sessions.db")


@pytest.mark.parametrize("sort", ["created", "steps", "model"])
def test_deep_pages_are_the_same_list(many: SessionLibrary, sort: str) -> None:
    everything = many.find(SessionFilter.model_validate({"sort": sort, "limit": None}), fresh=False)
    ids = [record.session_id for record in everything.sessions]
    assert len(set(ids)) == everything.total_count == 10_300
    for offset in (9_990, 10_000, 10_001, 10_298):
        query = SessionFilter.model_validate({"sort": sort, "limit": 5, "offset": offset})
        page = many.find(query, fresh=False)
        assert [record.session_id for record in page.sessions] == ids[offset : offset + 5]
        assert page.total_count == 10_300


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
    ("alpha", lambda record: (record.status, record.run_status, record.source), ("completed", "completed", "manifest")),
    ("alpha", lambda record: (record.theme, record.style), ("cyberpunk", "default")),
    ("alpha", lambda record: (record.images_recorded, record.seed_min, record.seed_run), (1, 42, "fixed")),
    ("alpha", lambda record: (record.duration, record.images_per_minute, record.complete), (5.0, 60.0, True)),
    ("alpha", lambda record: record.created_at, datetime(2025, 11, 1, 10)),
    ("alpha", lambda record: (record.root, record.pools), ("images", {})),
    ("beta", lambda record: (record.status, record.run_status), ("stalled", "ongoing")),
    ("iota", lambda record: (record.status, record.duration, record.images_per_minute), ("running", 0.0, None)),
    ("zeta", lambda record: record.metadata, None),
    ("delta", lambda record: (record.stats.images_actual, record.stats.sd_model), (2, None)),
    ("delta", lambda record: (record.stats.images_expected, record.complete, record.status), (None, None, "unknown")),
    ("delta", lambda record: (record.source, record.confidence), ("folder", "low")),
    ("delta", lambda record: record.problem, "There is no manifest.json in the folder."),
    ("theta", lambda record: (record.stats, record.metadata, "cannot be read" in record.problem), (None, None, True)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "look", "expected"), RECORDS)
def test_records_hold_what_is_known(
    library: SessionLibrary, name: str, look: Callable[[Any], Any], expected: object
) -> None:
    listed = library.find(SessionFilter(search=IDS[name]), fresh=False).sessions
    assert listed == (library.get(IDS[name], fresh=False),)
    assert look(listed[0]) == expected
    assert listed[0].session_path == str(Path(library.roots[0].path) / IDS[name])
    assert not listed[0].missing


def test_a_missing_session_says_so(library: SessionLibrary) -> None:
    assert all(record.missing for record in library.find(SessionFilter(missing=True), fresh=False).sessions)
    assert library.get(IDS["gone"], fresh=False).missing


def test_what_only_metadata_tells_of_is_missing_until_it_is_seen(library: SessionLibrary) -> None:
    record = library.get(IDS["said"], fresh=False)
    assert (record.missing, record.stats, record.problem, record.root) == (True, None, None, "images")
    assert record.metadata is not None
    assert (record.metadata.user_rating, record.metadata.is_favorite) == ("love", True)
    assert record.session_path == str(Path(library.roots[0].path) / IDS["said"])
    assert library.describe().without_root == 1  # far


def test_all_in_a_stream_are_the_same(library: SessionLibrary) -> None:
    whole = library.find(SessionFilter(limit=None), fresh=False)
    assert whole.sessions == library.find(SessionFilter(limit=500), fresh=False).sessions
    with library.records() as records:
        assert tuple(records) == whole.sessions
    with library.records([IDS["eta"], "20990101_000000-nobody", IDS["alpha"]]) as records:
        assert [record.session_id for record in records] == [IDS["eta"], IDS["alpha"]]


@pytest.mark.parametrize("unknown", [{"rating": "love"}])
def test_a_new_choice_cannot_be_forgotten(unknown: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        Query(SessionFilter().model_copy(update=unknown), Scope({}, {}, 0))


def test_a_collection_of_nothing(images_dir: Path) -> None:
    page = SessionLibrary(images_dir).find()
    assert (page.sessions, page.total_count, page.limit, page.offset) == ((), 0, 100, 0)


def test_the_value_that_is_shown_finds_the_session() -> None:
    state = NO_STATE._replace(first_image_ns=1_750_000_000_123_456_789, last_image_ns=1_750_000_917_999_999_999)
    with collection_of([Written("20251107_120000-a", state=state)]) as (library, _, _):
        (record,) = library.find().sessions
        assert record.stats is not None
        assert library.find(where=f"rate={record.images_per_minute}").total_count == 1
        for name in ("first_image_created_at", "last_image_created_at"):
            shown = getattr(record.stats, name).isoformat()
            found = [
                operator
                for operator in Operator
                if operator is not Operator.CONTAINS and library.find(where=f"{name}{operator}{shown}").total_count
            ]
            assert found == ["=", "<=", ">="]


@pytest.mark.parametrize(("field", "text"), [("model", "m"), ("tag", "t"), ("where", "steps!=3")])
def test_there_may_be_thousands_of_conditions(field: str, text: str) -> None:
    many = SessionFilter.model_validate({field: [f"{text}{number}" for number in range(2000)]})
    with collection_of([Written("20251107_120000-a")]) as (library, _, _):
        assert library.find(many).total_count == (field == "where")


@pytest.mark.parametrize("note", ["[]", "{}", "none"])
def test_a_note_of_brackets_is_a_note(note: str) -> None:
    session = "20251107_120000-a"
    with collection_of([Written(session)]) as (library, _, _):
        library.update_metadata(session, SessionMetadataUpdate(user_note=note))
        assert library.find(where="note=none").total_count == 0
        assert library.find(where="note!=none").total_count == 1
