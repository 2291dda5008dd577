"""What an images root holds."""

import os
from pathlib import Path

import pytest

from sdgen_admin.disk.roots import SessionFolders, is_offline, list_root
from sdgen_admin.disk.spelling import is_same_folder
from sdgen_admin.errors import ImagesRootError
from tests.builders import SESSION, make_session
from tests.platforms import needs_raw_names, needs_symlinks
from tests.privileges import as_ordinary_user

UNDECODABLE = os.fsdecode(b"20251107_120000-caf\xe9")


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
def test_a_session_folder_that_is_not_utf8_is_set_apart(images_dir: Path) -> None:
    (images_dir / UNDECODABLE).mkdir()
    (images_dir / os.fsdecode(b"thumbnails\xe9")).mkdir()

    listing = list_root(str(images_dir))

    assert listing.session_ids == []
    assert listing.undecodable == [r"20251107_120000-caf\xe9"]
    assert listing.passed_over == 1


@pytest.mark.parametrize("name", ["nothing", "a_file"])
def test_an_images_root_that_is_not_a_folder_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "a_file").write_bytes(b"")
    path = str(tmp_path / name)

    with pytest.raises(ImagesRootError) as raised:
        list_root(path)

    assert raised.value.code == "root-offline"
    assert raised.value.details["root"] == path
    assert raised.value.message == f"Cannot read the images root {path}: {raised.value.details['reason']}."


def test_an_images_root_that_nobody_may_read_is_an_error(images_dir: Path) -> None:
    make_session(images_dir)
    images_dir.chmod(0)
    try:
        with pytest.raises(ImagesRootError, match="Permission denied") as raised:
            as_ordinary_user(lambda: list_root(str(images_dir)))
    finally:
        images_dir.chmod(0o755)

    assert raised.value.details == {"root": str(images_dir), "reason": "Permission denied"}


def test_a_path_that_no_drive_can_have_is_an_error() -> None:
    with pytest.raises(ImagesRootError, match="null") as raised:
        list_root("/images\0")

    assert raised.value.code == "root-offline"


@needs_raw_names
def test_an_images_root_whose_name_is_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImagesRootError) as raised:
        list_root(os.fsdecode(b"/nowhere/caf\xe9"))

    assert r"/nowhere/caf\xe9" in raised.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SESSION, True),
        ("20251107_120001-a_file", False),
        ("20251107_120002-nowhere", False),
        ("thumbnails", False),
        (f"{SESSION}/", False),
        (f"../images/{SESSION}", False),
        ("", False),
        (f"{SESSION}\0", False),
        (f"{SESSION}\udce9", False),
    ],
)
def test_whether_a_session_has_its_folder(images_dir: Path, text: str, expected: bool) -> None:
    make_session(images_dir)
    (images_dir / "20251107_120001-a_file").write_bytes(b"")
    (images_dir / "thumbnails").mkdir()

    assert (text in SessionFolders(str(images_dir))) is expected


@pytest.mark.parametrize("kind", ["absent", "empty", "a file", "without sessions", "unreadable", "with a session"])
def test_whether_a_root_is_offline(images_dir: Path, kind: str) -> None:
    (images_dir / "thumbnails").mkdir()
    (images_dir / "20251107_120001-a_file").touch()
    make_session(images_dir)
    root = images_dir.parent / "root"
    if kind == "empty":
        root.mkdir()
    elif kind == "a file":
        root.touch()
    elif kind in ("with a session", "unreadable"):
        images_dir.rename(root)
    elif kind == "without sessions":
        (images_dir / SESSION).rename(images_dir.parent / "elsewhere")
        images_dir.rename(root)
    if kind == "unreadable":
        root.chmod(0o311)
    try:
        assert as_ordinary_user(lambda: is_offline(str(root))) is (kind != "with a session")
    finally:
        if kind == "unreadable":
            root.chmod(0o755)


@needs_symlinks
def test_whether_two_paths_are_one_folder(images_dir: Path, tmp_path: Path) -> None:
    folder, other = make_session(images_dir), make_session(images_dir, "20251108_120000-other")
    (tmp_path / "link").symlink_to(folder)
    assert is_same_folder(str(folder), str(tmp_path / "link"))
    assert not is_same_folder(str(folder), str(other))
    assert not is_same_folder(str(folder), str(tmp_path / "nothing"))
