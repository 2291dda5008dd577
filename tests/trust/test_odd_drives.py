"""Drives that fold case or Unicode forms, and drives that fail to open a file: one session stays one session."""

import errno
import json
import os
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.cli.completion import offers
from sdgen_admin.errors import ManifestNotFoundError, SessionNotFoundError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.session_id import shown_id
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from sdgen_admin.services.stats import SessionStatsService
from sdgen_admin.stats.calculator import SessionStatsCalculator
from tests.builders import date, make_session
from tests.cli.harness import run
from tests.neighbour import rows
from tests.odd_drive import Drive, MakeDrive
from tests.services.watching import listings, times_listed

NAME = "20251107_120000-Café"
OTHERS = tuple(f"20251106_12000{number}-other" for number in range(2))
LONG_AGO = datetime.now() - timedelta(days=3)
"""Settled by any drive's clock."""
LIKE = SessionMetadataUpdate(is_favorite=True)
SPELLINGS = {
    "lower case": "20251107_120000-café",
    "upper case": "20251107_120000-CAFÉ",
    "decomposed": unicodedata.normalize("NFD", NAME),
    "decomposed, upper case": unicodedata.normalize("NFD", NAME).upper(),
}
ANY_SPELLING = pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
Use = Callable[[SessionLibrary, str], object]


@pytest.fixture
def drive(odd_drive: MakeDrive) -> Drive:
    """A drive that folds case and forms, with a collection on it."""
    drive = odd_drive(fold_case=True, one_form=True)
    for name in (NAME, *OTHERS):
        make_session(drive.backing / "images", name, when=LONG_AGO)
    return drive


@pytest.fixture
def library(drive: Drive) -> SessionLibrary:
    library = SessionLibrary(drive / "images")
    library.compute()
    return library


def recorded(library: SessionLibrary) -> list[str]:
    """Return the ids of all rows that the database has, in any table of sessions."""
    tables = ("sdgen_admin_sessions", "session_metadata", "session_stats")
    return sorted({row["session_id"] for table in tables for row in rows(Path(library.db_path), table)})


def listed(library: SessionLibrary) -> list[str]:
    return sorted(record.session_id for record in library.find().sessions)


def service(library: SessionLibrary) -> SessionStatsService:
    return SessionStatsService(library.db_path, library.roots[0].path)


def upsert(library: SessionLibrary, name: str) -> object:
    path = f"{library.roots[0].path}/{name}"
    return SessionMetadataService(library.db_path).upsert_metadata(name, path, LIKE)


EXACT: dict[str, Use] = {
    "get": lambda library, name: library.get(name),
    "get by path": lambda library, name: library.get(f"{library.roots[0].path}/{name}"),
    "compute": lambda library, name: library.compute([name]),
    "compute one": lambda library, name: library.compute(name, force=True),
    "update": lambda library, name: library.update_metadata(name, LIKE),
    "compute and cache": lambda library, name: service(library).compute_and_cache_stats(name),
    "get or compute": lambda library, name: service(library).get_or_compute_stats(name),
    "refresh": lambda library, name: service(library).refresh_stats(name),
    "upsert": upsert,
}


@pytest.mark.parametrize("use", EXACT.values(), ids=EXACT)
@ANY_SPELLING
def test_another_spelling_is_no_session_to_the_library(library: SessionLibrary, spelling: str, use: Use) -> None:
    with pytest.raises(SessionNotFoundError) as raised:
        use(library, spelling)

    assert raised.value.code == "no-such-session"
    assert recorded(library) == sorted([NAME, *OTHERS])
    assert listed(library) == sorted([NAME, *OTHERS])


@pytest.mark.parametrize("use", EXACT.values(), ids=EXACT)
def test_its_own_spelling_is(library: SessionLibrary, use: Use) -> None:
    assert use(library, NAME) is not None
    assert recorded(library) == sorted([NAME, *OTHERS])


@ANY_SPELLING
def test_nothing_is_known_of_another_spelling(library: SessionLibrary, spelling: str) -> None:
    assert service(library).get_stats(spelling) is None
    assert service(library).delete_stats(spelling) is False
    assert library.history(spelling) == ()
    assert service(library).get_stats(NAME) is not None


