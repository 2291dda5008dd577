"""Rows that other programs filled with nonsense: read as well as can be, and not destroyed by an edit elsewhere."""

import json
import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sdgen_admin.db.values import parse_tags
from sdgen_admin.models.enums import Rating, RatingFilter
from sdgen_admin.models.fields import FIELDS, Home, Kind
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from sdgen_admin.services.stats import SessionStatsService
from tests.builders import SESSION, make_session
from tests.db.uses import PHASES
from tests.neighbour import METADATA, make_database, plain, row, write_metadata, write_stats

DEEP = "[" * 5000 + "]" * 5000
OTHER = "20251108_120000-other"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "metadata" / "sessions.db"
    make_database(path)
    return path


@pytest.fixture
def library(images_dir: Path, path: Path) -> SessionLibrary:
    return SessionLibrary(images_dir, path)


@pytest.mark.parametrize(
    ("column", "stored", "seen"),
    [
        ("tags", "portrait, red", ("portrait", "red")),
        ("tags", b'["blob"]', ("blob",)),
        ("user_rating", "love", "love"),
        ("user_rating", 5, "5"),
        ("user_rating", b"\xff", "\ufffd"),
        ("user_note", b"written as bytes", "written as bytes"),
        ("user_note", "a\0b", "a\0b"),
        ("is_favorite", "yes", True),
        ("is_favorite", math.nan, False),
        ("is_favorite", -1, True),
        ("is_complete", None, True),
        ("is_complete", 0, False),
        ("is_test", 9e999, True),
        ("auto_metadata", "not JSON", "not JSON"),
        ("auto_metadata", '{"score": 1}', {"score": 1}),
        ("auto_metadata", b"\xff", "\ufffd"),
        ("auto_metadata", DEEP, DEEP),
        ("auto_metadata", '"\\ud800"', "?"),
        ("created_at", "last tuesday", None),
        ("updated_at", b"\xff", None),
        ("updated_at", "2025-11-07 12:00:00", datetime(2025, 11, 7, 12)),
        ("updated_at", 170000000, None),
        ("user_rating", " LIKE\n", "like"),
        ("user_rating", b"Dislike", "dislike"),
        ("user_rating", "", None),
        ("user_rating", "None", None),
        ("is_favorite", " False ", False),
        ("is_complete", b"no", False),
    ],
)
def test_an_odd_value_is_shown_and_survives_an_edit_of_another_field(
    library: SessionLibrary, path: Path, column: str, stored: object, seen: object
) -> None:
    make_session(Path(library.roots[0].path))
    library.compute()
    write_metadata(path, SESSION, **{column: stored})
    before = row(path, "session_metadata", SESSION)
    assert before is not None
    record = library.get(SESSION, fresh=False)
    assert record.metadata is not None
    assert getattr(record.metadata, column) == seen
    assert json.loads(record.model_dump_json())["session_id"] == SESSION

    edited = "user_note" if column != "user_note" else "user_rating"
    library.update_metadata(SESSION, SessionMetadataUpdate.model_validate({edited: "like"}))
    after = row(path, "session_metadata", SESSION)
    assert after is not None
    assert {name for name in before if before[name] != after[name]} == {edited, "updated_at"}


def test_tags_that_are_no_json_survive_an_added_one(path: Path) -> None:
    service = SessionMetadataService(path)
    write_metadata(path, SESSION, tags="portrait, red")
    assert service.add_tags(SESSION, "/images", ["new"]).tags == ("portrait", "red", "new")
    stored = row(path, "session_metadata", SESSION)
    assert stored is not None
    assert json.loads(stored["tags"]) == ["portrait", "red", "new"]


def test_odd_tags_can_be_removed(path: Path) -> None:
    write_metadata(path, SESSION, tags='["two words", 1, "kept"]')
    assert SessionMetadataService(path).remove_tags(SESSION, "/images", ["two words", "1"]).tags == ("kept",)


@pytest.mark.parametrize("session_id", [None, b"\xff", b"20251107_120000-blob"])
@pytest.mark.parametrize("write", [write_metadata, write_stats])
def test_rows_without_a_proper_id_hide_no_others(
    library: SessionLibrary, path: Path, images_dir: Path, session_id: Any, write: Callable[..., None]
) -> None:
    make_database(path)
    write(path, session_id)
    make_session(images_dir)
    write_metadata(path, OTHER, is_favorite=1, tags='["t"]')
    (images_dir / OTHER).mkdir()
    for fresh in (True, False):
        for query in ({}, {"liked": True}, {"test": False}, {"search": OTHER}, {"problem": True}, {"rating": "none"}):
            page = library.find(SessionFilter.model_validate(query), fresh=fresh)
            assert OTHER in {record.session_id for record in page.sessions}
    assert library.resolve(["latest"]) == [OTHER]
    assert library.prune() == 0
    assert OTHER in {metadata.session_id for metadata in SessionMetadataService(path).list_all_metadata()}
    assert {SESSION, OTHER} <= {stats.session_id for stats in SessionStatsService(path, images_dir).list_all_stats()}
    assert library.tags() == {"t": 1}


