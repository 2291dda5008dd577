"""What the shell can complete: from the database alone, and silently nothing if that cannot be read."""

from pathlib import Path

import pytest

from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.completion import Completed, complete
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_manifest, make_session
from tests.neighbour import digest

PORTRAIT = "20251107_120000-portraits"
ACCENTED = "20250901_120000-ÉTÉ"
NAS = "20251201_120000-landscapes"


def model(name: str) -> dict[str, object]:
    return make_manifest(snapshot={"runtime_info": {"sd_model_checkpoint": name}})


@pytest.fixture
def roots(images_dir: Path, tmp_path: Path, path: Path) -> list[str]:
    """Two roots in one database, each with sessions, models and tags of its own."""
    make_session(images_dir, PORTRAIT, manifest=model("ponyXL"))
    make_session(images_dir, ACCENTED, manifest=model("Illustrious"))
    make_session(tmp_path / "nas", NAS, manifest=model("flux"))
    here, there = SessionLibrary(images_dir, path), SessionLibrary(tmp_path / "nas", path)
    here.compute()
    there.compute()
    here.update_metadata(PORTRAIT, SessionMetadataUpdate(tags=("portfolio", "faces")))
    there.update_metadata(NAS, SessionMetadataUpdate(tags=("trees",)))
    return [str(images_dir), str(tmp_path / "nas")]


@pytest.mark.parametrize(
    ("what", "part", "expected"),
    [
        ("sessions", "", {PORTRAIT, ACCENTED, NAS}),
        ("sessions", "portr", {PORTRAIT}),
        ("sessions", "PORTR", {PORTRAIT}),
        ("sessions", "été", {ACCENTED}),
        ("sessions", "2025", {PORTRAIT, ACCENTED, NAS}),
        ("sessions", "zzz", set()),
        ("models", "", {"ponyXL", "Illustrious", "flux"}),
        ("models", "xl", {"ponyXL"}),
        ("tags", "", {"portfolio", "faces", "trees"}),
        ("tags", "fac", {"faces"}),
        ("tags", "zzz", set()),
    ],
)
def test_what_is_typed_is_completed(
    path: Path, roots: list[str], what: Completed, part: str, expected: set[str]
) -> None:
    before = digest(path)
    found = complete(str(path), roots, what, part)
    assert set(found) == expected
    assert len(found) == len(expected)
    assert digest(path) == before


@pytest.mark.parametrize(("what", "expected"), [("sessions", [NAS]), ("models", ["flux"]), ("tags", ["trees"])])
def test_only_the_roots_that_are_asked_for_count(
    path: Path, roots: list[str], what: Completed, expected: list[str]
) -> None:
    assert complete(str(path), roots[1:], what, "") == expected
    assert complete(str(path), ["/nowhere"], what, "") == []


@pytest.mark.parametrize("what", ["sessions", "models", "tags"])
@pytest.mark.parametrize("part", ["%", "_", "*", "[", "'", '"', "\\", "\0", "\udcff", "a" * 10_000])
def test_odd_text_completes_to_nothing(path: Path, roots: list[str], what: Completed, part: str) -> None:
    found = complete(str(path), roots, what, part)
    assert all(part in name for name in found)


@pytest.mark.parametrize("what", ["sessions", "models", "tags"])
@pytest.mark.parametrize("kind", ["absent", "empty", "not a database", "folder", "foreign"])
def test_without_a_usable_database_there_is_nothing(tmp_path: Path, what: Completed, kind: str) -> None:
    path = tmp_path / "sessions.db"
    if kind == "empty":
        path.touch()
    elif kind == "not a database":
        path.write_text("notes " * 100)
    elif kind == "folder":
        path.mkdir()
    elif kind == "foreign":
        path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    assert complete(str(path), [str(tmp_path)], what, "") == []
    assert path.exists() is (kind != "absent")