@ANY_SPELLING
def test_a_person_finds_it_by_any_spelling(library: SessionLibrary, spelling: str) -> None:
    root = library.roots[0].path

    assert library.resolve([spelling, f"{root}/{spelling}", f"{root}/{spelling}/"]) == [NAME]
    outcome = run("tag", spelling, "--liked", "--images-dir", root)
    assert (outcome.status, outcome.err) == (0, "")
    assert [record.session_id for record in library.find(liked=True).sessions] == [NAME]
    assert recorded(library) == sorted([NAME, *OTHERS])


@ANY_SPELLING
def test_a_folder_computed_by_itself_has_the_name_that_is_listed(drive: Drive, spelling: str) -> None:
    stats = SessionStatsCalculator(drive / "images" / spelling).compute_stats()

    assert stats.session_id == NAME
    assert stats.session_path == str(drive / "images" / NAME)
    with pytest.raises(ManifestNotFoundError):
        SessionStatsCalculator(drive / "images" / f"{spelling}s").compute_stats()


@ANY_SPELLING
def test_a_change_of_spelling_is_one_session_gone_and_one_come(
    drive: Drive, library: SessionLibrary, spelling: str
) -> None:
    library.update_metadata(NAME, LIKE)
    (drive / "images" / NAME).rename(drive / "images" / spelling)

    assert library.get(NAME).missing
    assert library.get(spelling).stats is not None
    assert listed(library) == sorted([spelling, *OTHERS])
    assert [record.session_id for record in library.find(missing=True).sessions] == [NAME]
    with pytest.raises(SessionNotFoundError):
        library.compute([NAME], force=True)
    assert listed(library) == sorted([spelling, *OTHERS])
    metadata = library.get(NAME).metadata
    assert metadata is not None
    assert metadata.is_favorite
    assert library.get(spelling).metadata is None


@ANY_SPELLING
def test_pruning_goes_on_after_a_change_of_spelling(drive: Drive, library: SessionLibrary, spelling: str) -> None:
    (drive / "images" / NAME).rename(drive / "images" / spelling)

    outcome = run("warm-cache", "--prune", "--images-dir", drive / "images")

    assert outcome.status == 0
    assert recorded(library) == sorted([spelling, *OTHERS])


@pytest.mark.parametrize("spelling", ["Images", "IMAGES"])
def test_a_root_by_another_spelling_is_the_same_root(drive: Drive, library: SessionLibrary, spelling: str) -> None:
    library.update_metadata(NAME, LIKE)
    other = SessionLibrary(drive / spelling)

    assert os.path.samefile(other.db_path, library.db_path)
    assert len(SessionLibrary([drive / "images", drive / spelling]).roots) == 1
    assert other.compute().fresh == 3
    assert [record.session_id for record in other.find(liked=True).sessions] == [NAME]
    assert library.get(str(drive / spelling / NAME)).session_id == NAME
    assert len(list(Path(library.db_path).parent.iterdir())) == 1
    assert recorded(other) == sorted([NAME, *OTHERS])
    assert [record.root for record in library.find().sessions] == ["images"] * 3
    assert library.compute().fresh == 3


def test_an_exact_id_costs_one_listing_at_most(library: SessionLibrary) -> None:
    root = Path(library.roots[0].path)
    with listings() as heard:
        library.update_metadata([NAME, *OTHERS], LIKE)

    assert times_listed(heard, root) == 1


@pytest.mark.parametrize("name", ["MANIFEST.JSON", "Manifest.json"])
def test_a_manifest_in_capitals_is_read_once(drive: Drive, name: str) -> None:
    for session in (NAME, *OTHERS):
        folder = drive.backing / "images" / session
        (folder / "manifest.json").rename(folder / name)
        date(folder, LONG_AGO)
    library = SessionLibrary(drive / "images")

    assert library.compute().problems == ()
    assert library.compute().fresh == 3
    assert library.compute([NAME]).fresh == 1
    assert {record.source for record in library.find().sessions} == {"manifest"}