def test_a_liked_row_without_an_id_hides_no_unliked_session(
    library: SessionLibrary, path: Path, images_dir: Path
) -> None:
    write_metadata(path, None, is_favorite=1, user_rating="like", tags='["t"]')
    make_session(images_dir)
    for query in ({"liked": False}, {"rating": "none"}, {"untagged": True}, {"where": "liked=no"}):
        assert library.find(SessionFilter.model_validate(query)).total_count == 1


def test_a_metadata_row_without_a_path_is_shown(images_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "lax.db"
    with plain(path) as connection:
        connection.executescript(METADATA.replace(" NOT NULL", ""))
        connection.execute("INSERT INTO session_metadata (session_id, user_note) VALUES (?, 'a note')", (SESSION,))
    make_session(images_dir)
    (record,) = SessionLibrary(images_dir, path).find().sessions
    assert record.metadata is not None
    assert (record.metadata.user_note, record.metadata.updated_at) == ("a note", None)
    assert record.metadata.session_path == record.session_path == str(images_dir / SESSION)


@pytest.mark.parametrize("stored", [b"/\xff", "D:\\sd\\out", "", 5])
def test_a_path_that_others_wrote_stays_as_it_is_but_the_folders_own_is_shown(
    library: SessionLibrary, path: Path, stored: object
) -> None:
    root = Path(library.roots[0].path)
    make_session(root)
    library.compute()
    write_metadata(path, SESSION, session_path=stored)
    before = row(path, "session_metadata", SESSION)
    assert before is not None

    (change,) = library.update_metadata(SESSION, SessionMetadataUpdate(user_note="mine"))
    record = library.get(SESSION)

    assert record.metadata is not None
    assert record.metadata.session_path == change.after.session_path == str(root / SESSION)
    after = row(path, "session_metadata", SESSION)
    assert after is not None
    assert after["session_path"] == before["session_path"]


@pytest.mark.parametrize("search", ["fox", "größe", "裙子", "caf"])
@pytest.mark.parametrize("column", ["user_note", "tags"])
def test_what_is_not_text_is_searched_and_sorted_as_it_is_shown(
    library: SessionLibrary, path: Path, images_dir: Path, column: str, search: str
) -> None:
    odd = "fox 裙子 größe".encode() + b" caf\xe9"
    for number in range(3):
        make_session(images_dir, f"{SESSION}-{number}")
        write_metadata(path, f"{SESSION}-{number}")
    with plain(path) as connection:
        connection.execute(f"UPDATE session_metadata SET {column} = ? WHERE rowid = 1", (odd,))
        connection.execute(f"UPDATE session_metadata SET {column} = CAST(? AS TEXT) WHERE rowid = 2", (odd,))

    for query in ({"search": search}, {"where": f"{column}~{search}"}, {"search": search, "sort": "note"}):
        found = library.find(SessionFilter.model_validate(query))
        assert [record.session_id for record in found.sessions] == [f"{SESSION}-0", f"{SESSION}-1"]


@pytest.mark.parametrize("field", [field.name for field in FIELDS if field.home is Home.METADATA])
def test_text_that_is_not_utf_8_stops_no_order_and_no_condition(
    library: SessionLibrary, path: Path, images_dir: Path, field: str
) -> None:
    make_session(images_dir)
    write_metadata(path, SESSION)
    column = "created_at" if field == "metadata_created_at" else field
    with plain(path) as connection:
        connection.execute(f"UPDATE session_metadata SET {column} = CAST(x'61ff62' AS TEXT)")
    kind = next(known.kind for known in FIELDS if known.name == field)
    if kind not in (Kind.LIST, Kind.OBJECT):
        assert library.find(SessionFilter(sort=field)).total_count == 1
    wrong = {Kind.TIME: "2025", Kind.FLAG: "no"}.get(kind, "nothing")
    wrong = f"{wrong}-01" if kind is Kind.TIME else wrong
    assert library.find(SessionFilter(where=(f"{field}={wrong}",))).total_count == 0
    assert library.find(SessionFilter(where=(f"{field}!={wrong}",))).total_count == 1


@contextmanager
def collection() -> Iterator[tuple[SessionLibrary, Path]]:
    """Give a collection of two sessions and its database, which the web UI made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.db"
        make_database(path)
        for name in (SESSION, OTHER):
            make_session(Path(folder) / "images", name, images=1)
        yield SessionLibrary(Path(folder) / "images", path), path


anything = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=20),
    st.sampled_from(["[", "null", '["a"', '{"a": NaN}', '["\\ud800"]', "[" * 600 + "]" * 600, "9" * 5000, "{}"]),
)
METADATA_COLUMNS = ("is_test", "is_complete", "is_favorite", "user_rating", "user_note", "tags", "auto_metadata")
STATS_COLUMNS = (
    "sd_model", "steps", "cfg_scale", "images_requested", "completion_percent", "placeholders", "is_seed_sweep",
    "seed_min", "session_created_at", "completion_threshold",
)  # fmt: skip
odd_metadata = st.fixed_dictionaries(dict.fromkeys(METADATA_COLUMNS, anything))
odd_stats = st.fixed_dictionaries(dict.fromkeys(STATS_COLUMNS, anything))
ORDERS: list[dict[str, Any]] = [
    {"sort": sort, "reverse": reverse}
    for sort in ("updated", "name", "model", "rating", "note", "liked", "marked complete")
    for reverse in (False, True)
]
QUERIES: list[dict[str, Any]] = [
    {"liked": True},
    {"test": False},
    {"complete": True},
    {"seed_sweep": False},
    {"model": "a"},
    {"tag": ("a",)},
    {"untagged": True},
    {"rating": RatingFilter.NONE},
    {"search": "a"},
    {"search": "é"},
    {"from_date": "2025-01-01", "to_date": "2026-01-01"},
    *({"where": f"{name}!=2025-01"} for name in (*METADATA_COLUMNS[3:], "updated")),
]


@settings(max_examples=60, phases=PHASES)
@given(metadata=odd_metadata, stats=odd_stats)
def test_nonsense_in_every_column_stops_nothing(metadata: dict[str, Any], stats: dict[str, Any]) -> None:
    with collection() as (library, path):
        write_metadata(path, SESSION, **metadata)
        write_metadata(path, OTHER, **metadata)
        write_stats(path, SESSION, **stats)
        assert library.find().total_count == 2
        pages = [library.find(SessionFilter.model_validate(query), fresh=False) for query in [*ORDERS, *QUERIES]]
        assert all(len(page.sessions) == page.total_count for page in pages)
        assert all(page.total_count == 2 for page in pages[: len(ORDERS)])
        assert all(json.loads(page.model_dump_json()) for page in pages)
        assert sum(library.tags().values()) == 2 * len(parse_tags(as_stored(metadata["tags"])))
        mirrored = row(path, "session_stats", SESSION)
        assert mirrored is not None
        assert mirrored == {**(row(path, "session_stats", OTHER) or {}), **identity_of(mirrored)}


def identity_of(mirrored: dict[str, Any]) -> dict[str, Any]:
    return {name: mirrored[name] for name in ("session_name", "session_created_at", "stats_computed_at")}


def as_stored(value: object) -> object:
    with plain(Path(":memory:")) as connection:
        connection.execute("CREATE TABLE t (tags TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (value,))
        return connection.execute("SELECT tags FROM t").fetchone()[0]


@settings(max_examples=60, phases=PHASES)
@given(metadata=odd_metadata)
def test_an_edit_leaves_all_other_nonsense_alone(metadata: dict[str, Any]) -> None:
    with collection() as (_, path):
        write_metadata(path, SESSION, **metadata)
        before = row(path, "session_metadata", SESSION)
        SessionMetadataService(path).upsert_metadata(SESSION, "/x", SessionMetadataUpdate(user_rating=Rating.DISLIKE))
        after = row(path, "session_metadata", SESSION)
        assert before is not None
        assert after is not None
        assert after["user_rating"] == "dislike"
        changed = {name for name in before if before[name] != after[name]}
        assert changed <= {"user_rating", "updated_at"}


def test_tag_counts_are_of_all_programs_tags(library: SessionLibrary, path: Path, images_dir: Path) -> None:
    for number, tags in enumerate(['["b", "a"]', "a, c", b'["a"]', None, DEEP[:3]]):
        name = f"{SESSION}-{number}"
        write_metadata(path, name, tags=tags, session_path=str(images_dir / name))
    write_metadata(path, f"{SESSION}-9", tags='["of no root"]')
    make_session(images_dir)
    library.compute()
    assert list(library.tags().items()) == [("a", 3), ("[[[", 1), ("b", 1), ("c", 1)]


def test_metadata_is_listed_by_when_it_was_changed_however_that_is_written(path: Path) -> None:
    for name, moment in {
        "20251107_120000-1": "2025-11-07 11:00:00",
        "20251107_120000-2": "2025-11-07T10:00:00",
        "20251107_120000-3": b"2025-11-07T12:00:00",
        "20251107_120000-4": "yesterday",
    }.items():
        write_metadata(path, name, updated_at=moment)
    listed = [metadata.session_id[-1] for metadata in SessionMetadataService(path).list_all_metadata()]
    assert listed == ["3", "1", "2", "4"]
