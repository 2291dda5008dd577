"""Several images roots, one of them offline, and two collections that share a database: each keeps what is its own."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sdgen_admin.errors import ImagesRootError, UndoRefusedError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import make_session
from tests.cli.harness import process
from tests.neighbour import plain, rows
from tests.platforms import needs_symlinks
from tests.privileges import as_ordinary_user
from tests.trust.collections import assert_sound
from tests.trust.mirror import assert_mirrored

HOME = ("20250101_000000-a", "20250102_000000-b")
NAS = ("20250103_000000-c", "20250104_000000-d", "20250105_000000-e")
EVERY = sorted((*HOME, *NAS), reverse=True)
NOTE = re.compile(r".*\bnas\b.*shown as recorded\.\n")

TAG = SessionMetadataUpdate(add_tags=("kept",))


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A root on this machine and one on a drive that comes and goes."""
    home, nas = tmp_path / "home", tmp_path / "mnt" / "nas"
    for root, names in ((home, HOME), (nas, NAS)):
        for name in names:
            make_session(root, name, images=2)
    return home, nas


@pytest.fixture
def library(two: tuple[Path, Path]) -> SessionLibrary:
    """Both as one collection, all of it tagged."""
    library = SessionLibrary(two)
    library.compute()
    library.update_metadata(EVERY, TAG)
    return library


