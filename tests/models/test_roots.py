"""Images roots: their names, and where their database is."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.models.roots import Root, as_roots, database_beside


def names_of(*folders: Any) -> list[str]:
    return [root.name for root in as_roots(folders)]


@pytest.mark.parametrize(
    ("form", "expected_name"),
    [
        (str, "images"),
        (lambda path: path, "images"),
        (lambda path: Root("", str(path)), "images"),
        (lambda path: Root("nas", str(path)), "nas"),
        (lambda path: [path], "images"),
        (lambda path: (Root("nas", str(path)),), "nas"),
        (lambda path: iter([str(path)]), "images"),
        (lambda path: f"{path}{os.sep}", "images"),
        (lambda path: path / ".." / "images", "images"),
    ],
    ids=["text", "path", "root", "named root", "list", "tuple", "iterator", "slash", "roundabout"],
)
def test_one_root_in_any_form(tmp_path: Path, form: Callable[[Path], Any], expected_name: str) -> None:
    assert as_roots(form(tmp_path / "images")) == (Root(expected_name, str(tmp_path / "images")),)


def test_a_relative_path_counts_from_here(tmp_path: Path) -> None:
    assert as_roots(["images", Root("nas", "nas/out")]) == (
        Root("images", str(tmp_path / "images")),
        Root("nas", str(tmp_path / "nas" / "out")),
    )


def test_several_roots_keep_their_order() -> None:
    paths = [os.path.abspath(os.path.join(os.sep, name)) for name in ("zebra", "apple", "mango")]

    assert [root.path for root in as_roots(paths)] == paths
    assert names_of(*paths) == ["zebra", "apple", "mango"]


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["/a/out", "/b/out"], ["out", "out-2"]),
        (["/a/out", "/b/out", "/c/out"], ["out", "out-2", "out-3"]),
        (["/a/out-2", "/b/out", "/c/out"], ["out-2", "out", "out-3"]),
        (["/a/out", "/b/out", "/c/out-2"], ["out", "out-2", "out-2-2"]),
        ([Root("nas", "/a/out"), Root("nas", "/b/out")], ["nas", "nas-2"]),
        ([Root("out", "/a/x"), "/b/out"], ["out", "out-2"]),
        (["/a/Out", "/b/out"], ["Out", "out"]),
    ],
)
def test_names_are_unique(folders: list[str | Root], expected: list[str]) -> None:
    assert names_of(*folders) == expected


def test_a_folder_that_is_named_twice_is_one_root() -> None:
    roots = as_roots(["/a/out", Root("nas", "/a/out"), "/a/./out", "/a/other/../out", "/b"])

    assert [root.name for root in roots] == ["out", "b"]


def test_the_top_of_a_drive_has_a_name() -> None:
    (root,) = as_roots(os.path.abspath(os.sep))

    assert root.name == root.path == os.path.abspath(os.sep)


def test_a_collection_has_a_root() -> None:
    with pytest.raises(ValueError, match="one images root at least"):
        as_roots([])


def place(tmp_path: Path, *folders: str) -> str:
    """Return where the database of these roots is, relative to `tmp_path`."""
    found = database_beside(as_roots([tmp_path / folder for folder in folders]))
    assert os.path.basename(found) == "sessions.db"
    return Path(found).parent.relative_to(tmp_path).as_posix()


def make_database(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "sessions.db").touch()


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["sd/out"], "sd/metadata"),
        (["sd/out", "nas/out"], "sd/metadata"),
        (["nas/out", "sd/out"], "nas/metadata"),
        (["sd/out", "sd/other"], "sd/metadata"),
    ],
)
def test_the_database_is_beside_the_first_root(tmp_path: Path, folders: list[str], expected: str) -> None:
    assert place(tmp_path, *folders) == expected


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["sd/out", "sd/out/deep"], "sd/metadata"),
        (["sd/out/deep", "sd/out"], "sd/metadata"),
        (["sd/out/a/b", "sd/out/a", "sd/out"], "sd/metadata"),
        (["nas", "sd/out/deep", "sd/out"], "metadata"),
        (["sd/out/deep", "sd/output"], "sd/out/metadata"),
        (["sd/outer", "sd/out"], "sd/metadata"),
    ],
)
def test_with_nested_roots_it_is_beside_the_outermost(tmp_path: Path, folders: list[str], expected: str) -> None:
    assert place(tmp_path, *folders) == expected


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["b/metadata"], "b/metadata"),
        (["c/metadata"], "c/metadata"),
        (["c/metadata", "b/metadata"], "b/metadata"),
        (["a/metadata", "b/metadata"], "a/metadata"),
        (["elsewhere/metadata"], "a/metadata"),
        (["a/out/metadata"], "a/metadata"),
    ],
)
def test_one_that_lies_beside_a_later_root_is_used(tmp_path: Path, there: list[str], expected: str) -> None:
    for folder in there:
        make_database(tmp_path, folder)

    assert place(tmp_path, "a/out", "b/out", "c/out") == expected


def test_one_that_lies_inside_an_outer_root_is_not_used(tmp_path: Path) -> None:
    make_database(tmp_path, "a/out/metadata")

    assert place(tmp_path, "a/out/deep", "a/out") == "a/metadata"


def test_names_are_text_that_anybody_can_write() -> None:
    folder = os.fsdecode(b"/images/caf\xe9") if os.name != "nt" else "/images/caf\udce9"
    assert names_of(folder, Root("\ud800", "/other"))[1] == r"\ud800"
    for name in names_of(folder, Root("\ud800", "/other")):
        name.encode()
