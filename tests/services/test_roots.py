"""Collections of several roots: one list of all, none of anybody else's, and the same id in two of them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.errors import SessionNotFoundError, TwinSessionError, UndoRefusedError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.reports import ComputeReport
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import SESSION, add_image, make_manifest, make_session
from tests.neighbour import rows, write_metadata
from tests.platforms import needs_symlinks

HERE = "20251108_120000-here"
THERE = "20251109_120000-there"
LIKE = SessionMetadataUpdate(is_favorite=True)


@pytest.fixture
def nas(tmp_path: Path) -> Path:
    return tmp_path / "nas"


@pytest.fixture
def both(images_dir: Path, nas: Path) -> SessionLibrary:
    """A collection of two roots with a session each, nothing computed yet."""
    make_session(images_dir, HERE)
    make_session(nas, THERE, images=2)
    return SessionLibrary([images_dir, nas])


def ids_of(library: SessionLibrary, **fields: Any) -> list[str]:
    return [record.session_id for record in library.find(**fields).sessions]


def by_root(library: SessionLibrary, session_id: str = SESSION) -> dict[str, SessionRecord]:
    return {record.root: record for record in library.find().sessions if record.session_id == session_id}


def test_one_list_of_all(both: SessionLibrary, images_dir: Path, nas: Path) -> None:
    reports: list[ComputeReport] = []
    there, here = both.find(on_report=reports.append).sessions
    assert (there.session_id, there.root, there.session_path) == (THERE, "nas", str(nas / THERE))
    assert (here.session_id, here.root, here.session_path) == (HERE, "images", str(images_dir / HERE))
    assert there.stats is not None
    assert (there.stats.session_path, there.stats.images_actual) == (str(nas / THERE), 2)
    assert (reports[0].computed, reports[0].offline) == (2, ())
    assert both.get(THERE) == there
    assert ids_of(both, where="root=nas") == [THERE]
    assert ids_of(both, sort="root") == [HERE, THERE]


def test_progress_goes_on_from_root_to_root(both: SessionLibrary, images_dir: Path) -> None:
    make_session(images_dir, SESSION)
    told: list[tuple[int, int]] = []
    report = both.compute(jobs=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (report.computed, report.fresh) == (3, 0)
    told.clear()
    both.find(progress=lambda done, total: told.append((done, total)))
    assert told == []


def test_the_database_is_beside_the_first_root(both: SessionLibrary, images_dir: Path, nas: Path) -> None:
    assert both.db_path == str(images_dir.parent / "metadata" / "sessions.db")
    both.compute()
    assert sorted(path.name for path in images_dir.iterdir()) == [HERE]
    assert sorted(path.name for path in nas.iterdir()) == [THERE]


def test_one_root_can_be_shown_alone(both: SessionLibrary, images_dir: Path, nas: Path) -> None:
    only = SessionLibrary([images_dir, nas], root="nas")
    assert only.db_path == both.db_path  # where it lies does not depend on what is shown
    assert [root.name for root in only.roots] == ["images", "nas"]
    assert [root.name for root in only.shown] == ["nas"]
    assert ids_of(only) == [THERE]
    assert only.compute().fresh == 1
    assert only.resolve(["latest", "20251109"]) == [THERE]
    for use in (
        only.get,
        only.compute,
        lambda name: only.update_metadata(name, LIKE),
        lambda name: only.resolve([name]),
    ):
        with pytest.raises(SessionNotFoundError):
            use(HERE)
    assert only.models() == {"ponyXL_v6.safetensors [abc123def4]": 1}
    both.update_metadata([HERE, THERE], SessionMetadataUpdate(add_tags=("a",)))
    assert only.compute().computed == 0
    with only.records() as records:
        assert [record.session_id for record in records] == [THERE]


def test_two_collections_share_a_database_and_keep_apart(images_dir: Path, nas: Path, tmp_path: Path) -> None:
    db_path = tmp_path / "metadata" / "sessions.db"
    make_session(images_dir, HERE)
    make_session(nas, THERE)
    here, there = SessionLibrary(images_dir, db_path), SessionLibrary(nas, db_path)
    here.update_metadata(HERE, SessionMetadataUpdate(is_favorite=True, add_tags=("mine",)))
    assert ids_of(there) == [THERE]
    assert ids_of(there, liked=True) == ids_of(there, missing=True) == []
    assert there.tags() == {}
    assert there.history() == ()
    for group, code in ((None, "nothing-to-undo"), (1, "group-elsewhere")):
        with pytest.raises(UndoRefusedError) as caught:
            there.undo(group)
        assert caught.value.code == code
    for fresh in (False, True):
        with pytest.raises(SessionNotFoundError):
            there.get(HERE, fresh=fresh)
        with pytest.raises(SessionNotFoundError):
            there.resolve(["20251108"], fresh=fresh)
    assert there.prune(force=True) == 0
    assert ids_of(here, liked=True) == [HERE]
    assert here.tags() == {"mine": 1}
    assert here.undo().undone == 1


@pytest.mark.parametrize("kind", ["absent", "empty"])
def test_one_root_is_offline(both: SessionLibrary, nas: Path, kind: str) -> None:
    both.update_metadata([HERE, THERE], LIKE)
    good = both.find()
    nas.rename(nas.parent / "unmounted")
    if kind == "empty":
        nas.mkdir()
    reports: list[ComputeReport] = []
    assert both.find(on_report=reports.append) == good
    assert (reports[0].offline, reports[0].fresh, reports[0].missing) == (("nas",), 1, 0)
    assert ids_of(both, missing=True) == []
    both.update_metadata(THERE, SessionMetadataUpdate(user_note="typed offline"))
    assert both.prune(force=True) == 0
    if kind == "empty":
        nas.rmdir()
    (nas.parent / "unmounted").rename(nas)
    record = both.get(THERE)
    assert record.metadata is not None
    assert (record.missing, record.metadata.user_note) == (False, "typed offline")


def test_a_root_that_was_never_seen_is_only_offline(both: SessionLibrary, images_dir: Path, tmp_path: Path) -> None:
    library = SessionLibrary([images_dir, tmp_path / "never"])
    reports: list[ComputeReport] = []
    assert [record.session_id for record in library.find(on_report=reports.append).sessions] == [HERE]
    assert reports[0].offline == ("never",)


def test_roots_inside_one_another_have_each_their_own(images_dir: Path) -> None:
    make_session(images_dir, HERE)
    make_session(images_dir / "sub", THERE)
    library = SessionLibrary([images_dir / "sub", images_dir])
    assert library.db_path == str(images_dir.parent / "metadata" / "sessions.db")
    assert {record.session_id: record.root for record in library.find().sessions} == {HERE: "images", THERE: "sub"}


@needs_symlinks
def test_one_root_under_two_names_is_one(both: SessionLibrary, images_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(images_dir)
    library = SessionLibrary([images_dir, tmp_path / "link"])
    assert [root.name for root in library.roots] == ["images"]
    library.update_metadata(HERE, LIKE)
    linked = SessionLibrary(tmp_path / "link", library.db_path)
    (record,) = linked.find().sessions
    assert record.metadata is not None
    assert (record.session_path, record.metadata.is_favorite) == (str(tmp_path / "link" / HERE), True)


@needs_symlinks
def test_one_folder_in_two_roots_is_the_first_roots(both: SessionLibrary, images_dir: Path, nas: Path) -> None:
    (nas / HERE).symlink_to(images_dir / HERE)
    assert ids_of(both) == [THERE, HERE]
    assert both.get(HERE).root == "images"
    assert both.get(HERE).problem is None
    assert both.find(missing=True).total_count == 0


@needs_symlinks
def test_such_a_folder_is_the_first_roots_by_whichever_path_it_is_named(
    both: SessionLibrary, images_dir: Path, nas: Path
) -> None:
    (nas / HERE).symlink_to(images_dir / HERE)
    assert both.get(str(nas / HERE)).root == "images"
    assert both.resolve([str(nas / HERE), HERE]) == [HERE]
    alone = SessionLibrary([images_dir, nas], root="nas")
    assert ids_of(alone) == [THERE]
    with pytest.raises(SessionNotFoundError):
        alone.get(HERE)
    assert {record.session_id: record.root for record in both.find().sessions} == {THERE: "nas", HERE: "images"}
    assert both.find(missing=True).total_count == 0


def test_a_collection_that_moved_keeps_everything(both: SessionLibrary, images_dir: Path, nas: Path) -> None:
    both.update_metadata([HERE, THERE], LIKE)
    good = both.find()
    moved = nas.parent / "elsewhere" / "nas"
    moved.parent.mkdir()
    nas.rename(moved)
    library = SessionLibrary([images_dir, moved], both.db_path)
    reports: list[ComputeReport] = []
    page = library.find(on_report=reports.append)
    assert (reports[0].computed, reports[0].fresh) == (0, 2)
    assert [record.session_path for record in page.sessions] == [str(moved / THERE), str(images_dir / HERE)]
    assert page.sessions[0].stats is not None
    assert page.sessions[0].stats.session_path == str(moved / THERE)
    for record, before in zip(page.sessions, good.sessions, strict=True):
        assert before.metadata is not None
        assert record.metadata == before.metadata.model_copy(update={"session_path": record.session_path})


@pytest.mark.parametrize("first_use", ["get", "compute", "update", "undo", "prune", "compute by filter"])
def test_whatever_is_done_first_after_a_move(both: SessionLibrary, images_dir: Path, nas: Path, first_use: str) -> None:
    both.update_metadata([HERE, THERE], LIKE)
    both.compute()
    nas.rename(nas.parent / "moved")
    library = SessionLibrary([images_dir, nas.parent / "moved"], both.db_path)
    if first_use == "get":
        record = library.get(THERE)
        assert record.metadata is not None
        assert (record.root, record.problem, record.metadata.is_favorite) == ("moved", None, True)
    elif first_use == "compute":
        assert library.compute([THERE]).fresh == 1
    elif first_use == "compute by filter":
        assert library.compute(SessionFilter(liked=True)).fresh == 2
    elif first_use == "update":
        (change,) = library.update_metadata(THERE, SessionMetadataUpdate(user_note="typed"))
        assert (change.after.is_favorite, change.after.user_note) == (True, "typed")
    elif first_use == "undo":
        assert [change.session_id for change in library.undo().changes] == [HERE, THERE]
    else:
        assert library.prune(force=True) == 0
    found = library.find().sessions
    assert [(record.session_id, record.root, record.problem) for record in found] == [
        (THERE, "moved", None),
        (HERE, "images", None),
    ]
    assert all(record.stats is not None and record.metadata is not None for record in found) or first_use == "undo"
    assert library.find(missing=True).total_count == 0
    assert {entry.group for entry in library.history()} == ({1, 2} if first_use in ("undo", "update") else {1})


@pytest.fixture
def twins(both: SessionLibrary, images_dir: Path, nas: Path) -> SessionLibrary:
    """The collection with one id in both roots, in the second one with less images."""
    make_session(images_dir, SESSION)
    make_session(nas, SESSION, images=1, manifest=make_manifest(api={"width": 512}))
    return both


def test_both_sessions_of_one_id_are_listed(twins: SessionLibrary) -> None:
    found = by_root(twins)
    first, second = found["images"], found["nas"]
    assert first.stats is not None
    assert second.stats is not None
    assert (first.stats.images_actual, second.stats.images_actual) == (6, 1)
    assert first.problem is None
    assert second.problem == "A session in the root images has the same id, and the metadata belongs to that one."
    assert ids_of(twins, problem=True) == [SESSION]
    assert twins.find().total_count == 4


def test_an_id_names_the_first_roots_session_and_a_path_the_others(
    twins: SessionLibrary, images_dir: Path, nas: Path
) -> None:
    twins.compute()
    assert twins.get(SESSION).root == "images"
    assert twins.get(str(nas / SESSION)).root == "nas"
    assert twins.get(f"{nas / SESSION}/", fresh=False).root == "nas"
    assert SessionLibrary([images_dir, nas], root="nas").get(SESSION).root == "nas"
    assert twins.resolve([SESSION, str(images_dir / SESSION)]) == [SESSION]
    assert twins.resolve([str(nas / SESSION), SESSION]) == [str(nas / SESSION), SESSION]
    assert SessionLibrary([images_dir, nas], root="nas").resolve([str(nas / SESSION)]) == [SESSION]


def test_metadata_belongs_to_the_first_roots_session(twins: SessionLibrary, nas: Path, path: Path) -> None:
    twins.compute()
    twins.update_metadata(SESSION, LIKE)
    found = by_root(twins)
    assert found["images"].metadata is not None
    assert found["nas"].metadata is None
    assert ids_of(twins, liked=True) == [SESSION]
    before = rows(path, "session_metadata")
    for edit in (SessionMetadataUpdate(user_note="mine"), LIKE):
        with pytest.raises(TwinSessionError) as caught:
            twins.update_metadata([THERE, str(nas / SESSION)], edit)
        assert caught.value.code == "session-in-two-roots"
        assert caught.value.details == {"session": SESSION, "root": "images"}
    assert rows(path, "session_metadata") == before


def test_metadata_belongs_to_the_session_that_its_path_names(
    twins: SessionLibrary, images_dir: Path, nas: Path, path: Path
) -> None:
    write_metadata(path, SESSION, is_favorite=1, session_path=str(nas / SESSION))
    found = by_root(twins)
    assert found["images"].metadata is None
    assert found["images"].problem == "A session in the root nas has the same id, and the metadata belongs to that one."
    assert found["nas"].metadata is not None
    assert found["nas"].problem is None
    with pytest.raises(TwinSessionError):
        twins.update_metadata(SESSION, LIKE)
    (change,) = twins.update_metadata(str(nas / SESSION), SessionMetadataUpdate(user_note="mine"))
    assert change.after.user_note == "mine"


def test_a_path_of_neither_root_leaves_it_to_the_first(twins: SessionLibrary, path: Path) -> None:
    write_metadata(path, SESSION, is_favorite=1, session_path=rf"D:\sd\out\{SESSION}")
    found = by_root(twins)
    assert found["images"].metadata is not None
    assert found["nas"].metadata is None


def test_a_twin_that_is_gone_no_longer_keeps_the_metadata(twins: SessionLibrary, images_dir: Path, nas: Path) -> None:
    twins.update_metadata(SESSION, LIKE)
    twins.compute()
    shutil.rmtree(images_dir / SESSION)
    (change,) = twins.update_metadata(str(nas / SESSION), SessionMetadataUpdate(user_note="mine"))
    assert (change.after.is_favorite, change.after.user_note) == (True, "mine")
    record = by_root(twins)["nas"]
    assert (record.problem, record.metadata is not None) == (None, True)


@pytest.mark.parametrize("kind", ["absent", "empty"])
def test_a_twin_whose_root_is_offline_keeps_the_metadata(
    twins: SessionLibrary, images_dir: Path, nas: Path, kind: str
) -> None:
    twins.update_metadata(SESSION, LIKE)
    twins.compute()
    images_dir.rename(images_dir.parent / "unmounted")
    if kind == "empty":
        images_dir.mkdir()
    with pytest.raises(TwinSessionError):
        twins.update_metadata(str(nas / SESSION), SessionMetadataUpdate(user_note="mine"))
    assert by_root(twins)["images"].metadata is not None


def test_a_new_session_in_an_earlier_root_is_what_its_id_names(
    both: SessionLibrary, images_dir: Path, nas: Path
) -> None:
    make_session(nas, SESSION, images=1)
    both.compute()
    assert both.get(SESSION).root == "nas"
    make_session(images_dir, SESSION)
    assert both.get(SESSION, fresh=False).root == "nas"
    assert both.get(SESSION).root == "images"
    assert both.resolve([str(nas / SESSION)]) == [str(nas / SESSION)]


def test_computing_one_of_two(twins: SessionLibrary, nas: Path) -> None:
    twins.compute()
    assert (twins.compute([SESSION, str(nas / SESSION)]).fresh, twins.compute(SESSION, force=True).computed) == (2, 1)
    add_image(nas / SESSION, "late.png")
    assert twins.compute(SESSION).computed == 0
    assert twins.compute(str(nas / SESSION)).computed == 1
    records = by_root(twins)
    assert {name: record.stats.images_actual for name, record in records.items() if record.stats} == {
        "images": 6,
        "nas": 2,
    }


@needs_symlinks
def test_a_root_that_is_named_twice_keeps_its_first_place(both: SessionLibrary, images_dir: Path, nas: Path) -> None:
    link = nas.parent / "link"
    link.symlink_to(images_dir)
    library = SessionLibrary([images_dir, nas, link])
    assert [root.name for root in library.roots] == ["images", "nas"]


@needs_symlinks
def test_a_link_to_any_earlier_roots_folder_is_that_roots_session(
    twins: SessionLibrary, images_dir: Path, nas: Path
) -> None:
    links = nas.parent / "links"
    links.mkdir()
    (links / SESSION).symlink_to(nas / SESSION)
    assert set(by_root(SessionLibrary([images_dir, nas, links]))) == {"images", "nas"}


def test_a_session_that_has_just_been_moved_to_another_root_is_found_there(
    both: SessionLibrary, images_dir: Path, nas: Path
) -> None:
    both.compute()
    make_session(images_dir, SESSION)
    both.compute()
    (images_dir / SESSION).rename(nas / SESSION)
    record = both.get(SESSION)
    assert (record.root, record.missing) == ("nas", False)


def test_an_offline_roots_session_is_not_taken_for_one_that_was_moved(
    twins: SessionLibrary, images_dir: Path, nas: Path
) -> None:
    twins.compute()
    images_dir.rename(images_dir.parent / "unmounted")
    assert twins.get(SESSION).root == "images"


@pytest.mark.parametrize("path", ["", "D:\\outputs\\session"])
def test_two_collections_in_one_database_both_have_an_id_without_getting_in_each_others_way(
    images_dir: Path, nas: Path, path: str
) -> None:
    make_session(images_dir)
    make_session(nas)
    ours, theirs = SessionLibrary(images_dir), SessionLibrary(nas)
    ours.compute()
    if path:
        write_metadata(Path(ours.db_path), SESSION, session_path=path, tags='["portrait"]')
    for library in (ours, theirs, ours):
        assert library.find(problem=True).total_count == 0
    assert theirs.find().total_count == 1
    assert ours.tags() == theirs.tags() == ({"portrait": 1} if path else {})
    (change,) = ours.update_metadata(SESSION, LIKE)
    assert change.after.is_favorite


def test_whose_metadata_it_is_does_not_depend_on_who_looked_last(twins: SessionLibrary, nas: Path) -> None:
    twins.compute()
    SessionLibrary(nas, twins.db_path).compute()
    with pytest.raises(TwinSessionError):
        twins.update_metadata(str(nas / SESSION), LIKE)


def test_the_mirror_keeps_the_first_roots_row_after_an_edit_that_knows_no_roots(
    twins: SessionLibrary, images_dir: Path, nas: Path
) -> None:
    SessionLibrary(nas, twins.db_path).compute()  # so that it is recorded before the first root
    twins.compute()
    before = rows(Path(twins.db_path), "session_stats")
    assert before[0]["session_path"] == str(images_dir / SESSION)
    SessionMetadataService(twins.db_path).upsert_metadata(SESSION, images_dir / SESSION, LIKE)
    assert rows(Path(twins.db_path), "session_stats") == before


@needs_symlinks
def test_a_symlink_that_leads_elsewhere_now_is_another_root(images_dir: Path, nas: Path) -> None:
    make_session(images_dir, HERE)
    make_session(nas, THERE)
    link = nas.parent / "link"
    link.symlink_to(images_dir)
    SessionLibrary(link).compute()
    link.unlink()
    link.symlink_to(nas)
    library = SessionLibrary([link, images_dir])
    for _ in range(2):
        found = [(record.session_id, record.root) for record in library.find().sessions]
        assert found == [(THERE, "link"), (HERE, "images")]


@needs_symlinks
def test_paths_under_a_roots_other_name_count_as_its_own(images_dir: Path, nas: Path) -> None:
    make_session(images_dir, HERE)
    link = nas.parent / "link"
    link.symlink_to(images_dir)
    library = SessionLibrary(link)
    library.compute()
    write_metadata(Path(library.db_path), SESSION, session_path=str(link / SESSION))
    library = SessionLibrary(images_dir, library.db_path)
    library.compute()
    assert [record.session_id for record in library.find(missing=True).sessions] == [SESSION]
    assert library.describe().without_root == 0


def test_history_takes_the_path_of_a_folder(both: SessionLibrary, images_dir: Path) -> None:
    both.update_metadata(HERE, LIKE)
    for name in (HERE, str(images_dir / HERE), f"{images_dir / HERE}/"):
        assert [entry.session_id for entry in both.history(name)] == [HERE]


def test_what_was_said_is_told_right_after_a_move(both: SessionLibrary, images_dir: Path) -> None:
    both.update_metadata(HERE, SessionMetadataUpdate(add_tags=("portrait",)))
    both.compute()
    moved = images_dir.rename(images_dir.parent / "moved")
    library = SessionLibrary(moved, both.db_path)
    assert (library.tags(), len(library.history())) == ({"portrait": 1}, 1)
    assert sum(SessionLibrary(moved, both.db_path).models().values()) == 1


def test_an_absent_root_beside_one_that_is_there_keeps_nobody_from_typing(images_dir: Path, nas: Path) -> None:
    make_session(images_dir, HERE)
    library = SessionLibrary([nas, images_dir])
    assert ids_of(library) == [HERE]
    assert library.update_metadata(HERE, LIKE)[0].after.is_favorite
    assert SessionLibrary([nas, images_dir]).find(liked=True).total_count == 1


def test_an_edit_never_goes_to_the_metadata_of_a_session_nobody_has_looked_at(tmp_path: Path) -> None:
    first, second, path = tmp_path / "a", tmp_path / "b", tmp_path / "sessions.db"
    for root in (first, second):
        make_session(root)
    write_metadata(path, SESSION, session_path=f"D:\\x\\{SESSION}", tags='["t"]')

    with pytest.raises(TwinSessionError) as raised:
        SessionLibrary([first, second], path, root="b").update_metadata(SESSION, SessionMetadataUpdate(add_tags=("x",)))

    assert raised.value.details["root"] == "a"
    library = SessionLibrary([first, second], path)
    assert {record.root: record.metadata and record.metadata.tags for record in library.find().sessions} == {
        "a": ("t",),
        "b": None,
    }


def test_tags_of_a_database_that_only_a_neighbour_has_filled(images_dir: Path, path: Path) -> None:
    make_session(images_dir)
    write_metadata(path, SESSION, session_path=f"D:\\x\\{SESSION}", tags='["t"]')

    library = SessionLibrary(images_dir, path)

    assert library.tags() == {"t": 1}
    assert list(library.models().values()) == [1]
