"""How a drive spells its names, on a drive that folds case or forms and on an ordinary one."""

import os
from pathlib import Path
from unicodedata import normalize

import pytest

from sdgen_admin.disk.roots import SessionFolders
from sdgen_admin.disk.spelling import is_other_spelling, is_same_folder, is_same_root, listed_name
from tests.odd_drive import MakeDrive
from tests.platforms import needs_symlinks
from tests.services.watching import listings, times_listed

NAME = "20251107_120000-"
PAIRS = [
    ("portrait", "PORTRAIT"),
    ("Straße", "straße"),
    ("Ж", "ж"),
    ("ß", "SS"),
    ("Ǆ", "ǆ"),
    ("é", normalize("NFD", "é")),
    ("É", normalize("NFD", "é")),
    ("a.b", "A.b"),
]
"""Two spellings of one name."""
BOTH_WAYS = pytest.mark.parametrize(("made", "asked"), [*PAIRS, *[(other, one) for one, other in PAIRS]])


@BOTH_WAYS
def test_a_folding_drive_has_a_session_by_the_spelling_listed_only(odd_drive: MakeDrive, made: str, asked: str) -> None:
    drive = odd_drive(fold_case=True)
    (drive / f"{NAME}{made}").mkdir()

    assert (drive / f"{NAME}{asked}").is_dir()
    assert f"{NAME}{asked}" not in SessionFolders(str(drive.path))
    assert f"{NAME}{made}" in SessionFolders(str(drive.path))
    assert SessionFolders(str(drive.path)).among([f"{NAME}{asked}", f"{NAME}{made}"]) == {f"{NAME}{made}"}
    assert listed_name(str(drive.path), f"{NAME}{asked}") == f"{NAME}{made}"
    assert is_same_folder(str(drive / f"{NAME}{asked}"), str(drive / f"{NAME}{made}"))


@BOTH_WAYS
def test_an_ordinary_drive_tells_them_apart(tmp_path: Path, made: str, asked: str) -> None:
    (tmp_path / f"{NAME}{made}").mkdir()
    if (tmp_path / f"{NAME}{asked}").exists():
        pytest.skip("this drive takes them for one")
    folders = SessionFolders(str(tmp_path))

    with listings() as heard:
        assert f"{NAME}{made}" in folders
        assert f"{NAME}{asked}" not in folders
    assert times_listed(heard, tmp_path) == 0

    (tmp_path / f"{NAME}{asked}").mkdir()

    assert SessionFolders(str(tmp_path)).among([f"{NAME}{made}", f"{NAME}{asked}"]) == {
        f"{NAME}{made}",
        f"{NAME}{asked}",
    }
    assert listed_name(str(tmp_path), f"{NAME}{asked}") == f"{NAME}{asked}"
    assert not is_other_spelling(str(tmp_path / f"{NAME}{made}"), str(tmp_path / f"{NAME}{asked}"))


@pytest.mark.parametrize("end", [".", " ", "...", "\u200b", "\n", "\xad"])
def test_a_name_with_an_odd_end_is_looked_for_in_the_listing(tmp_path: Path, end: str) -> None:
    (tmp_path / f"{NAME}a{end}").mkdir()

    with listings() as heard:
        assert f"{NAME}a{end}" in SessionFolders(str(tmp_path))
    assert times_listed(heard, tmp_path) == 1
    assert f"{NAME}a" not in SessionFolders(str(tmp_path))


def test_a_root_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    folders = SessionFolders(str(tmp_path / "nothing"))

    assert f"{NAME}a" not in folders
    assert folders.among([f"{NAME}{number}" for number in range(100)]) == set()


@needs_symlinks
def test_whether_two_paths_are_one_root(odd_drive: MakeDrive, tmp_path: Path) -> None:
    drive = odd_drive(fold_case=True)
    (drive / "Out" / "images").mkdir(parents=True)
    (drive / "other").mkdir()
    (tmp_path / "link").symlink_to(drive / "out" / "IMAGES")
    one = str(drive / "Out" / "images")

    assert is_same_root(one, str(drive / "OUT" / "Images"))
    assert is_same_root(f"{drive.path}/nothing", f"{drive.path}/nothing")
    assert not is_same_root(one, str(drive / "other"))
    assert not is_same_root(f"{drive.path}/nothing", f"{drive.path}/Nothing")
    assert is_same_root(str(tmp_path / "link"), os.path.realpath(tmp_path / "link"))
