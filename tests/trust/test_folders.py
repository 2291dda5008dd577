"""Folders that misbehave while everything is at work: one bad session never stops the rest."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from sdgen_admin.errors import ImagesRootError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import add_image, make_manifest, make_session, write_manifest
from tests.cli.harness import run
from tests.neighbour import rows
from tests.platforms import needs_raw_names, needs_symlinks
from tests.privileges import as_ordinary_user
from tests.trust.collections import assert_sound
from tests.trust.mirror import assert_mirrored

GOOD = tuple(f"20251107_12000{number}-good" for number in range(5))
HOSTILE_NAMES = (
    "20251108_120000-new\nline",
    "20251108_120001-quote's\"",
    "20251108_120002-\x1b[2J\x07",
    "20251108_120003-[red]x[red] [x]",
    "20251108_120004-; DROP TABLE session_metadata; --",
    "20251108_120005-%s %d {0} $HOME `id`",
    "20251108_120006--rf",
    "20251108_120007-\u202egnp.exe",
    "20251108_120008- ",
)


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    for name in GOOD:
        make_session(images_dir, name)
    return SessionLibrary(images_dir)


def listed(library: SessionLibrary) -> set[str]:
    return {record.session_id for record in library.find(SessionFilter(limit=None)).sessions}


@needs_symlinks
@pytest.mark.parametrize("jobs", [1, 4])
def test_every_kind_of_bad_session_at_once(library: SessionLibrary, images_dir: Path, jobs: int) -> None:
    kinds = ("closed folder", "closed manifest", "folder", "circle", "old", "half", "empty", "nowhere")
    bad = {kind: f"20251108_12000{number}-{kind}" for number, kind in enumerate(kinds)}
    for name in ("closed folder", "closed manifest", "half"):
        make_session(images_dir, bad[name])
    (images_dir / bad["closed folder"]).chmod(0)
    (images_dir / bad["closed manifest"] / "manifest.json").chmod(0)
    (make_session(images_dir, bad["folder"], without_manifest=True) / "manifest.json").mkdir()
    (images_dir / bad["circle"]).symlink_to(images_dir / bad["circle"])
    make_session(images_dir, bad["old"], images={"a.png": datetime(1950, 1, 1), "b.png": datetime(2170, 1, 1)})
    write_manifest(images_dir / bad["half"], '{"snapshot": {"version')
    (images_dir / bad["empty"]).mkdir()
    (images_dir / bad["nowhere"]).symlink_to(images_dir / "nothing")
    try:
        report = as_ordinary_user(lambda: library.compute(jobs=jobs))
    finally:
        (images_dir / bad["closed folder"]).chmod(0o755)
    with_problem = {problem.session_id for problem in report.problems}
    assert with_problem == {bad[name] for name in bad} - {bad["circle"], bad["nowhere"], bad["old"]}
    assert report.failed == 1
    assert report.computed == len(GOOD) + 5
    first = library.get(bad["old"], fresh=False).stats
    assert first is not None
    assert first.first_image_created_at == datetime(1950, 1, 1)
    assert first.last_image_created_at == datetime(2170, 1, 1)
    assert_sound(Path(library.db_path))


@needs_raw_names
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_is_only_a_name(library: SessionLibrary, images_dir: Path, name: str) -> None:
    folder = make_session(images_dir, name)
    add_image(folder, "-rf\n\x1b[2J'\".png")
    library.compute()
    library.update_metadata(name, SessionMetadataUpdate(add_tags=("a",)))
    assert listed(library) == {*GOOD, name}
    stats = library.get(name).stats
    assert stats is not None
    assert stats.images_actual == 7
    place = ["--images-dir", str(images_dir)]
    for command in (["list"], ["list", "--format", "ids"], ["show", "latest"], ["history"], ["list", "--json"]):
        outcome = run(*command, *place)
        assert outcome.status == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(outcome.out + outcome.err)
    assert library.undo().changes[0].session_id == name


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something again and again while the body runs."""
    done = threading.Event()

    def repeat() -> None:
        while not done.is_set():
            work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_sessions_that_come_and_go_and_grow_while_they_are_read(library: SessionLibrary, images_dir: Path) -> None:
    growing, fickle = images_dir / "20251109_120000-growing", images_dir / "20251109_120001-fickle"
    make_session(images_dir, growing.name, images=0)
    whole = make_manifest()
    count = 0

    def misbehave() -> None:
        nonlocal count
        add_image(growing, f"{count}.png")
        count += 1
        (growing / "manifest.json").write_bytes(b'{"snapshot": {')
        write_manifest(growing, whole)
        make_session(images_dir, fickle.name)
        shutil.rmtree(fickle)

    with meanwhile(misbehave):
        for turn in range(30):
            report = library.compute(force=turn % 2 == 0, jobs=1 + turn % 3)
            assert report.failed == 0
            assert listed(library) >= {*GOOD, growing.name}
            stats = library.get(growing.name).stats
            assert stats is not None
            # Once it was read whole, a half-written manifest takes nothing away.
            assert stats.sd_model in (None, "ponyXL_v6.safetensors [abc123def4]")
    assert_sound(Path(library.db_path))
    stats = library.get(growing.name).stats
    assert stats is not None
    assert (stats.images_actual, stats.sd_model) == (count, "ponyXL_v6.safetensors [abc123def4]")
    assert listed(library) == {*GOOD, growing.name}


@pytest.mark.parametrize("emptied", [True, False])
def test_an_unmounted_drive_deletes_nothing(library: SessionLibrary, images_dir: Path, *, emptied: bool) -> None:
    path = Path(library.db_path)
    library.compute()
    library.update_metadata(GOOD, SessionMetadataUpdate(user_note="typed"))
    library.compute()
    tables = ("session_metadata", "session_stats", "sdgen_admin_sessions", "sdgen_admin_history")
    before = [rows(path, table) for table in tables]
    images_dir.rename(images_dir.with_name("elsewhere"))
    if emptied:
        images_dir.mkdir()
    assert library.prune() == 0
    assert library.prune(force=True) == 0
    report = library.compute(force=True)
    assert (report.offline, report.missing, report.computed) == (("images",), 0, 0)
    assert listed(library) == set(GOOD)
    assert library.find(missing=True).total_count == 0
    for line in ("list", "warm-cache --prune", "warm-cache --prune --force", "compute-stats --all", "refresh --all"):
        outcome = run(*line.split(), "--images-dir", images_dir)
        assert outcome.status == 0
        assert "images root" in outcome.err
    for line in ("refresh latest", "compute-stats latest"):
        assert run(*line.split(), "--images-dir", images_dir).status == 2
    assert [rows(path, table) for table in tables] == before
    library.update_metadata(GOOD[0], SessionMetadataUpdate(is_favorite=True))
    assert library.find(liked=True).total_count == 1
    if emptied:
        images_dir.rmdir()
    images_dir.with_name("elsewhere").rename(images_dir)
    assert listed(library) == set(GOOD)
    assert library.compute().fresh == len(GOOD)
    assert_mirrored(library)


def test_a_root_that_was_never_there_is_an_error_and_nothing_is_made(tmp_path: Path) -> None:
    library = SessionLibrary(tmp_path / "typo" / "images")
    for use in (library.find, library.compute, lambda: library.get("20251107_120000-x")):
        with pytest.raises(ImagesRootError):
            use()
    assert list(tmp_path.iterdir()) == []
