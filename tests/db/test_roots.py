"""Several images roots in one database: apart when configured alone, one collection together, kept when they move."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.errors import (
    ImagesRootError,
    PruneRefusedError,
    RootNotFoundError,
    SessionNotFoundError,
    TwinSessionError,
    UndoRefusedError,
)
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import ComputeReport
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import make_manifest, make_session
from tests.db.uses import LIKE
from tests.neighbour import digest, plain, row, rows, write_metadata
from tests.platforms import needs_symlinks
from tests.privileges import as_ordinary_user

A1, A2, A3 = (f"20251101_12000{number}-a{number}" for number in (1, 2, 3))
B1, B2, B3 = (f"20251102_12000{number}-b{number}" for number in (1, 2, 3))
TWIN = "20251103_120000-twin"
NOTE = SessionMetadataUpdate(user_note="noted")


@pytest.fixture
def a(tmp_path: Path) -> Path:
    return make_root(tmp_path / "a", A1, A2, A3)


@pytest.fixture
def b(tmp_path: Path) -> Path:
    return make_root(tmp_path / "b", B1, B2, B3)


def make_root(folder: Path, *names: str, **options: Any) -> Path:
    for name in names:
        make_session(folder, name, **options)
    return folder


def ids(library: SessionLibrary, **query: Any) -> list[str]:
    """Return what is listed, each as `root/id`, oldest first."""
    page = library.find(SessionFilter.model_validate({"reverse": True, **query}))
    assert page.total_count == len(page.sessions)
    return [f"{record.root}/{record.session_id}" for record in page.sessions]


def problem(library: SessionLibrary, session: str) -> str | None:
    return library.get(session).problem


@pytest.fixture
def apart(a: Path, b: Path) -> tuple[SessionLibrary, SessionLibrary]:
    """Two collections that share a database by default, since their roots lie in one folder."""
    first, second = SessionLibrary(a), SessionLibrary(b)
    assert first.db_path == second.db_path
    first.update_metadata(A1, SessionMetadataUpdate(is_favorite=True, add_tags=("of-a",)))
    second.update_metadata(B1, SessionMetadataUpdate(user_rating="like", add_tags=("of-b",)))
    first.compute()
    second.compute()
    return first, second


def test_neither_lists_nor_counts_the_others_sessions(apart: tuple[SessionLibrary, SessionLibrary]) -> None:
    first, second = apart
    assert ids(first) == [f"a/{name}" for name in (A1, A2, A3)]
    assert ids(second) == [f"b/{name}" for name in (B1, B2, B3)]
    assert ids(second, liked=True) == []
    assert ids(second, search="of-a") == ids(second, search=A1) == []
    assert ids(second, missing=True) == []
    assert (first.tags(), second.tags()) == ({"of-a": 1}, {"of-b": 1})
    assert first.models() == second.models() == {"ponyXL_v6.safetensors [abc123def4]": 3}
    with second.records() as records:
        assert {record.session_id for record in records} == {B1, B2, B3}
    assert second.compute().missing == 0


def test_neither_finds_nor_edits_the_others_sessions(apart: tuple[SessionLibrary, SessionLibrary]) -> None:
    _, second = apart
    before = rows(Path(second.db_path), "session_metadata")
    for use in (
        lambda: second.get(A1),
        lambda: second.get(A1, fresh=False),
        lambda: second.resolve(["a1"]),
        lambda: second.resolve([A1], fresh=False),
        lambda: second.compute(A1),
        lambda: second.update_metadata([B1, A1], LIKE),
    ):
        with pytest.raises(SessionNotFoundError):
            use()
    assert second.update_metadata(SessionFilter(liked=True), NOTE) == ()
    assert not second.delete_stats(A1)
    assert rows(Path(second.db_path), "session_metadata") == before


def test_neither_undoes_what_the_other_did(apart: tuple[SessionLibrary, SessionLibrary]) -> None:
    first, second = apart
    assert {entry.session_id for entry in first.history()} == {A1}
    assert {entry.session_id for entry in second.history()} == {B1}
    assert second.history(A1) == ()
    first.update_metadata(A2, NOTE)  # the last of all
    with pytest.raises(UndoRefusedError) as caught:
        second.undo(3)
    assert (caught.value.code, caught.value.details["sessions"]) == ("group-elsewhere", [A2])
    assert second.undo().undone == 2
    with pytest.raises(UndoRefusedError) as caught:
        second.undo()
    assert caught.value.code == "nothing-to-undo"
    assert first.undo().undone == 3
    assert first.undo().undone == 1


def test_what_only_one_of_several_roots_did_is_undone_in_the_collection_of_all(
    apart: tuple[SessionLibrary, SessionLibrary], a: Path, b: Path
) -> None:
    both = SessionLibrary([a, b])
    both.update_metadata([A2, B2], NOTE)
    with pytest.raises(UndoRefusedError, match="not in this collection"):
        apart[0].undo(3)
    assert {entry.group for entry in both.history()} == {1, 2, 3}
    assert both.undo().undone == 3
    assert {entry.group for entry in both.history()} == {1, 2, 3, 4}


@pytest.mark.parametrize("force", [False, True])
def test_neither_prunes_the_others_sessions(
    apart: tuple[SessionLibrary, SessionLibrary], a: Path, *, force: bool
) -> None:
    first, second = apart
    stats = rows(Path(first.db_path), "session_stats")
    shutil.rmtree(a)
    assert second.prune(force=force) == 0
    assert second.find().total_count == 3
    assert rows(Path(first.db_path), "session_stats") == stats
    assert first.prune(force=force) == 0  # it is offline


def test_what_is_missing_is_missing_in_its_root_only(apart: tuple[SessionLibrary, SessionLibrary], a: Path) -> None:
    first, second = apart
    shutil.rmtree(a / A2)
    assert ids(second, missing=True) == []
    assert ids(first, missing=True) == [f"a/{A2}"]
    with pytest.raises(PruneRefusedError) as caught:
        first.prune()
    assert (caught.value.details["gone"], caught.value.details["total"]) == (1, 3)
    assert first.prune(force=True) == 1
    assert {found["session_name"] for found in rows(Path(first.db_path), "session_stats")} == {A1, A3, B1, B2, B3}


def test_together_they_are_one_collection(apart: tuple[SessionLibrary, SessionLibrary], a: Path, b: Path) -> None:
    both = SessionLibrary([a, b])
    reports: list[ComputeReport] = []
    page = both.find(on_report=reports.append)
    assert [record.session_id for record in page.sessions] == [B3, B2, B1, A3, A2, A1]
    assert (reports[0].computed, reports[0].fresh) == (0, 6)  # known from before
    assert ids(both, liked=True) == [f"a/{A1}"]
    assert both.tags() == {"of-a": 1, "of-b": 1}
    assert both.models() == {"ponyXL_v6.safetensors [abc123def4]": 6}
    assert len({entry.group for entry in both.history()}) == 2
    assert both.resolve(["a2", "latest"]) == [A2, B3]
    assert both.get(A1).session_path == str(a / A1)
    assert both.get(B1).session_path == str(b / B1)
    assert ids(both, where="root=b") == [f"b/{name}" for name in (B1, B2, B3)]
    assert ids(both, where=f"path~{os.sep}b{os.sep}") == [f"b/{name}" for name in (B1, B2, B3)]
    assert ids(both, sort="root") == [f"b/{name}" for name in (B1, B2, B3)] + [f"a/{name}" for name in (A1, A2, A3)]
    both.update_metadata([A2, B2], NOTE)
    assert {found["session_path"] for found in rows(Path(both.db_path), "session_metadata")} >= {
        str(a / A2),
        str(b / B2),
    }
    assert {found["session_path"] for found in rows(Path(both.db_path), "session_stats")} == {
        str(root / name) for root, names in ((a, (A1, A2, A3)), (b, (B1, B2, B3))) for name in names
    }


def test_a_name_narrows_what_is_shown(apart: tuple[SessionLibrary, SessionLibrary], a: Path, b: Path) -> None:
    narrowed = SessionLibrary([a, b], root="b")
    assert narrowed.db_path == SessionLibrary([a, b]).db_path
    assert ids(narrowed) == [f"b/{name}" for name in (B1, B2, B3)]
    assert ids(narrowed, liked=True) == []
    assert narrowed.models() == {"ponyXL_v6.safetensors [abc123def4]": 3}
    with pytest.raises(SessionNotFoundError):
        narrowed.get(A1)
    with pytest.raises(SessionNotFoundError):
        narrowed.update_metadata(A1, LIKE)
    assert narrowed.resolve(["latest", "b1"]) == [B3, B1]
    assert narrowed.tags() == {"of-a": 1, "of-b": 1}  # as history, these cover the whole collection
    assert len({entry.group for entry in narrowed.history()}) == 2
    with pytest.raises(RootNotFoundError) as caught:
        SessionLibrary([a, b], root="c")
    assert (caught.value.code, caught.value.details["known"]) == ("no-such-root", ["a", "b"])


def test_pruning_one_of_several_roots_leaves_the_other(
    apart: tuple[SessionLibrary, SessionLibrary], a: Path, b: Path
) -> None:
    shutil.rmtree(a / A1)
    shutil.rmtree(b / B1)
    assert SessionLibrary([a, b], root="b").prune(force=True) == 1
    both = SessionLibrary([a, b])
    assert ids(both, missing=True) == [f"a/{A1}", f"b/{B1}"]
    assert both.get(A1).stats is not None
    assert both.get(B1).stats is None  # but what was said is still there
    assert both.get(B1).metadata is not None


def test_roots_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, other = make_root(tmp_path / "1" / "out", A1), make_root(tmp_path / "2" / "out", B1)
    library = SessionLibrary([one, other])
    assert ids(library) == [f"out/{A1}", f"out-2/{B1}"]
    assert ids(SessionLibrary([one, other], root="out-2")) == [f"out-2/{B1}"]


# The same id in two roots


@pytest.fixture
def twins(a: Path, b: Path) -> SessionLibrary:
    """Two roots that have different sessions of the same id."""
    make_session(a, TWIN, images=2)
    make_session(b, TWIN, images=3)
    return SessionLibrary([a, b])


def twin_of(library: SessionLibrary, root: Path) -> Any:
    return library.get(str(root / TWIN))


def test_an_id_in_two_roots_is_listed_twice(twins: SessionLibrary, a: Path, b: Path) -> None:
    page = twins.find()
    assert [(record.root, record.session_id) for record in page.sessions[:2]] == [("a", TWIN), ("b", TWIN)]
    assert page.total_count == len(page.sessions) == 8
    first, second = twin_of(twins, a), twin_of(twins, b)
    assert (first.root, first.stats.images_actual, first.problem) == ("a", 2, None)
    assert (second.root, second.stats.images_actual) == ("b", 3)
    assert second.problem == "A session in the root a has the same id, and the metadata belongs to that one."
    assert ids(twins, problem=True) == [f"b/{TWIN}"]
    assert ids(twins, where="problem~root a") == [f"b/{TWIN}"]
    assert twins.get(TWIN) == first
    assert SessionLibrary([b, a]).get(TWIN).stats == second.stats


def test_the_first_roots_session_has_the_metadata_if_no_path_says_otherwise(
    twins: SessionLibrary, a: Path, b: Path
) -> None:
    said = {"is_favorite": 1, "tags": '["t"]', "user_note": "a fine one"}
    write_metadata(Path(twins.db_path), TWIN, session_path=rf"D:\images\{TWIN}", **said)
    assert ids(twins, liked=True) == [f"a/{TWIN}"]
    assert ids(twins, tag="t") == ids(twins, where="tag=T") == [f"a/{TWIN}"]
    assert ids(twins, search="fine") == ids(twins, where="note~fine") == [f"a/{TWIN}"]
    assert f"b/{TWIN}" in ids(twins, untagged=True)
    assert (twin_of(twins, a).metadata.is_favorite, twin_of(twins, b).metadata) == (True, None)
    assert twins.tags() == {"t": 1}
    assert ids(twins, liked=False)[-1] == f"b/{TWIN}"


@pytest.mark.parametrize("owner", ["a", "b"])
def test_the_path_decides_whose_the_metadata_is(
    twins: SessionLibrary, a: Path, b: Path, tmp_path: Path, owner: str
) -> None:
    path, other = Path(twins.db_path), "b" if owner == "a" else "a"
    twins.compute()
    write_metadata(path, TWIN, session_path=str(tmp_path / owner / TWIN), is_favorite=1)
    assert ids(twins, liked=True) == [f"{owner}/{TWIN}"]
    assert ids(twins, problem=True) == [f"{other}/{TWIN}"]
    assert f"in the root {owner} " in str(twin_of(twins, tmp_path / other).problem)

    twins.update_metadata(str(tmp_path / owner / TWIN), NOTE)
    before = rows(path, "session_metadata")
    for name in (str(tmp_path / other / TWIN), *([TWIN] if owner == "b" else [])):
        with pytest.raises(TwinSessionError) as caught:
            twins.update_metadata([A1, name], LIKE)
        assert caught.value.code == "session-in-two-roots"
        assert (caught.value.details["session"], caught.value.details["root"]) == (TWIN, owner)
    assert rows(path, "session_metadata") == before
    assert len(twins.history(TWIN)) == 1


def test_a_root_is_named_by_its_name_or_its_path(twins: SessionLibrary, a: Path, b: Path) -> None:
    twins.compute()
    narrowed = SessionLibrary([a, b], root="b")
    assert narrowed.get(TWIN) == twin_of(twins, b)
    assert ids(narrowed)[-1] == f"b/{TWIN}"
    with pytest.raises(TwinSessionError):
        narrowed.update_metadata(TWIN, LIKE)
    assert twins.update_metadata(TWIN, LIKE)[0].after.session_path == str(a / TWIN)
    assert twins.compute(str(b / TWIN), force=True).computed == 1
    assert twins.resolve([str(b / TWIN), f"{a / TWIN}{os.sep}"]) == [str(b / TWIN), TWIN]


def test_the_mirror_has_the_first_roots_row(twins: SessionLibrary, a: Path, b: Path) -> None:
    path = Path(twins.db_path)
    twins.compute()
    for _ in range(2):
        mirrored = row(path, "session_stats", TWIN)
        assert mirrored is not None
        assert (mirrored["images_actual"], mirrored["session_path"]) == (2, str(a / TWIN))
        assert len(rows(path, "session_stats")) == 7
        twins.find()
    assert twins.describe().mirrored == 7
    SessionLibrary([b, a], path).find()
    mirrored = row(path, "session_stats", TWIN)
    assert mirrored is not None
    assert (mirrored["images_actual"], mirrored["session_path"]) == (3, str(b / TWIN))
    SessionLibrary(a, path).find()  # roots that are not configured come last
    mirrored = row(path, "session_stats", TWIN)
    assert mirrored is not None
    assert mirrored["images_actual"] == 2


def test_pruning_a_twin_leaves_the_others_row(twins: SessionLibrary, a: Path, b: Path) -> None:
    twins.compute()
    with plain(Path(twins.db_path)) as connection:
        connection.execute("ALTER TABLE session_stats ADD COLUMN ui_rank INTEGER DEFAULT 7")
        connection.execute("UPDATE session_stats SET ui_rank = 8")
    shutil.rmtree(a / TWIN)
    assert twins.prune(force=True) == 1
    mirrored = row(Path(twins.db_path), "session_stats", TWIN)
    assert mirrored is not None
    assert (mirrored["images_actual"], mirrored["session_path"], mirrored["ui_rank"]) == (3, str(b / TWIN), 8)
    shutil.rmtree(b / TWIN)
    assert twins.prune(force=True) == 1
    assert row(Path(twins.db_path), "session_stats", TWIN) is None


def test_a_bulk_edit_that_meets_a_twin_changes_nothing(twins: SessionLibrary) -> None:
    with pytest.raises(TwinSessionError):
        twins.update_metadata(SessionFilter(), LIKE)
    assert rows(Path(twins.db_path), "session_metadata") == []
    assert twins.update_metadata(SessionFilter(problem=False), LIKE)[0].session_id == TWIN


def test_a_twin_whose_other_is_gone_is_one_no_more(twins: SessionLibrary, a: Path, b: Path) -> None:
    twins.update_metadata(TWIN, LIKE)
    twins.compute()
    assert twin_of(twins, b).metadata is None
    shutil.rmtree(a / TWIN)  # which nobody has noticed yet
    (change,) = SessionLibrary([a, b], root="b").update_metadata(TWIN, NOTE)
    assert (change.after.user_note, change.after.is_favorite) == ("noted", True)
    assert ids(twins, liked=True) == [f"b/{TWIN}"]
    assert ids(twins, missing=True, liked=True) == [f"a/{TWIN}"]
    assert ids(twins, problem=True) == []
    assert twins.get(TWIN).root == "b"  # whose folder is there
    mirrored = row(Path(twins.db_path), "session_stats", TWIN)
    assert mirrored is not None
    assert mirrored["session_path"] == str(b / TWIN)

    make_session(a, TWIN, images=1)
    assert ids(twins, liked=True) == [f"a/{TWIN}"]


def test_an_offline_twin_keeps_what_is_its_own(twins: SessionLibrary, a: Path, b: Path) -> None:
    twins.update_metadata(TWIN, LIKE)
    twins.compute()
    a.rename(a.parent / "unplugged")
    assert ids(twins, liked=True) == [f"a/{TWIN}"]
    with pytest.raises(TwinSessionError):
        twins.update_metadata(str(b / TWIN), NOTE)


def test_a_root_that_is_not_configured_can_own_it_too(twins: SessionLibrary, a: Path, b: Path) -> None:
    twins.update_metadata(TWIN, LIKE)
    twins.compute()
    alone = SessionLibrary(b)
    assert ids(alone, liked=True) == []
    assert problem(alone, TWIN) == (f"A session in the root {a} has the same id, and the metadata belongs to that one.")
    with pytest.raises(TwinSessionError) as caught:
        alone.update_metadata(TWIN, NOTE)
    assert caught.value.details["root"] == str(a)
    assert alone.tags() == {}
    assert alone.history() == ()


# One folder under several names


@needs_symlinks
def test_a_root_under_another_name_is_the_same_root(a: Path, tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    library = SessionLibrary(a, path)
    library.update_metadata(A1, LIKE)
    library.compute()
    link = tmp_path / "link"
    link.symlink_to(a)
    linked = SessionLibrary(link, path)
    reports: list[ComputeReport] = []
    page = linked.find(on_report=reports.append)
    assert (reports[0].computed, page.total_count) == (0, 3)
    assert {record.session_path for record in page.sessions} == {str(link / name) for name in (A1, A2, A3)}
    assert {found["session_path"] for found in rows(path, "session_stats")} == {
        str(link / name) for name in (A1, A2, A3)
    }
    assert ids(linked, liked=True) == [f"link/{A1}"]
    assert linked.history()[0].session_id == A1
    assert ids(library, liked=True) == [f"a/{A1}"]
    assert ids(SessionLibrary([a, link], path)) == [f"a/{name}" for name in (A1, A2, A3)]
    assert ids(SessionLibrary([link, a], path)) == [f"link/{name}" for name in (A1, A2, A3)]


@needs_symlinks
@pytest.mark.parametrize("known", ["neither", "the first", "the second", "both"])
def test_a_root_of_symlinks_into_another_has_no_sessions_of_its_own(a: Path, tmp_path: Path, known: str) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    for name in (A1, A2):
        (chosen / name).symlink_to(a / name)
    make_session(chosen, B1)
    path = tmp_path / "sessions.db"
    if known in ("the first", "both"):
        SessionLibrary(a, path).compute()
    if known in ("the second", "both"):
        SessionLibrary(chosen, path).compute()
    library = SessionLibrary([a, chosen], path)
    assert ids(library) == [f"a/{name}" for name in (A1, A2, A3)] + [f"chosen/{B1}"]
    assert ids(library, missing=True) == []
    assert ids(library, problem=True) == []
    assert library.compute().missing == 0
    library.update_metadata([A1, B1], LIKE)
    assert ids(library, liked=True) == [f"a/{A1}", f"chosen/{B1}"]
    assert library.prune(force=True) == 0
    assert ids(SessionLibrary([chosen, a], path)) == [f"chosen/{A1}", f"chosen/{A2}", f"a/{A3}", f"chosen/{B1}"]


def test_roots_may_lie_inside_one_another(tmp_path: Path) -> None:
    outer = make_root(tmp_path / "outer", A1)
    inner = make_root(outer / "inner", B1)
    make_session(outer / A1, "20251101_130000-not-a-session-of-a-root")
    for roots in ([outer, inner], [inner, outer]):
        library = SessionLibrary(roots)
        assert library.db_path == str(tmp_path / "metadata" / "sessions.db")
        assert ids(library) == [f"outer/{A1}", f"inner/{B1}"]
        assert ids(library, problem=True) == []
    assert ids(SessionLibrary(inner, library.db_path)) == [f"inner/{B1}"]
    assert ids(SessionLibrary(outer, library.db_path), missing=True) == []
    assert sorted(file.name for file in outer.iterdir()) == sorted([A1, "inner"])


# Moved


@pytest.fixture
def known(a: Path, tmp_path: Path) -> Path:
    """A database that knows the root `a`, in which somebody has said something."""
    path = tmp_path / "sessions.db"
    library = SessionLibrary(a, path)
    library.update_metadata([A1, A2], SessionMetadataUpdate(is_favorite=True, add_tags=("t",)))
    library.compute()
    return path


USES: dict[str, Callable[[SessionLibrary], object]] = {
    "find": lambda library: library.find(),
    "compute": lambda library: library.compute(),
    "get": lambda library: library.get(A1),
    "compute one": lambda library: library.compute(A1),
    "tag": lambda library: library.update_metadata(A3, LIKE),
    "prune": lambda library: library.prune(force=True),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_collection_that_moved_keeps_everything(
    a: Path, tmp_path: Path, known: Path, use: Callable[[SessionLibrary], object]
) -> None:
    said = rows(known, "session_metadata")
    moved = tmp_path / "moved"
    a.rename(moved)
    library = SessionLibrary(moved, known)
    use(library)
    assert [found for found in rows(known, "session_metadata") if found["session_id"] != A3] == said
    reports: list[ComputeReport] = []
    page = library.find(on_report=reports.append)
    assert (reports[0].computed, reports[0].fresh, page.total_count) == (0, 3, 3)
    assert {record.session_path for record in page.sessions} == {str(moved / name) for name in (A1, A2, A3)}
    assert {record.root for record in page.sessions} == {"moved"}
    assert all(
        record.stats is not None and record.stats.session_path == record.session_path for record in page.sessions
    )
    assert {found["session_path"] for found in rows(known, "session_stats")} == {
        str(moved / name) for name in (A1, A2, A3)
    }
    assert f"moved/{A1}" in ids(library, tag="t")
    assert ids(library, missing=True) == []
    assert library.tags() == {"t": 2}
    assert library.get(str(moved / A1)).session_id == A1
    assert {entry.session_id for entry in library.history()} >= {A1, A2}
    assert library.describe().without_root == 0


def test_it_may_move_again_and_back(a: Path, tmp_path: Path, known: Path) -> None:
    for name in ("b", "c", "a", "b"):
        here = next(folder for folder in (a, tmp_path / "b", tmp_path / "c") if folder.exists())
        here.rename(tmp_path / name)
        library = SessionLibrary(tmp_path / name, known)
        assert ids(library, liked=True) == [f"{name}/{A1}", f"{name}/{A2}"]
        assert library.compute().computed == 0


@pytest.mark.parametrize(("gone", "is_kept"), [([A3], True), ([A2, A3], False)])
def test_more_than_half_of_the_sessions_tell(
    a: Path, tmp_path: Path, known: Path, gone: list[str], *, is_kept: bool
) -> None:
    moved = tmp_path / "moved"
    a.rename(moved)
    for name in gone:
        shutil.rmtree(moved / name)
    library = SessionLibrary(moved, known)
    assert library.compute().computed == (0 if is_kept else 1)
    assert ids(library, missing=True) == ([f"moved/{A3}"] if is_kept else [])
    assert ids(library, liked=True) == ([f"moved/{A1}", f"moved/{A2}"] if is_kept else [])
    assert ids(library, problem=True) == ([] if is_kept else [f"moved/{A1}"])  # as far as anybody knows


def test_a_copy_is_not_a_move(a: Path, tmp_path: Path, known: Path) -> None:
    shutil.copytree(a, tmp_path / "copy")
    copied = SessionLibrary(tmp_path / "copy", known)
    assert copied.compute().computed == 3
    assert ids(copied, liked=True) == []  # the original's
    assert ids(SessionLibrary(a, known), liked=True) == [f"a/{A1}", f"a/{A2}"]


def test_sessions_that_moved_into_a_known_root_join_it(a: Path, b: Path, tmp_path: Path, known: Path) -> None:
    library = SessionLibrary(b, known)
    library.update_metadata(B1, LIKE)
    library.compute()
    for folder in a.iterdir():
        folder.rename(b / folder.name)
    a.rmdir()
    assert library.compute().computed == 0
    assert ids(library, liked=True) == [f"b/{name}" for name in (A1, A2, B1)]
    with plain(known) as connection:
        assert connection.execute("SELECT path FROM sdgen_admin_roots").fetchall() == [(str(b),)]


def test_former_paths_count_as_its_own(a: Path, b: Path, tmp_path: Path, known: Path) -> None:
    make_session(a, TWIN)
    SessionLibrary(a, known).update_metadata(TWIN, LIKE)
    SessionLibrary(a, known).compute()
    moved = tmp_path / "moved"
    a.rename(moved)
    make_session(b, TWIN)
    library = SessionLibrary([b, moved], known)
    assert ids(library, liked=True) == [f"moved/{A1}", f"moved/{A2}", f"moved/{TWIN}"]
    assert ids(library, problem=True) == [f"b/{TWIN}"]


def test_what_was_only_said_is_adopted_under_a_former_path(a: Path, tmp_path: Path, known: Path) -> None:
    moved = tmp_path / "moved"
    a.rename(moved)
    SessionLibrary(moved, known).find()
    write_metadata(known, B1, session_path=str(a / B1), is_favorite=1)
    write_metadata(known, B2, session_path=str(moved / B2), is_favorite=1)
    write_metadata(known, B3, session_path=rf"D:\sd\images\{B3}", is_favorite=1)
    write_metadata(known, "thumbnails", session_path=str(moved / "thumbnails"), is_favorite=1)
    library = SessionLibrary(moved, known)
    assert ids(library, missing=True) == [f"moved/{B1}", f"moved/{B2}"]
    assert library.describe().without_root == 1


# Offline


@pytest.fixture(params=["absent", "empty", "a file", "closed"])
def offline(a: Path, b: Path, known: Path, request: pytest.FixtureRequest) -> Any:
    """Both roots, of which `a` cannot be read at present."""
    library = SessionLibrary([a, b], known)
    library.find()
    a.rename(a.parent / "unplugged")
    if request.param == "empty":
        a.mkdir()
    elif request.param == "a file":
        a.write_text("not a folder")
    elif request.param == "closed":
        (a.parent / "unplugged").rename(a)
        a.chmod(0)
    yield library
    if request.param == "closed":
        a.chmod(0o755)


def test_sessions_of_an_offline_root_are_listed_as_recorded(
    offline: SessionLibrary, a: Path, b: Path, known: Path
) -> None:
    def look() -> None:
        before = rows(known, "session_stats")
        reports: list[ComputeReport] = []
        page = offline.find(on_report=reports.append)
        assert page.total_count == 6
        assert reports[0].offline == ("a",)
        assert (reports[0].missing, reports[0].newly_missing) == (0, 0)
        assert ids(offline, missing=True) == []
        assert not offline.get(A1).missing
        assert offline.get(A1).stats is not None
        assert ids(offline, liked=True) == [f"a/{A1}", f"a/{A2}"]
        assert offline.resolve(["a1"]) == [A1]
        offline.update_metadata(A3, LIKE)
        assert ids(offline, liked=True) == [f"a/{A1}", f"a/{A2}", f"a/{A3}"]
        assert [offline.prune(force=force) for force in (False, True)] == [0, 0]
        assert rows(known, "session_stats") == before
        with pytest.raises((ImagesRootError, SessionNotFoundError)):
            offline.compute(A1)
        assert offline.compute(B1, force=True).computed == 1
        assert offline.find(fresh=False).total_count == 6

    as_ordinary_user(look)


def test_it_is_as_before_when_it_is_back(offline: SessionLibrary, a: Path) -> None:
    as_ordinary_user(offline.find)
    if not (a.is_dir() and oct(a.stat().st_mode).endswith("000")):
        if a.is_file():
            a.unlink()
        elif a.is_dir():
            a.rmdir()
        (a.parent / "unplugged").rename(a)
    else:
        a.chmod(0o755)
    reports: list[ComputeReport] = []
    assert offline.find(on_report=reports.append).total_count == 6
    assert (reports[0].computed, reports[0].offline) == (0, ())


def test_only_what_needs_the_folder_is_refused(a: Path, known: Path) -> None:
    library = SessionLibrary(a, known)
    a.rename(a.parent / "unplugged")
    with pytest.raises(ImagesRootError) as caught:
        library.compute(A1)
    assert (caught.value.code, caught.value.details["root"]) == ("root-offline", str(a))
    assert library.find().total_count == 3  # as it is recorded
    assert library.compute().computed == 0


def test_a_root_of_which_everything_was_deleted_looks_offline(a: Path, known: Path) -> None:
    library = SessionLibrary(a, known)
    for name in (A1, A2, A3):
        shutil.rmtree(a / name)
    reports: list[ComputeReport] = []
    assert library.find(on_report=reports.append).total_count == 3
    assert reports[0].offline == ("a",)
    assert library.prune(force=True) == 0


def test_a_mistyped_root_is_an_error_and_makes_nothing(tmp_path: Path) -> None:
    library = SessionLibrary(tmp_path / "imgaes")
    for use in (
        library.find,
        library.compute,
        lambda: library.get(A1),
        lambda: library.update_metadata(A1, LIKE),
        library.require_roots,
    ):
        with pytest.raises(ImagesRootError) as caught:
            use()
        assert (caught.value.code, caught.value.details["root"]) == ("root-offline", str(tmp_path / "imgaes"))
        assert caught.value.details["reason"]
    assert list(tmp_path.iterdir()) == []


def test_a_mistyped_root_is_an_error_in_a_known_database_too(a: Path, known: Path) -> None:
    before = digest(known)
    library = SessionLibrary(a.parent / "imgaes", known)
    with pytest.raises(ImagesRootError):
        library.find()
    assert digest(known) == before


def test_a_mistyped_root_hides_no_other(a: Path, known: Path) -> None:
    library = SessionLibrary([a.parent / "imgaes", a], known)
    reports: list[ComputeReport] = []
    assert library.find(on_report=reports.append).total_count == 3
    assert reports[0].offline == ("imgaes",)


def test_the_services_meaning_is_the_same(a: Path, b: Path, known: Path) -> None:
    SessionMetadataService(known).upsert_metadata(B1, b / B1, LIKE)
    library = SessionLibrary([a, b], known)
    assert ids(library, liked=True) == [f"a/{A1}", f"a/{A2}", f"b/{B1}"]
    assert SessionMetadataService(known).get_metadata(B1) == library.get(B1).metadata


def test_prompts_and_values_are_each_roots_own(tmp_path: Path) -> None:
    one = make_root(tmp_path / "one", TWIN, manifest=make_manifest(snapshot={"resolved_template": {"prompt": "a fox"}}))
    other = make_root(
        tmp_path / "other", TWIN, manifest=make_manifest(snapshot={"resolved_template": {"prompt": "owls"}})
    )
    library = SessionLibrary([one, other])
    assert ids(library, search="fox") == [f"one/{TWIN}"]
    assert ids(library, search="OWL") == [f"other/{TWIN}"]
