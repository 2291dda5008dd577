"""Which names are sessions, and what the images root holds."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from sdgen_admin.disk.root import created_at, is_session_id, is_storable, list_root, visible
from sdgen_admin.errors import ImagesRootError
from tests.builders import make_session
from tests.platforms import needs_raw_names, needs_symlinks

UNDECODABLE = os.fsdecode(b"20251107_120000-caf\xe9")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20251014_173320-facial_expressions", datetime(2025, 10, 14, 17, 33, 20)),
        ("20251014_173320", datetime(2025, 10, 14, 17, 33, 20)),
        ("20251014_173320_長い髪", datetime(2025, 10, 14, 17, 33, 20)),
        ("2025-10-14_173320_name.prompt", datetime(2025, 10, 14, 17, 33, 20)),
        ("2025-10-14_173320", datetime(2025, 10, 14, 17, 33, 20)),
        ("20240229_235959-leap", datetime(2024, 2, 29, 23, 59, 59)),
        ("20251399_120000-no_such_month", None),
        ("20250229_120000-no_leap_year", None),
        ("20251107_240000-no_such_hour", None),
        ("20251107_126000-no_such_minute", None),
        ("20251107_120060-no_such_second", None),
        ("00000101_120000-no_such_year", None),
        ("2025-1107_120000-half_and_half", None),
        ("20251107-120000", None),
        ("20251107_12000", None),
        (" 20251107_120000", None),
        ("x20251107_120000", None),
        ("२०२५११०७_120000", None),
        ("thumbnails", None),
        ("dryrun", None),
        (".git", None),
        ("", None),
    ],
)
def test_only_a_real_date_and_time_makes_a_session(name: str, expected: datetime | None) -> None:
    assert created_at(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20251107_120000-portraits", True),
        ("2025-11-07_120000_name.prompt", True),
        ("20251107_120000-[red]..%20", True),
        ("thumbnails", False),
        ("..", False),
        ("../20251107_120000-portraits", False),
        ("20251107_120000-portraits/", False),
        ("20251107_120000-portraits/../../secret", False),
        ("20251107_120000-portraits/..", False),
        ("/etc/20251107_120000-portraits", False),
        ("20251107_120000-por\0traits", False),
        ("", False),
    ],
)
def test_a_session_id_is_a_name_and_never_a_path(text: str, expected: bool) -> None:
    assert is_session_id(text) is expected


def test_names_that_are_no_utf8_are_made_visible() -> None:
    assert is_storable("20251107_120000-長い髪")
    assert not is_storable("20251107_120000-caf\udce9")
    if os.name != "nt":
        assert visible("20251107_120000-caf\udce9") == r"20251107_120000-caf\xe9"


def test_only_dated_folders_are_sessions(images_dir: Path) -> None:
    for name in ("20251107_120000-a", "2025-11-07_120000_b", "thumbnails", "20251399_120000", ".git"):
        (images_dir / name).mkdir()
    (images_dir / "20251107_120001-a_file").write_bytes(b"")

    listing = list_root(str(images_dir))

    assert sorted(listing.session_ids) == ["2025-11-07_120000_b", "20251107_120000-a"]
    assert listing.passed_over == 4
    assert listing.undecodable == []


@needs_symlinks
def test_a_symlink_counts_as_what_it_leads_to(images_dir: Path, tmp_path: Path) -> None:
    elsewhere = make_session(tmp_path / "elsewhere")
    (images_dir / "20251107_120000-to_a_folder").symlink_to(elsewhere)
    (images_dir / "20251107_120001-to_a_file").symlink_to(elsewhere / "manifest.json")
    (images_dir / "20251107_120002-to_nothing").symlink_to(tmp_path / "nothing")
    (images_dir / "20251107_120003-to_itself").symlink_to(images_dir / "20251107_120003-to_itself")

    listing = list_root(str(images_dir))

    assert listing.session_ids == ["20251107_120000-to_a_folder"]
    assert listing.passed_over == 3


@needs_raw_names
def test_a_session_folder_that_is_no_utf8_is_set_apart(images_dir: Path) -> None:
    (images_dir / UNDECODABLE).mkdir()
    (images_dir / os.fsdecode(b"thumbnails\xe9")).mkdir()

    listing = list_root(str(images_dir))

    assert listing.session_ids == []
    assert listing.undecodable == [r"20251107_120000-caf\xe9"]
    assert listing.passed_over == 1


@pytest.mark.parametrize("name", ["nothing", "a_file"])
def test_an_images_root_that_is_no_folder_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "a_file").write_bytes(b"")

    with pytest.raises(ImagesRootError) as raised:
        list_root(str(tmp_path / name))

    assert name in raised.value.message
    assert "--images-dir" in raised.value.hint
