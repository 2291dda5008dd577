r"""Paths as Windows writes them: which they are, and what they are called under WSL."""

import pytest
from hypothesis import given, strategies as st

from sdgen_admin.models.windows_paths import is_windows_path, split_path_list, under_wsl


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("D:\\sd\\out", "/mnt/d/sd/out"),
        ("D:/sd/out", "/mnt/d/sd/out"),
        ("d:\\sd/out\\", "/mnt/d/sd/out"),
        ("C:\\Users\\Ann Lee\\out", "/mnt/c/Users/Ann Lee/out"),
        ("D:\\", "/mnt/d"),
        ("D:", "/mnt/d"),
        ("D:\\\\sd\\\\out", "/mnt/d/sd/out"),
        ("\\\\?\\D:\\sd", "/mnt/d/sd"),
        ("\\\\.\\D:\\sd", "/mnt/d/sd"),
        ("\\\\wsl$\\Ubuntu\\home\\ann", "/home/ann"),
        ("\\\\wsl.localhost\\ubuntu\\home\\ann", "/home/ann"),
        ("\\\\WSL$\\Ubuntu", "/"),
        ("\\\\wsl$\\Debian\\home", None),
        ("\\\\server\\share\\out", None),
        ("\\\\server", None),
    ],
)
def test_a_windows_path_under_wsl(path: str, expected: str | None) -> None:
    assert is_windows_path(path)
    assert under_wsl(path, drives="/mnt/", distribution="Ubuntu") == expected


@pytest.mark.parametrize("drives", ["/windir", "/windir/"])
def test_drives_can_be_mounted_elsewhere(drives: str) -> None:
    assert under_wsl("E:\\out", drives=drives, distribution=None) == "/windir/e/out"


def test_drives_can_be_mounted_at_the_top() -> None:
    assert under_wsl("E:\\out", drives="/", distribution=None) == "/e/out"


def test_without_a_name_no_distribution_is_ours() -> None:
    assert under_wsl("\\\\wsl$\\Ubuntu\\home", drives="/mnt/", distribution=None) is None


@pytest.mark.parametrize(
    "path", ["", "D", "/mnt/d", "sd\\out", "D:out", "DE:\\out", "//server/share", "1:\\x", "é:\\x", "./D:\\x", "\\x"]
)
def test_any_other_path_is_left_alone(path: str) -> None:
    assert not is_windows_path(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D:\\out", ["D:\\out"]),
        ("D:\\out:E:/out:/mnt/f", ["D:\\out", "E:/out", "/mnt/f"]),
        ("/a:D:\\out:", ["/a", "D:\\out"]),
        ("/a/D:/out", ["/a/D", "/out"]),
        ("::/a::/b", ["/a", "/b"]),
        ("", []),
    ],
)
def test_the_colon_of_a_drive_separates_nothing(text: str, expected: list[str]) -> None:
    assert split_path_list(text) == expected


@given(st.text())
def test_every_text_is_understood_or_not(text: str) -> None:
    found = under_wsl(text, drives="/mnt/", distribution="Ubuntu")
    assert found is None or (is_windows_path(text) and found.startswith("/"))
