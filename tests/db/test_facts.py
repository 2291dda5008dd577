"""Facts: each long text once, and a moment of its own for each row of an id."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.db import facts
from sdgen_admin.db.connection import Database
from sdgen_admin.db.facts import NO_STATE
from sdgen_admin.db.roots import register
from sdgen_admin.db.transaction import transaction
from sdgen_admin.models.roots import Root
from tests.db.written import NOW, Written, fields

SESSIONS = [f"20251107_12000{number}-{number}" for number in range(4)]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with Database(tmp_path / "sessions.db").open(for_writing=True) as connection:
        yield connection


@pytest.fixture
def roots(connection: sqlite3.Connection) -> list[int]:
    with transaction(connection):
        return list(register(connection, [Root("a", "/a"), Root("b", "/b")]).values())


def put(connection: sqlite3.Connection, root_id: int, *sessions: str, **changes: Any) -> None:
    with transaction(connection):
        facts.put(connection, root_id, [(name, fields(Written(name, facts=changes)), NO_STATE) for name in sessions])


def count(connection: sqlite3.Connection, table: str) -> int:
    (found,) = connection.execute(f"SELECT count(*) FROM sdgen_admin_{table}").fetchone()
    return int(found)


def test_a_text_is_stored_once(connection: sqlite3.Connection, roots: list[int]) -> None:
    put(connection, roots[0], *SESSIONS)
    put(connection, roots[1], *SESSIONS)
    put(connection, roots[0], SESSIONS[0], placeholders={"Hair": 3}, resolved_prompt="another")
    assert [count(connection, table) for table in ("prompts", "folded", "variations", "sessions")] == [2, 2, 2, 8]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a\x1fb", "c"), ("a", "b\x1fc")),
        (("a b", ""), ("a", "b")),
        (("a", "b "), ("a ", "b")),
        (("1", "1"), ("11", "")),
        (("É", ""), ("E\u0301", "")),
    ],
)
def test_texts_that_differ_are_kept_apart(
    connection: sqlite3.Connection, roots: list[int], one: tuple[str, str], other: tuple[str, str]
) -> None:
    for name, (prompt, negative) in zip(SESSIONS, (one, other), strict=False):
        put(connection, roots[0], name, resolved_prompt=prompt, negative_prompt=negative)
    stored = connection.execute(
        """SELECT p.prompt, p.negative FROM sdgen_admin_sessions s JOIN sdgen_admin_prompts p ON p.id = s.prompt_id
           ORDER BY s.session_id"""
    ).fetchall()
    assert stored == [one, other]


def test_texts_go_with_the_last_session_that_has_them(connection: sqlite3.Connection, roots: list[int]) -> None:
    put(connection, roots[0], *SESSIONS[:2])
    put(connection, roots[0], SESSIONS[2], resolved_prompt="another", placeholders={"Hair": 9})
    with transaction(connection):
        assert facts.delete(connection, roots[0], [SESSIONS[0], SESSIONS[2], "nobody"]) == 2
    assert [count(connection, table) for table in ("prompts", "folded", "variations")] == [1, 1, 1]
    with transaction(connection):
        assert facts.delete(connection, roots[0], [SESSIONS[1]]) == 1
        assert facts.delete(connection, roots[0], [SESSIONS[1]]) == 0
    assert [count(connection, table) for table in ("prompts", "folded", "variations", "sessions")] == [0, 0, 0, 0]


def test_no_two_rows_of_one_id_share_the_moment_at_which_they_were_computed(
    connection: sqlite3.Connection, roots: list[int]
) -> None:
    for root_id in (roots[0], roots[1], roots[0]):
        put(connection, root_id, *SESSIONS[:2], stats_computed_at=NOW)
    put(connection, roots[1], SESSIONS[2], stats_computed_at=NOW)
    times = dict(
        connection.execute("SELECT session_id || root_id, stats_computed_at FROM sdgen_admin_sessions").fetchall()
    )
    moment = timedelta(microseconds=1)
    expected = {roots[0]: (NOW + 2 * moment).isoformat(), roots[1]: (NOW + moment).isoformat()}
    for name in SESSIONS[:2]:
        assert {root_id: times[f"{name}{root_id}"] for root_id in roots} == expected
    assert times[f"{SESSIONS[2]}{roots[1]}"] == NOW.isoformat()


def test_the_number_of_a_write_grows(connection: sqlite3.Connection, roots: list[int]) -> None:
    seen = []
    for name in SESSIONS:
        put(connection, roots[0], name)
        seen.append(dict(connection.execute("SELECT session_id, changed FROM sdgen_admin_sessions").fetchall()))
    numbers = [found[name] for found, name in zip(seen, SESSIONS, strict=True)]
    assert numbers == sorted(set(numbers))
    assert all(seen[-1][name] == number for name, number in zip(SESSIONS, numbers, strict=True))
    with transaction(connection):
        facts.mark_missing(connection, roots[0], SESSIONS[:2], missing=True)
        facts.mark_missing(connection, roots[0], SESSIONS[2:], missing=False)  # as they are
    after = dict(connection.execute("SELECT session_id, changed FROM sdgen_admin_sessions").fetchall())
    assert after[SESSIONS[0]] == after[SESSIONS[1]] > numbers[-1]
    assert [after[name] for name in SESSIONS[2:]] == numbers[2:]


def test_what_cannot_be_read_now_leaves_good_facts(connection: sqlite3.Connection, roots: list[int]) -> None:
    put(connection, roots[0], SESSIONS[0])
    with transaction(connection):
        facts.keep_outdated(connection, roots[0], [(SESSIONS[0], "It cannot be read.", NO_STATE)])
    assert connection.execute("SELECT outdated, problem, steps FROM sdgen_admin_sessions").fetchall() == [
        (1, "It cannot be read.", 28)
    ]
    put(connection, roots[0], SESSIONS[0])
    assert connection.execute("SELECT outdated, problem FROM sdgen_admin_sessions").fetchall() == [(0, None)]


def test_recording_a_session_leaves_what_another_process_has_stored_meanwhile(
    connection: sqlite3.Connection, roots: list[int]
) -> None:
    put(connection, roots[0], SESSIONS[0])
    with transaction(connection):
        facts.add(connection, roots[0], SESSIONS[:2], missing=True)
    assert connection.execute("SELECT session_id, steps, missing FROM sdgen_admin_sessions").fetchall() == [
        (SESSIONS[0], 28, 0),
        (SESSIONS[1], None, 1),
    ]