def test_on_an_ordinary_drive_a_manifest_in_capitals_is_a_file_like_others(images_dir: Path) -> None:
    folder = make_session(images_dir)
    (folder / "manifest.json").rename(folder / "MANIFEST.JSON")
    date(folder)
    if (folder / "manifest.json").exists():
        pytest.skip("this drive folds case")
    library = SessionLibrary(images_dir)

    (problem,) = library.compute().problems
    assert problem.problem == "There is no manifest.json in the folder."
    assert library.compute().fresh == 1


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE, errno.ENOENT, errno.ETIMEDOUT])
def test_a_manifest_that_cannot_be_opened_replaces_nothing(odd_drive: MakeDrive, number: int) -> None:
    drive = odd_drive()
    folder = make_session(drive.backing / "images", NAME)
    library = SessionLibrary(drive / "images")
    library.compute()
    good = library.get(NAME)
    drive.remount(manifest_error=number)
    (folder / "image_0006.png").write_bytes(b"image")

    for _ in range(2):  # it is tried again
        (problem,) = library.compute().problems
        assert problem.problem == f"manifest.json cannot be read: {os.strerror(number)}."
    kept = library.get(NAME)
    assert (kept.stats, kept.source) == (good.stats, "manifest")
    assert kept.outdated
    assert kept.problem == f"manifest.json cannot be read: {os.strerror(number)}."

    drive.remount(manifest_error=0)

    assert library.compute().problems == ()
    mended = library.get(NAME)
    assert mended.stats is not None
    assert mended.stats.images_actual == 7
    assert not mended.outdated


def test_a_manifest_that_never_could_be_opened_is_read_when_it_can(odd_drive: MakeDrive) -> None:
    drive = odd_drive(manifest_error=errno.EIO)
    make_session(drive.backing / "images", NAME)
    library = SessionLibrary(drive / "images")
    library.compute()
    assert library.get(NAME).source == "folder"

    drive.remount(manifest_error=0)

    assert library.compute().computed == 1
    assert library.get(NAME).source == "manifest"


def test_companion_files_count_for_nothing(images_dir: Path) -> None:
    make_session(images_dir, NAME, images=["a.png", "._a.png", "b.PNG", "._b.PNG", "._.png"])
    bare = make_session(images_dir, OTHERS[0], without_manifest=True, images=0)
    (bare / "._manifest.json").write_bytes(b"\0\x05\x16\x07")
    (images_dir / f"._{NAME}").write_bytes(b"\0\x05\x16\x07")
    make_session(images_dir, f"._{OTHERS[1]}")
    (images_dir / "._manifest.json").write_bytes(b"\0\x05\x16\x07")

    outcome = run("list", "--json", "--images-dir", images_dir)

    found = {record["session_id"]: record for record in json.loads(outcome.out)["sessions"]}
    assert sorted(found) == sorted([NAME, OTHERS[0]])
    assert found[NAME]["stats"]["images_actual"] == 2
    assert found[NAME]["problem"] is None
    assert found[OTHERS[0]]["problem"] == "There is no manifest.json in the folder."


CONTROLS = ("\r", "\\x0d", "\n", "\\x0a", '"\x1b"', "\\\\x0d", "\\\r", "\u2028", "\\u2028", "\x7f", "\\", "x\\x5cx0d")


def test_ids_that_differ_by_how_a_control_character_is_spelled_are_distinct_and_usable(images_dir: Path) -> None:
    names = [f"20251107_120000-a{control}" for control in CONTROLS]
    for name in names:
        make_session(images_dir, name, images=0, manifest="{}")
    where = ("--images-dir", images_dir)
    lines = run("list", "--format", "ids", *where).out.split("\n")[:-1]
    assert len(set(lines)) == len(names)
    assert "".join(lines).isprintable()

    named = [json.loads(run("show", line, "--json", *where).out)["session_id"] for line in lines]
    assert sorted(named) == sorted(names)
    raw = [json.loads(run("show", name, "--json", *where).out)["session_id"] for name in names]
    assert raw == names
    for name, line in zip(named, lines, strict=True):
        outcome = run("tag", "-", "--add", "piped", "--json", *where, stdin=f"{line}\n")
        assert [changed["session_id"] for changed in json.loads(outcome.out)["metadata"]] == [name]
    shown = run("list", *where).out
    assert all(line in shown for line in lines)


def test_a_completed_id_names_its_session(images_dir: Path) -> None:
    names = [f"20251107_120000-a{control}" for control in CONTROLS]
    for name in names:
        make_session(images_dir, name, images=0, manifest="{}")
    run("compute-stats", "--all", "--images-dir", images_dir)

    def completed(part: str) -> list[str]:
        return [offer.word for offer in offers(["show", "--images-dir", str(images_dir)], part)]

    assert set(completed("20251107")) == set(map(shown_id, names))
    for name in names:
        for part in (name[:-1], shown_id(name)[:-1], shown_id(name)[:-2]):
            assert shown_id(name) in completed(part)
