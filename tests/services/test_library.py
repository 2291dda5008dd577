"""The front door: one session, edits of many, and a thousand sessions through the library alone."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import sdgen_admin
from sdgen_admin import (
    ImagesRootError,
    Rating,
    SessionFilter,
    SessionLibrary,
    SessionMetadataService,
    SessionMetadataUpdate,
    SessionNotFoundError,
    SessionStatsService,
)
from tests.builders import SESSION, make_manifest, make_session
from tests.neighbour import digest, row, rows, write_metadata
from tests.samples import COMBI_CAPPED, SEED_SWEEP, make_combi_capped, make_seed_sweep

OTHER = "20251108_120000-other"
LIKE = SessionMetadataUpdate(is_favorite=True)
NO_SESSIONS = [
    "20990101_120000-nowhere",
    "latest",
    "",
    "..",
    f"../images/{SESSION}",
    f"{SESSION}/../{SESSION}",
    f"/{SESSION}",
    f"{SESSION}\0",
    "20251107_120000-\udcff",
]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    make_session(images_dir)
    make_session(images_dir, OTHER)
    return SessionLibrary(images_dir)


def test_the_database_is_beside_the_images_root(library: SessionLibrary, tmp_path: Path) -> None:
    library.compute()
    assert (tmp_path / "metadata" / "sessions.db").is_file()


def test_one_session(library: SessionLibrary) -> None:
    library.update_metadata(SESSION, LIKE)
    record = library.get(SESSION)
    assert record.stats is not None
    assert record.metadata is not None
    assert (record.stats.images_actual, record.metadata.is_favorite) == (6, True)
    assert library.get(SESSION, fresh=False) == record


@pytest.mark.parametrize("session_id", NO_SESSIONS)
@pytest.mark.parametrize("fresh", [False, True])
def test_there_is_no_such_session(library: SessionLibrary, path: Path, session_id: str, fresh: bool) -> None:
    library.compute([SESSION])
    before = digest(path)
    with pytest.raises(SessionNotFoundError):
        library.get(session_id, fresh=fresh)
    with pytest.raises(SessionNotFoundError):
        library.compute([OTHER, session_id])
    with pytest.raises(SessionNotFoundError):
        library.update_metadata([OTHER, session_id], LIKE)
    assert digest(path) == before


def test_a_session_outside_the_root_is_never_reached(library: SessionLibrary, tmp_path: Path) -> None:
    make_session(tmp_path, "20251109_120000-outside")
    for name in ("../20251109_120000-outside", str(tmp_path / "20251109_120000-outside")):
        with pytest.raises(SessionNotFoundError):
            library.get(name)


@pytest.mark.parametrize("use", ["find", "get", "compute", "compute one", "update", "resolve", "prune"])
def test_without_an_images_root(library: SessionLibrary, images_dir: Path, path: Path, use: str) -> None:
    library.update_metadata(SESSION, LIKE)
    library.compute()
    before = digest(path)
    images_dir.rename(images_dir.parent / "unmounted")
    uses: dict[str, Any] = {
        "find": library.find,
        "get": lambda: library.get(SESSION),
        "compute": library.compute,
        "compute one": lambda: library.compute([SESSION]),
        "update": lambda: library.update_metadata("20990101_120000-nowhere", LIKE),
        "resolve": lambda: library.resolve([SESSION]),
        "prune": library.prune,
    }
    with pytest.raises(ImagesRootError) as caught:
        uses[use]()
    assert caught.value.exit_status == 2
    assert digest(path) == before


def test_many_are_changed_in_one_go(library: SessionLibrary) -> None:
    changes = library.update_metadata([SESSION, OTHER, SESSION], SessionMetadataUpdate(add_tags=("a",)))
    assert [change.session_id for change in changes] == [SESSION, OTHER]
    assert [change.before for change in changes] == [None, None]
    assert [change.after.tags for change in changes] == [("a",), ("a",)]
    changes = library.update_metadata([OTHER], SessionMetadataUpdate(user_rating=Rating.LIKE))
    assert changes[0].before is not None
    assert (changes[0].before.user_rating, changes[0].after.user_rating) == (None, "like")
    assert library.update_metadata([], LIKE) == ()


def test_all_or_none(library: SessionLibrary, path: Path) -> None:
    library.update_metadata(SESSION, SessionMetadataUpdate(user_note="before"))
    before = rows(path, "session_metadata")
    with pytest.raises(SessionNotFoundError, match="nowhere"):
        library.update_metadata([SESSION, OTHER, "20990101_120000-nowhere"], SessionMetadataUpdate(user_note="after"))
    assert rows(path, "session_metadata") == before


def test_a_session_whose_folder_is_gone_can_be_edited(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    write_metadata(path, "20240101_120000-gone", tags='["a"]')
    (change,) = library.update_metadata("20240101_120000-gone", SessionMetadataUpdate(add_tags=("b",)))
    assert change.after.tags == ("a", "b")
    assert change.after.session_path == "/elsewhere/20240101_120000-gone"


@pytest.mark.parametrize("known", [False, True])
def test_a_dry_run_tells_and_changes_nothing(library: SessionLibrary, path: Path, known: bool) -> None:
    library.compute()
    if known:
        library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("a",)))
    before = digest(path)
    (change,) = library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("b",)), dry_run=True)
    assert change.after.tags == (("a", "b") if known else ("b",))
    assert digest(path) == before


def test_who_only_looks_makes_no_database(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    (change,) = library.update_metadata(SESSION, LIKE, dry_run=True)
    assert change.after.is_favorite
    metadata, stats = SessionMetadataService(path), SessionStatsService(path, images_dir)
    assert (metadata.get_metadata(SESSION), metadata.list_all_metadata()) == (None, [])
    assert (stats.get_stats(SESSION), stats.list_all_stats()) == (None, [])
    with pytest.raises(ImagesRootError):
        SessionLibrary(images_dir.parent / "typo" / "images").get(SESSION)
    assert not path.exists()
    assert not (images_dir.parent / "typo").exists()


def test_metadata_path_of_a_new_row_is_the_folder(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    library.update_metadata(SESSION, LIKE)
    found = row(path, "session_metadata", SESSION)
    assert found is not None
    assert found["session_path"] == str(images_dir / SESSION)


def test_tag_counts(library: SessionLibrary) -> None:
    library.update_metadata([SESSION, OTHER], SessionMetadataUpdate(add_tags=("both",)))
    library.update_metadata(OTHER, SessionMetadataUpdate(add_tags=("one",)))
    assert library.tag_counts() == {"both": 2, "one": 1}


def test_records_of_some_and_of_all(library: SessionLibrary) -> None:
    library.compute()
    with library.records() as records:
        assert [record.session_id for record in records] == [OTHER, SESSION]
    with library.records([SESSION, "20990101_120000-nowhere"]) as records:
        assert [record.session_id for record in records] == [SESSION]


def test_liked_through_the_tool_and_by_another_program(images_dir: Path) -> None:
    library = SessionLibrary(images_dir)
    ids = [f"202511{day:02}_120000-a" for day in range(1, 10)]
    for number, session_id in enumerate(ids):
        checkpoint = ("illustriousXL.safetensors", "ponyXL.safetensors")[number % 2]
        manifest = make_manifest(snapshot={"runtime_info": {"sd_model_checkpoint": checkpoint}})
        make_session(images_dir, session_id, manifest=manifest, images=1)
    library.update_metadata(ids[:3], LIKE)
    write_metadata(Path(library.database.path), ids[6], is_favorite=1)
    write_metadata(Path(library.database.path), ids[8], is_favorite=0)
    page = library.find(SessionFilter(liked=True, model="ILLUSTRIOUS"))
    assert [record.session_id for record in page.sessions] == [ids[6], ids[2], ids[0]]


def test_the_samples(images_dir: Path) -> None:
    make_combi_capped(images_dir)
    make_seed_sweep(images_dir)
    first, second = SessionLibrary(images_dir).find().sessions
    assert (first.session_id, second.session_id) == (SEED_SWEEP, COMBI_CAPPED)
    assert first.stats is not None
    assert second.stats is not None
    assert (first.stats.images_actual, first.stats.images_expected, first.stats.is_seed_sweep) == (80, 80, True)
    assert first.seed_list == (1000, 1001, 1002, 1003)
    assert (second.stats.images_actual, second.stats.images_expected) == (12, 12)
    assert second.stats.sampler_name == "DPM++ 2M Karras"
    assert second.stats.placeholders == {"Expression": 3, "Hair": 4}


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 501}, {"offset": -1}, {"colour": "red"}, {"sort": "size"}])
def test_a_filter_validates_itself(query: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SessionFilter.model_validate(query)


def test_a_thousand_sessions_through_the_library_alone(images_dir: Path, path: Path) -> None:
    ids = [f"202510{1 + number // 100:02}_12{number % 60:02}00-{number:04}" for number in range(1000)]
    text = make_manifest(variations={})
    for session_id in ids:
        make_session(images_dir, session_id, manifest=text, images=1)
    library = sdgen_admin.SessionLibrary(images_dir, path)
    report = library.compute()
    assert (report.computed, report.failed) == (1002, 0)
    assert library.compute().fresh == 1002
    library.update_metadata(ids[::3], SessionMetadataUpdate(add_tags=("third",)))
    assert library.find(SessionFilter(tag="third")).total_count == 334
    library.update_metadata(ids[::3], SessionMetadataUpdate(remove_tags=("third",), is_favorite=True))
    assert library.find(SessionFilter(tag="third")).total_count == 0
    seen: list[str] = []
    while page := library.find(SessionFilter(liked=False, limit=77, offset=len(seen)), fresh=False).sessions:
        seen += [record.session_id for record in page]
    assert len(seen) == len(set(seen)) == 668
    assert set(seen) == {*ids, SESSION, OTHER} - set(ids[::3])
    assert len(library.find(SessionFilter(limit=None)).sessions) == 1002