def sdgen(line: str, *roots: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run a command line as cron would: a process without a terminal, everything named by the environment."""
    return process(*line.split(), env={"SDGEN_IMAGES_DIR": os.pathsep.join(map(str, roots))})


def ids(library: SessionLibrary) -> list[str]:
    return [record.session_id for record in library.find(limit=None).sessions]


def be_absent(root: Path) -> None:
    root.rename(root.parent.parent / "elsewhere")


def be_empty(root: Path) -> None:
    be_absent(root)
    root.mkdir()


def be_a_file(root: Path) -> None:
    be_absent(root)
    root.write_text("not a folder")


STATES = pytest.mark.parametrize("go_offline", [be_absent, be_empty, be_a_file])


@STATES
def test_a_root_that_is_offline_as_cron_sees_it(
    library: SessionLibrary, two: tuple[Path, Path], go_offline: Callable[[Path], None]
) -> None:
    home, nas = two
    path = Path(library.db_path)
    before = {table: rows(path, table) for table in ("session_metadata", "session_stats", "sdgen_admin_sessions")}
    go_offline(nas)
    new = make_session(home, "20250106_000000-new", images=2).name

    done = sdgen("warm-cache --quiet --prune --force", *two)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    done = sdgen("warm-cache --json", *two)
    report = json.loads(done.stdout)
    assert (report["computed"], report["fresh"], report["failed"], report["problems"]) == (0, 3, 0, [])
    assert done.returncode == 0
    assert NOTE.fullmatch(done.stderr.decode())
    done = sdgen("compute-stats --all --strict --format ids", *two)
    assert (done.returncode, done.stdout) == (0, b"")
    assert NOTE.fullmatch(done.stderr.decode())
    done = sdgen("list --format ids", *two)
    assert (done.returncode, done.stdout.decode().split()) == (0, [new, *EVERY])
    assert NOTE.match(done.stderr.decode())
    assert done.stderr.decode().count("nas") == 1

    for line in ("list --missing --format ids", "list --problem --format ids"):
        assert sdgen(line, *two).stdout == b""
    for line in (f"refresh {NAS[0]}", f"compute-stats {NAS[0]}", f"refresh {HOME[0]} {NAS[0]}"):
        done = sdgen(line, *two)
        assert (done.returncode, done.stdout) == (2, b"")
        assert str(nas).encode() in done.stderr
    done = sdgen("refresh --all --format ids", *two)
    assert (done.returncode, sorted(done.stdout.decode().split())) == (0, sorted((*EVERY, new)))
    assert sdgen(f"show {NAS[0]}", *two).returncode == 0
    assert sdgen(f"tag {NAS[0]} --liked", *two).returncode == 0
    assert sdgen("undo", *two).returncode == 0

    for table, was in before.items():
        of_nas = {row.get("session_name", row.get("session_id")): row for row in rows(path, table)}
        assert [of_nas[name] for name in NAS] == [
            row for row in was if row.get("session_name", row.get("session_id")) in NAS
        ]
    if nas.is_file():
        nas.unlink()
    elif nas.exists():
        nas.rmdir()
    (two[0].parent / "elsewhere").rename(nas)
    assert library.compute().fresh == len(EVERY) + 1
    assert ids(library) == [new, *EVERY]
    assert_mirrored(library)
    assert_sound(path)


def test_a_root_that_may_not_be_read_is_offline(library: SessionLibrary, two: tuple[Path, Path]) -> None:
    def look() -> tuple[list[str], tuple[str, ...], int]:
        report = library.compute(force=True)
        return ids(library), report.offline, library.prune(force=True)

    two[1].chmod(0)
    try:
        assert as_ordinary_user(look) == (EVERY, ("nas",), 0)
    finally:
        two[1].chmod(0o755)
    assert library.compute().fresh == len(EVERY)


def test_if_every_root_is_offline_what_is_recorded_is_shown(library: SessionLibrary, two: tuple[Path, Path]) -> None:
    for root in two:
        root.rename(root.with_name(f"{root.name}-elsewhere"))
    done = sdgen("list --format ids", *two)
    assert (done.returncode, done.stdout.decode().split()) == (0, EVERY)
    assert "home, nas" in done.stderr.decode().splitlines()[0]
    assert sdgen("warm-cache --prune --force --quiet", *two).returncode == 0
    assert ids(library) == EVERY


def test_a_new_root_that_is_offline_beside_one_that_is_there(two: tuple[Path, Path], tmp_path: Path) -> None:
    """Nothing is known of it: it is named, and nothing is made in its place."""
    missing = tmp_path / "mnt" / "typo"
    done = sdgen("list --format ids", two[0], missing)
    assert (done.returncode, done.stdout.decode().split()) == (0, list(reversed(HOME)))
    assert "typo" in done.stderr.decode()
    assert not missing.exists()


def test_one_root_can_be_asked_for_while_the_other_is_offline(library: SessionLibrary, two: tuple[Path, Path]) -> None:
    be_absent(two[1])
    here, there = (SessionLibrary(two, root=name) for name in ("home", "nas"))
    assert (ids(here), ids(there)) == (sorted(HOME, reverse=True), sorted(NAS, reverse=True))
    assert here.get(HOME[0]).stats is not None
    for asked in (there, library):
        with pytest.raises(ImagesRootError) as caught:
            asked.compute(NAS[0], force=True)
        assert caught.value.details["root"] == str(two[1])


# Two roots in one parent folder


@pytest.fixture
def neighbours(tmp_path: Path) -> tuple[Path, Path]:
    """Two roots that have their database in the same place by default, one session id in common."""
    first, second = tmp_path / "first", tmp_path / "second"
    for root, names in ((first, HOME), (second, (HOME[1], *NAS))):
        for name in names:
            make_session(root, name, images=2 if root is first else 3)
    return first, second


def test_two_roots_in_one_folder_share_a_database_and_keep_apart(neighbours: tuple[Path, Path]) -> None:
    first, second = map(SessionLibrary, neighbours)
    assert first.db_path == second.db_path
    for library in (first, second, first):
        report = library.compute()
        assert (report.missing, report.problems) == (0, ())
    first.update_metadata(HOME[0], SessionMetadataUpdate(is_favorite=True, add_tags=("first",)))
    second.update_metadata(NAS, SessionMetadataUpdate(add_tags=("second",)))

    assert (ids(first), ids(second)) == (sorted(HOME, reverse=True), sorted((HOME[1], *NAS), reverse=True))
    assert (first.find(liked=True).total_count, second.find(liked=True).total_count) == (1, 0)
    assert (first.tags(), second.tags()) == ({"first": 1}, {"second": 3})
    assert sum(first.models().values()) == 2
    assert [each.stats.images_actual for each in (first.get(HOME[1]), second.get(HOME[1])) if each.stats] == [2, 3]
    assert {entry.session_id for entry in first.history()} == {HOME[0]}
    with pytest.raises(UndoRefusedError):
        first.undo(2)
    assert first.undo().undone == 1
    with pytest.raises(UndoRefusedError):
        first.undo()
    assert second.tags() == {"second": 3}


def test_neither_prunes_the_other(neighbours: tuple[Path, Path]) -> None:
    first, second = map(SessionLibrary, neighbours)
    for library in (first, second):
        library.compute()
    shutil.rmtree(neighbours[0] / HOME[0])
    assert second.prune(force=True) == 0
    done = sdgen("warm-cache --prune --force", neighbours[1])
    assert (done.returncode, b"folder any more" in done.stderr) == (0, False)
    assert first.find(missing=True).total_count == 1
    assert first.prune(force=True) == 1
    assert ids(second) == sorted((HOME[1], *NAS), reverse=True)
    assert {row["session_name"] for row in rows(Path(first.db_path), "session_stats")} == {HOME[1], *NAS}


def test_both_as_one_collection(neighbours: tuple[Path, Path]) -> None:
    """The id in both is two sessions. Its metadata is the first root's, and so is its row of the mirror."""
    library = SessionLibrary(neighbours)
    library.compute()
    assert ids(library) == sorted((*HOME, HOME[1], *NAS), reverse=True)
    library.update_metadata(HOME[1], TAG)
    (record,) = library.find(tag=["kept"]).sessions
    assert (record.root, record.session_path) == ("first", str(neighbours[0] / HOME[1]))
    (twin,) = library.find(problem=True).sessions
    assert (twin.root, twin.metadata) == ("second", None)
    assert "first" in (twin.problem or "")
    assert_mirrored(library)
    assert rows(Path(library.db_path), "session_stats")[1]["images_actual"] == 2
    shutil.rmtree(neighbours[0] / HOME[1])
    assert library.find(tag=["kept"]).sessions[0].root == "second"
    assert library.find(problem=True).total_count == 0
    assert_sound(Path(library.db_path))


@needs_symlinks
@pytest.mark.parametrize("is_known_by", ["its path", "a symlink"])
def test_the_same_root_by_another_name_is_the_same(tmp_path: Path, two: tuple[Path, Path], is_known_by: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(two[0])
    path = tmp_path / "sessions.db"
    paths: Sequence[Path] = (two[0], link) if is_known_by == "its path" else (link, two[0])
    SessionLibrary(paths[0], path).update_metadata(HOME, TAG)
    SessionLibrary(paths[0], path).compute()
    library = SessionLibrary(paths[1], path)
    assert library.compute().fresh == 2
    assert library.tags() == {"kept": 2}
    assert {record.session_path for record in library.find().sessions} == {str(paths[1] / name) for name in HOME}
    assert len(rows(path, "session_stats")) == 2
    assert_mirrored(library)


def test_a_collection_that_moved_keeps_everything(library: SessionLibrary, two: tuple[Path, Path]) -> None:
    moved = two[1].with_name("new-nas")
    two[1].rename(moved)
    after = SessionLibrary((two[0], moved), library.db_path)
    report = after.compute()
    assert (report.computed, report.fresh, report.missing) == (0, len(EVERY), 0)
    assert after.tags() == {"kept": 5}
    assert {record.session_path for record in after.find().sessions} == {
        *(str(two[0] / name) for name in HOME),
        *(str(moved / name) for name in NAS),
    }
    assert_mirrored(after)
    assert after.undo().undone == 1
    assert after.tags() == {}


def test_an_edit_that_knows_of_no_roots_repairs_the_mirror_of_several(
    library: SessionLibrary, two: tuple[Path, Path]
) -> None:
    path = Path(library.db_path)
    with plain(path) as other:
        other.execute("DELETE FROM session_stats")
    SessionMetadataService(path).add_tags(NAS[0], two[1] / NAS[0], ["more"])
    assert_mirrored(library)
