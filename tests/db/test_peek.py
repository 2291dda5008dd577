"""A quick look for the shell's completion: whatever it meets, it answers, if need be with nothing."""

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection

import pytest

from sdgen_admin.db.peek import models, peek, session_ids, tags
from tests.neighbour import digest, make_database, plain, write_metadata, write_stats

Look = Callable[[Connection, str], list[str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "sessions #1.db"
    make_database(path)
    for number, model in enumerate(["ponyXL", None, "Été", "ponyXL", b"\xff"]):
        write_stats(path, f"2025110{number + 1}_120000-fox-{number}", sd_model=model)
    write_stats(path, "fox", sd_model="Flux")
    write_metadata(path, "a", tags='["red", "ñandú"]')
    write_metadata(path, "b", tags="red, rest")
    return path


@pytest.mark.parametrize(
    ("look", "part", "expected"),
    [
        (session_ids, "-fox-0", ["20251101_120000-fox-0"]),
        (session_ids, "FOX-4", ["20251105_120000-fox-4"]),
        (session_ids, "2025", [f"2025110{number + 1}_120000-fox-{number}" for number in (4, 3, 2, 1, 0)]),
        (session_ids, "fox", ["fox", *(f"2025110{number + 1}_120000-fox-{number}" for number in (4, 3, 2, 1, 0))]),
        (session_ids, "%", []),
        (models, "", ["Flux", "ponyXL", "Été"]),
        (models, "é", ["Été"]),
        (models, "PONY", ["ponyXL"]),
        (tags, "", ["red", "ñandú", "rest"]),
        (tags, "re", ["red", "rest"]),
        (tags, "e", []),
    ],
)
def test_what_it_finds(path: Path, look: Look, part: str, expected: list[str]) -> None:
    before = digest(path)
    assert peek(str(path), look, part) == expected
    assert digest(path) == before


def test_of_too_many_ids_the_first_and_the_last_are_there(path: Path) -> None:
    with plain(path) as connection:
        connection.executemany(
            "INSERT INTO session_stats (session_id, session_path, session_created_at, stats_computed_at)"
            " VALUES (:id, '', :id, '')",
            [{"id": f"{20200000 + number}_120000-owl"} for number in range(3000)],
        )
    found = peek(str(path), session_ids, "2020")

    assert len(found) == 501
    assert {"20200000_120000-owl", "20202999_120000-owl"} <= set(found)


@pytest.mark.parametrize("look", [session_ids, models, tags])
@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + b"\xff" * 500])
def test_without_a_database_there_is_nothing(tmp_path: Path, look: Look, content: bytes | None) -> None:
    path = tmp_path / "sessions.db"
    if content is not None:
        path.write_bytes(content)
    assert peek(str(path), look, "") == []
    assert path.exists() == (content is not None)


def test_a_locked_database_is_not_waited_for(path: Path) -> None:
    with plain(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert peek(str(path), session_ids, "") == []


def test_a_null_in_a_path_finds_nothing() -> None:
    assert peek("a\0b", session_ids, "") == []
