"""A quick look for the shell's completion: whatever it meets, it answers, if need be with nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from sdgen_admin.db.peek import Look, models, peek, session_ids, tags
from tests.db.written import Said, Written, write
from tests.neighbour import digest, plain
from tests.platforms import needs_symlinks

FOXES = [f"2025110{number}_120000-fox-{number}" for number in range(1, 6)]
MODELS = ("ponyXL", None, "Été", "ponyXL", "Flux")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of two configured roots, `images` and `more`, and a third."""
    path = tmp_path / "sessions #1.db"
    sessions = [Written(name, facts={"sd_model": model}) for name, model in zip(FOXES, MODELS, strict=True)]
    sessions += [
        Written("20251106_120000-wolf", root="more", facts={"sd_model": "more"}),
        Written("20251107_120000-owl", root="elsewhere", facts={"sd_model": "elsewhere"}),
        Written(FOXES[0], root="more", facts={"sd_model": "twin"}),
    ]
    said = [
        Said(FOXES[0], "images", {"tags": '["red", "ñandú"]'}),
        Said(FOXES[1], "images", {"tags": "red, rest"}),
        Said(FOXES[2], "images", {"tags": b'["r\xff"]'}),
        Said("20251106_120000-wolf", "more", {"tags": '["grey"]'}),
        Said("20251107_120000-owl", "elsewhere", {"tags": '["rare"]'}),
        Said("20251108_120000-nowhere", None, {"tags": '["raw"]'}),
    ]
    write(path, sessions, said)
    return path


def look_at(path: Path, look: Look, part: str, roots: Sequence[str] = ("images",)) -> list[str]:
    return peek(str(path), [str(path.parent / root) for root in roots], look, part)


@pytest.mark.parametrize(
    ("look", "part", "expected"),
    [
        (session_ids, "-fox-1", FOXES[:1]),
        (session_ids, "FOX-4", FOXES[3:4]),
        (session_ids, "2025", FOXES[::-1]),
        (session_ids, "1", FOXES[::-1]),
        (session_ids, "20251103", FOXES[2:3]),
        (session_ids, "owl", []),
        (session_ids, "%", []),
        (models, "", ["Flux", "ponyXL", "Été"]),
        (models, "é", ["Été"]),
        (models, "E\u0301", ["Été"]),
        (models, "PONY", ["ponyXL"]),
        (tags, "", ["red", "ñandú", "rest", "r\ufffd"]),
        (tags, "re", ["red", "rest"]),
        (tags, "e", []),
    ],
)
def test_what_it_finds(path: Path, look: Look, part: str, expected: list[str]) -> None:
    before = digest(path)
    assert look_at(path, look, part) == expected
    assert digest(path) == before


@pytest.mark.parametrize(
    ("roots", "look", "expected"),
    [
        (["more"], session_ids, ["20251106_120000-wolf", FOXES[0]]),
        (["images", "more"], session_ids, ["20251106_120000-wolf", *FOXES[::-1]]),
        (["elsewhere"], models, ["elsewhere"]),
        (["more"], tags, ["grey"]),  # of the fox, those are the other root's
        (["nowhere"], session_ids, []),
        ([], session_ids, []),
    ],
)
def test_only_the_roots_that_are_asked_for_count(path: Path, roots: list[str], look: Look, expected: list[str]) -> None:
    assert look_at(path, look, "", roots) == expected


@needs_symlinks
def test_a_root_under_another_name_is_the_same(path: Path) -> None:
    (path.parent / "images").mkdir()
    (path.parent / "link").symlink_to(path.parent / "images")
    assert look_at(path, session_ids, "fox-5", ["link"]) == FOXES[4:]


def test_what_starts_like_it_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    names = ["20251101_120000-a", "20251103_120000-20251101", "20251101_130000-b"]
    write(path, [Written(name) for name in names])
    assert look_at(path, session_ids, "20251101") == [names[2], names[0], names[1]]


def test_of_too_many_ids_the_first_and_the_last_are_there(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    names = [f"20050101_12{number // 60:02}{number % 60:02}-owl" for number in range(700)]
    write(path, [Written(name) for name in names])
    found = look_at(path, session_ids, "20")

    assert len(found) == 501
    assert {names[0], names[-1]} <= set(found)


@pytest.mark.parametrize("look", [session_ids, models, tags])
@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + b"\xff" * 500])
def test_without_a_database_there_is_nothing(tmp_path: Path, look: Look, content: bytes | None) -> None:
    path = tmp_path / "sessions.db"
    if content is not None:
        path.write_bytes(content)
    assert look_at(path, look, "") == []
    assert path.exists() == (content is not None)


def test_text_that_is_not_utf_8_hides_no_other(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("UPDATE session_metadata SET tags = CAST(x'72ff' AS TEXT) WHERE tags LIKE 'red%'")
    assert look_at(path, tags, "") == ["r\ufffd", "red", "ñandú"]


def test_a_locked_database_is_not_waited_for(path: Path) -> None:
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert look_at(path, session_ids, "") == []


def test_a_null_in_a_path_finds_nothing() -> None:
    assert peek("a\0b", ["images"], session_ids, "") == []
