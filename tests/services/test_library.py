"""The front door: pages, single sessions, edits of many, and a thousand sessions through the library alone."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import sdgen_admin
from sdgen_admin import (
    DatabaseNotFoundError,
    ImagesRootError,
    Rating,
    Root,
    RootNotFoundError,
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
    "/",
    f"../images/{SESSION}",
    f"{SESSION}/../{SESSION}",
    f"/{SESSION}",
    f"{SESSION}\0",
    f"images/{SESSION}\0",
    f"images/{SESSION}/image_0000.png",
    "20251107_120000-\udcff",
    "images/20251107_120000-\udcff",
]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    make_session(images_dir)
    make_session(images_dir, OTHER)
    return SessionLibrary(images_dir)


def test_what_a_library_is_of(library: SessionLibrary, images_dir: Path, path: Path) -> None:
    assert library.roots == library.shown == (Root("images", str(images_dir)),)
    assert (library.db_path, library.exists()) == (str(path), False)
    library.compute()
    assert path.is_file()
    assert library.exists()


def test_a_database_can_be_anywhere(images_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_session(images_dir)
    for db_path in (tmp_path / "a" / "x.db", str(tmp_path / "b.db"), "c.db"):
        library = SessionLibrary(images_dir, db_path)
        library.compute()
        assert library.db_path == str(tmp_path / db_path)
        assert Path(library.db_path).is_file()


def test_one_session(library: SessionLibrary) -> None:
    library.update_metadata(SESSION, LIKE)
    record = library.get(SESSION)
    assert record.stats is not None
    assert record.metadata is not None
    assert (record.stats.images_actual, record.metadata.is_favorite) == (6, True)
    assert (record.root, record.source, record.confidence) == ("images", "manifest", "high")
    assert (record.images_recorded, record.seed_min, record.seed_max, record.seed_run) == (1, 42, 42, "fixed")
    assert (record.pools, record.theme, record.style) == ({"Expression": 3, "Hair": 2}, "cyberpunk", "default")
    assert record.duration == 5.0
    assert record.images_per_minute == 60.0
    assert library.get(SESSION, fresh=False) == record


def test_a_page_by_filter_or_by_fields(library: SessionLibrary) -> None:
    library.update_metadata(SESSION, LIKE)
    page = library.find(liked=True, limit=5)
    assert page == library.find(SessionFilter(liked=True, limit=5))
    assert [record.session_id for record in page.sessions] == [SESSION]
    assert (page.total_count, page.limit, page.offset) == (1, 5, 0)
    assert [record.session_id for record in library.find(sort="name", offset=1, limit=None).sessions] == [OTHER]
    assert library.find(where=["steps>=28", "sampler~EULER"], model="pony", complete=True).total_count == 2
    assert library.find(where="steps>28").total_count == 0


@pytest.mark.parametrize("fields", [{"likd": True}, {"limit": 0}, {"where": "steps"}, {"sort": "colour"}])
def test_fields_are_checked_before_anything_is_read(library: SessionLibrary, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        library.find(**fields)
    with pytest.raises(TypeError, match="not both"):
        library.find(SessionFilter(), **fields)
    assert not library.exists()


def test_a_page_as_the_database_has_it(library: SessionLibrary, images_dir: Path) -> None:
    with pytest.raises(DatabaseNotFoundError) as caught:
        library.find(fresh=False)
    assert caught.value.details == {"path": library.db_path}
    library.compute()
    make_session(images_dir, "20251109_120000-new")
    assert library.find(fresh=False).total_count == 2
    assert library.find().total_count == 3


def test_a_stream_of_what_a_filter_asks_for(library: SessionLibrary) -> None:
    with library.select(SessionFilter(limit=1)) as (total_count, sessions):
        assert total_count == 2
        assert [record.session_id for record in sessions] == [OTHER]
    with library.select(SessionFilter(liked=True), fresh=False) as (total_count, sessions):
        assert (total_count, list(sessions)) == (0, [])


@pytest.mark.parametrize("session_id", NO_SESSIONS)
@pytest.mark.parametrize("fresh", [False, True])
def test_there_is_no_such_session(library: SessionLibrary, path: Path, session_id: str, fresh: bool) -> None:
    library.compute([SESSION])
    before = digest(path)
    with pytest.raises(SessionNotFoundError) as caught:
        library.get(session_id, fresh=fresh)
    assert caught.value.message == f"There is no session {session_id!r}."
    assert caught.value.details == {"sessions": [session_id], "near": [], "latest": False}
    with pytest.raises(SessionNotFoundError):
        library.compute([OTHER, session_id])
    with pytest.raises(SessionNotFoundError):
        library.update_metadata([OTHER, session_id], LIKE)
    with pytest.raises(SessionNotFoundError):
        library.update_metadata([OTHER, session_id], LIKE, dry_run=True)
    assert library.delete_stats(session_id) is False
    assert digest(path) == before


def test_a_session_outside_the_root_is_never_reached(library: SessionLibrary, tmp_path: Path) -> None:
    make_session(tmp_path, "20251109_120000-outside")
    for name in ("../20251109_120000-outside", str(tmp_path / "20251109_120000-outside")):
        with pytest.raises(SessionNotFoundError):
            library.get(name)
        with pytest.raises(SessionNotFoundError):
            library.update_metadata(name, LIKE)


@pytest.mark.parametrize("kind", ["absent", "empty"])
def test_with_an_offline_root_what_is_recorded_can_be_used(
    library: SessionLibrary, images_dir: Path, path: Path, kind: str
) -> None:
    library.update_metadata(SESSION, LIKE)
    library.compute()
    good = library.find()
    images_dir.rename(images_dir.parent / "unmounted")
    if kind == "empty":
        images_dir.mkdir()
    assert library.find() == good
    assert library.get(OTHER) == good.sessions[0]
    assert library.compute().offline == ("images",)
    assert library.find(liked=True).total_count == 1
    (change,) = library.update_metadata(OTHER, SessionMetadataUpdate(user_note="typed offline"))
    assert change.after.session_path == str(images_dir / OTHER)
    assert library.prune(force=True) == 0
    before = digest(path)
    for force in (False, True):
        with pytest.raises(ImagesRootError) as caught:
            library.compute([SESSION], force=force)
        assert (caught.value.code, caught.value.details["root"]) == ("root-offline", str(images_dir))
    assert digest(path) == before


@pytest.mark.parametrize("use", ["find", "get", "compute", "compute one", "update", "resolve", "dry run"])
def test_without_an_images_root_and_without_records(tmp_path: Path, use: str) -> None:
    library = SessionLibrary(tmp_path / "nope")
    uses: dict[str, Any] = {
        "find": library.find,
        "get": lambda: library.get(SESSION),
        "compute": library.compute,
        "compute one": lambda: library.compute([SESSION]),
        "update": lambda: library.update_metadata(SESSION, LIKE),
        "resolve": lambda: library.resolve([SESSION]),
    }
    if use == "dry run":
        with pytest.raises(SessionNotFoundError):
            library.update_metadata(SESSION, LIKE, dry_run=True)
    else:
        with pytest.raises(ImagesRootError) as caught:
            uses[use]()
        assert caught.value.code == "root-offline"
        assert caught.value.details["root"] == str(tmp_path / "nope")
    assert not (tmp_path / "metadata").exists()


def test_a_root_without_sessions_makes_no_database(images_dir: Path) -> None:
    library = SessionLibrary(images_dir)
    library.require_roots()
    assert library.find().total_count == 0
    assert library.compute().computed == 0
    assert library.prune() == 0
    assert not library.exists()


def test_only_a_root_that_there_is_can_be_shown(images_dir: Path) -> None:
    assert SessionLibrary(images_dir, root="images").shown == SessionLibrary(images_dir).roots
    with pytest.raises(RootNotFoundError) as caught:
        SessionLibrary(images_dir, root="nas")
    assert caught.value.code == "no-such-root"
    assert caught.value.details == {"root": "nas", "known": ["images"]}


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
    gone = "20240101_120000-gone"
    write_metadata(path, gone, tags='["a"]', session_path=str(images_dir / gone))
    library.compute()
    (change,) = library.update_metadata(gone, SessionMetadataUpdate(add_tags=("b",)))
    assert change.after.tags == ("a", "b")
    assert change.after.session_path == str(images_dir / gone)
    assert [record.session_id for record in library.find(missing=True).sessions] == [gone]


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


def test_tags_with_counts(library: SessionLibrary) -> None:
    library.update_metadata([SESSION, OTHER], SessionMetadataUpdate(add_tags=("both",)))
    library.update_metadata(OTHER, SessionMetadataUpdate(add_tags=("one",)))
    assert list(library.tags().items()) == [("both", 2), ("one", 1)]
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("a",)))
    assert list(library.tags().items()) == [("both", 2), ("a", 1), ("one", 1)]


def test_models_with_counts(library: SessionLibrary, images_dir: Path) -> None:
    make_session(images_dir, "20251109_120000-bare", without_manifest=True)
    other = make_manifest(snapshot={"runtime_info": {"sd_model_checkpoint": "illustrious"}})
    make_session(images_dir, "20251110_120000-x", manifest=other)
    library.compute()
    assert list(library.models().items()) == [("ponyXL_v6.safetensors [abc123def4]", 2), ("illustrious", 1)]


def test_records_of_some_and_of_all(library: SessionLibrary) -> None:
    library.compute()
    with library.records() as records:
        assert [record.session_id for record in records] == [OTHER, SESSION]
    with library.records([SESSION, "20990101_120000-nowhere"]) as records:
        assert [record.session_id for record in records] == [SESSION]


def test_liked_through_the_tool_and_by_another_program(images_dir: Path, path: Path) -> None:
    library = SessionLibrary(images_dir)
    ids = [f"202511{day:02}_120000-a" for day in range(1, 10)]
    for number, session_id in enumerate(ids):
        checkpoint = ("illustriousXL.safetensors", "ponyXL.safetensors")[number % 2]
        manifest = make_manifest(snapshot={"runtime_info": {"sd_model_checkpoint": checkpoint}})
        make_session(images_dir, session_id, manifest=manifest, images=1)
    library.update_metadata(ids[:3], LIKE)
    write_metadata(path, ids[6], is_favorite=1)
    write_metadata(path, ids[8], is_favorite=0)
    page = library.find(liked=True, model="ILLUSTRIOUS")
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
    assert second.pools == {"Expression": 5, "Hair": 4}
    assert (first.images_recorded, first.seed_min, first.seed_max, first.seed_run) == (80, 1000, 1003, "random")
    assert (second.images_recorded, second.seed_min, second.seed_max, second.seed_run) == (12, 7, 7, "fixed")


def test_all_that_match_a_filter_are_changed(library: SessionLibrary, images_dir: Path) -> None:
    make_session(images_dir, "20251109_120000-new", images=0)  # nobody has looked at it yet
    changes = library.update_metadata(SessionFilter(complete=True), SessionMetadataUpdate(add_tags=("done",)))
    assert [change.session_id for change in changes] == [OTHER, SESSION]
    assert [change.after.tags for change in changes] == [("done",), ("done",)]
    # A page's limit, offset and order do not matter.
    everything = SessionFilter(limit=1, offset=2, sort="model", reverse=True)
    assert len(library.update_metadata(everything, LIKE)) == 3
    assert library.find(liked=True).total_count == 3
    assert {entry.group for entry in library.history()} == {1, 2}
    assert library.undo().changes[0].after.is_favorite is False
    assert library.find(liked=True).total_count == 0


def test_a_filter_that_nothing_matches_changes_nothing(library: SessionLibrary, path: Path) -> None:
    assert library.update_metadata(SessionFilter(tag="no-such-tag"), LIKE) == ()
    assert rows(path, "session_metadata") == []
    assert library.history() == ()


def test_a_dry_run_by_filter(library: SessionLibrary, path: Path) -> None:
    library.compute()
    before = digest(path)
    changes = library.update_metadata(SessionFilter(where="steps=28"), LIKE, dry_run=True)
    assert [(change.session_id, change.after.is_favorite) for change in changes] == [(OTHER, True), (SESSION, True)]
    assert digest(path) == before


@pytest.mark.usefixtures("library")
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
    assert library.find(tag="third").total_count == 334
    library.update_metadata(ids[::3], SessionMetadataUpdate(remove_tags=("third",), is_favorite=True))
    assert library.find(tag="third").total_count == 0
    seen: list[str] = []
    while page := library.find(liked=False, limit=77, offset=len(seen), fresh=False).sessions:
        seen += [record.session_id for record in page]
    assert len(seen) == len(set(seen)) == 668
    assert set(seen) == {*ids, SESSION, OTHER} - set(ids[::3])
    assert len(library.find(limit=None).sessions) == 1002
