"""The demo: a collection with every kind of session."""

from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.errors import UsageError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.demo import make_demo
from sdgen_admin.services.library import SessionLibrary
from tests.privileges import as_ordinary_user

KINDS: list[dict[str, Any]] = [
    {"liked": True},
    {"test": True},
    {"complete": True},
    {"complete": False},
    {"seed_sweep": True},
    {"problem": True},
    {"untagged": True},
    {"rating": "like"},
    {"rating": "dislike"},
    {"status": "ongoing"},
    {"status": "stalled"},
    {"status": "unknown"},
    {"source": "manifest"},
    {"source": "folder"},
    {"status": "completed"},
    {"status": "aborted"},
    {"search": "長い髪"},
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> SessionLibrary:
    return SessionLibrary(make_demo(tmp_path_factory.mktemp("demo") / "new"))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_there_is_every_kind(library: SessionLibrary, kind: dict[str, Any]) -> None:
    assert library.find(**kind).total_count > 0


def test_images_are_images_and_all_is_settled(library: SessionLibrary) -> None:
    images = [image.read_bytes() for image in Path(library.roots[0].path).rglob("*.png")]
    assert len(set(images)) > 50
    assert all(image.startswith(b"\x89PNG") and image.endswith(b"IEND\xaeB`\x82") for image in images)
    report = library.compute()
    assert (report.computed, report.fresh, report.failed, len(report.problems)) == (0, 8, 0, 2)


def test_made_again_it_keeps_what_was_typed(tmp_path: Path) -> None:
    first = make_demo(tmp_path / "demo")
    session = SessionLibrary(first).resolve(["latest"])[0]
    SessionLibrary(first).update_metadata(session, SessionMetadataUpdate(user_note="mine"))
    (Path(first) / session / "mine.png").touch()
    assert make_demo(tmp_path / "demo") == first
    record = SessionLibrary(first).get(session)
    assert record.metadata is not None
    assert record.metadata.user_note == "mine"
    assert (Path(first) / session / "mine.png").exists()


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert Path(make_demo(tmp_path)) == tmp_path / "images"


def test_a_folder_with_something_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="already exists and is not a demo folder") as raised:
        make_demo(tmp_path)
    assert (raised.value.code, raised.value.details) == ("demo-exists", {"path": str(tmp_path)})
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(UsageError, match="Cannot create"):
            as_ordinary_user(lambda: make_demo(tmp_path / "demo"))
    finally:
        tmp_path.chmod(0o755)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError):
        make_demo(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
