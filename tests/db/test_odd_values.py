"""Odd values of other programs, each in every place: shown, filtered, sorted and kept.

One collection holds a session for each odd value of a column. What a session shows is asserted value by value; filters,
orders and conditions, which SQL decides, are compared with plain Python over what is shown.
"""

import json
import math
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.models.fields import BY_NAME, Home, Kind
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.cli.harness import ok
from tests.db.plain_find import expected, key_of
from tests.neighbour import METADATA, plain, row

SUMMER = "2026-07-02T09:00:00"
LIKE, DISLIKE = "like", "dislike"
FLAGS: list[tuple[Any, bool]] = [
    *((word, False) for word in ("false", "False", " FALSE ", "", "0", "0.0", "no", "N", "off", "f", "none", "null\n")),
    *((value, False) for value in (0, 0.0, -0.0, b"", b"0", b"off", b"\0", b"\0" * 8, math.nan)),
    *((word, True) for word in ("true", "True", "yes", "1", "on", "x", "2", "t", "false\0", "faux",
    "\N{FULLWIDTH DIGIT ZERO}")),
    *((value, True) for value in (1, 2, -1, 0.5, math.inf, b"1", b"yes", b"\1" + b"\0" * 7, b"\xff", 2**63 - 1)),
]  # fmt: skip
TEXTS: list[tuple[Any, str | None]] = [
    (None, None), ("a\0behind", "a\0behind"), ("\0", "\0"), (b"bytes", "bytes"), (b"a\0b", "a\0b"), (7, "7"),
    (1.5, "1.5"),
    (b"caf\xe9", "caf\ufffd"), ("cafe\u0301", "cafe\u0301"), ("CAFÉ", "CAFÉ"), ("\ufeffbom", "\ufeffbom"),
    ("\uffff", "\uffff"),
    ("x" * 1_000_000, "x" * 1_000_000), ("=1+1", "=1+1"), ("two\r\nlines", "two\r\nlines"),
]  # fmt: skip


def is_null(value: Any) -> bool:
    """Whether SQLite stores a value as null."""
    return isinstance(value, float) and math.isnan(value)


VALUES: dict[str, list[tuple[Any, Any]]] = {
    "is_favorite": [(None, False), *FLAGS],
    "is_test": [(None, False), *FLAGS],
    "is_complete": [(None, True), *((stored, seen or is_null(stored)) for stored, seen in FLAGS)],
    "user_rating": [
        (None, None), (LIKE, LIKE), ("Like", LIKE), (" like", LIKE), ("LIKE\n", LIKE), (b"like", LIKE),
        (DISLIKE, DISLIKE), ("DisLike", DISLIKE), (b" dislike ", DISLIKE), ("", None), ("  ", None), ("none", None),
        ("NULL", None), (b"", None), ("love", "love"), ("Love it", "Love it"), (5, "5"), (4.5, "4.5"),
        (b"\xff", "\ufffd"),
        ("like\0", "like\0"), ("l\N{LATIN SMALL LETTER DOTLESS I}ke", "l\N{LATIN SMALL LETTER DOTLESS I}ke"),
    ],
    "user_note": [*TEXTS, ("", ""), (b"", "")],
    "tags": [
        (None, ()), ("", ()), ("[]", ()), ("{}", ()), ("null", ()), ('["a", "b"]', ("a", "b")), ("a, b", ("a", "b")),
        ('"a, b"', ("a", "b")), ('"a"', ("a",)), (b'["a"]', ("a",)), ('["A", "cafe\u0301"]', ("A", "cafe\u0301")),
        ('["two words", "a,b", 1, null, "", {"x": 2}]', ("two words", "a,b", "1", '{"x": 2}')), (7, ("7",)),
        ('{"a": true}', ('{"a": true}',)), ("[cut", ("[cut",)), ('["a\\u0000b"]', ("a\0b",)), (b"\xff", ("\ufffd",)),
        ('["\\ud800"]', ("?",)), ("a\0b", ("a\0b",)),
        (json.dumps([f"t{n}" for n in range(10_000)]), tuple(f"t{n}" for n in range(10_000))),
    ],
    "auto_metadata": [
        (None, None), ('{"a": 1}', {"a": 1}), ("not JSON", "not JSON"), (b'{"b": 2}', {"b": 2}), ("", ""), (7, 7),
    ],
    "updated_at": [
        (SUMMER, datetime(2026, 7, 2, 9)), ("2026-07-02 09:00:01", datetime(2026, 7, 2, 9, 0, 1)),
        ("2026-07-02T09:00:02.5", datetime(2026, 7, 2, 9, 0, 2, 500_000)),
        ("2026-07-02T08:00:00", datetime(2026, 7, 2, 8)),
        ("2026-07-02T08:30:00Z", datetime(2026, 7, 2, 10, 30)), ("2026-07-02T08:30:00z", datetime(2026, 7, 2, 10, 30)),
        ("2026-07-02T08:30:00+00:00", datetime(2026, 7, 2, 10, 30)),
        ("2026-07-02 08:30:00 +0530", datetime(2026, 7, 2, 5)),
        ("2026-07-02 08:30:00-07", datetime(2026, 7, 2, 17, 30)),
        ("2026-07-02 08:30:00 UTC", datetime(2026, 7, 2, 10, 30)),
        ("2026-01-02 08:30:00 GMT", datetime(2026, 1, 2, 9, 30)),
        (b"2026-07-02T09:00:03", datetime(2026, 7, 2, 9, 0, 3)),
        ("2026-07-02", datetime(2026, 7, 2)), ("20260702T091000", datetime(2026, 7, 2, 9, 10)),
        (1_783_000_000, datetime(2026, 7, 2, 15, 46, 40)), ("1783000000.25", datetime(2026, 7, 2, 15, 46, 40, 250_000)),
        (1_783_000_000_123, datetime(2026, 7, 2, 15, 46, 40, 123_000)), (12, None), (-1, None), ("yesterday", None),
        ("", None), (b"\xff", None), ("2026-02-30T09:00:00.000000", None), ("2026-13-01T09:00:00.000000", None),
        ("2026-07-02T24:00:00.000000", None), ("2026-07-02T25:00:00.000000", None),
        ("0000-07-02T09:00:00.000000", None),
        ("abcd-ef-ghTij:kl:mn.123456", None),
        ("2026-07-31T23:59:59.999999", datetime(2026, 7, 31, 23, 59, 59, 999_999)),
        ("9999-12-31T23:59:59Z", None), (f"{SUMMER}\0", datetime(2026, 7, 2, 9)), (f"\n{SUMMER}\0x", None),
    ],
}  # fmt: skip
QUERIES: dict[str, list[dict[str, Any]]] = {
    "is_favorite": [{"liked": True}, {"liked": False}, {"where": "liked=yes"}, {"where": "liked!=yes"}],
    "is_test": [{"test": True}, {"test": False}, {"where": "test=no"}],
    "is_complete": [{"where": "marked complete=yes"}, {"where": "is_complete=no"}, {"where": "is_complete=none"}],
    "user_rating": [
        *({"rating": word} for word in ("like", "dislike", "none")),
        *({"where": f"rating{rest}"} for rest in ("=like", "!=LIKE", "=none", "!=none", "~ove", "=5", "~\ufffd",
        "=love", "~ike")),
    ],
    "user_note": [
        *({"where": f"note{rest}"} for rest in ("=none", "~behind", "~caf\u00e9", "~CAFE\u0301", "=7", "~bom",
        "~\ufffd", "~\uffff", "<c", "~\0")),
        *({"search": word} for word in ("behind", "caf\u00e9", "bytes", "7", "bom", "\uffff", "\ufffd",
        "x" * 60_000, '"two\r\nlines"')),
    ],
    "tags": [
        *({"tag": (word,)} for word in ("a", "A", "a,b", "two words", "caf\u00e9", "cafe\u0301", "a\0b",
        "t9999")), {"untagged": True},
        *({"where": f"tags{rest}"} for rest in ("=a", "~two", "=none", "!=none", "=CAF\u00c9", "~b", "=t9999")),
        *({"search": word} for word in ("a", "caf\u00e9", '"a b"', "t9999")),
    ],
    "auto_metadata": [{"where": "auto metadata=none"}, {"where": "auto metadata~json"}, {"where": "auto metadata~b"}],
    "updated_at": [
        *({"where": f"updated{rest}"} for rest in ("=2026-07-02", ">2026-07-02T10:00", "<2026-07-02T09:00:01",
        "=none", "!=2026-07-02")),
        {"where": "updated=2026-07-02T08:30:00Z"},
    ],
}  # fmt: skip


def name_of(number: int) -> str:
    return f"20251107_120000-{number:03}"


@pytest.fixture(scope="module")
def berlin() -> Iterator[None]:
    """Let local time be Berlin's, where winter and summer differ from UTC and from each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        if hasattr(time, "tzset"):
            time.tzset()
        yield
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture(scope="module", params=VALUES)
def odd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, berlin: None
) -> tuple[str, SessionLibrary]:
    """A column, and a collection with a session for each of its odd values."""
    if os.name == "nt" and request.param == "updated_at":
        pytest.skip("a process cannot change its time zone here")
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "metadata" / "sessions.db"
    with plain(path) as connection:
        connection.executescript(METADATA)
        for number, (stored, _) in enumerate(VALUES[request.param]):
            make_session(folder / "images", name_of(number), images=1)
            values = {"session_id": name_of(number), "session_path": "/elsewhere", "created_at": SUMMER}
            values |= {"updated_at": SUMMER, request.param: stored}
            connection.execute(
                f"INSERT INTO session_metadata ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
                tuple(values.values()),
            )
    library = SessionLibrary(folder / "images", path)
    library.compute()
    return request.param, library


def test_each_is_shown_as_what_it_plainly_means(odd: tuple[str, SessionLibrary]) -> None:
    column, library = odd
    shown = {record.session_id: record.metadata for record in library.find(limit=500).sessions}
    for number, (stored, seen) in enumerate(VALUES[column]):
        metadata = shown[name_of(number)]
        assert metadata is not None
        assert getattr(metadata, column) == seen, repr(stored)[:80]
        assert library.get(name_of(number), fresh=False).metadata == metadata


def test_filters_and_conditions_go_by_what_is_shown(odd: tuple[str, SessionLibrary]) -> None:
    column, library = odd
    records = library.find(limit=500, fresh=False).sessions
    for query in QUERIES[column]:
        asked = SessionFilter.model_validate(query | {"limit": 500})
        page = library.find(asked, fresh=False)
        found = [key_of(record) for record in page.sessions]
        assert (page.total_count, found) == expected(records, asked), repr(query)[:80]


def test_orders_go_by_what_is_shown(odd: tuple[str, SessionLibrary]) -> None:
    column, library = odd
    field = BY_NAME[column]
    if field.kind in (Kind.LIST, Kind.OBJECT):
        pytest.skip("sessions cannot be sorted by it")
    assert field.home is Home.METADATA
    records = library.find(limit=500, fresh=False).sessions
    for reverse in (False, True):
        asked = SessionFilter(sort=column, reverse=reverse, limit=500)
        found = [key_of(record) for record in library.find(asked, fresh=False).sessions]
        assert found == expected(records, asked)[1]


def test_each_survives_an_edit_of_another_field_and_its_undo(odd: tuple[str, SessionLibrary]) -> None:
    column, library = odd
    path = Path(library.db_path)
    update = {"user_note": "edited"} if column != "user_note" else {"user_rating": "like"}
    before = {number: row(path, "session_metadata", name_of(number)) for number in range(len(VALUES[column]))}
    library.update_metadata(list(map(name_of, before)), SessionMetadataUpdate.model_validate(update))
    for number, was in before.items():
        now = row(path, "session_metadata", name_of(number))
        assert was is not None
        assert now is not None
        assert {name for name in was if repr(was[name]) != repr(now[name])} == {*update, "updated_at"}
    library.undo()
    for number, was in before.items():
        assert repr(row(path, "session_metadata", name_of(number))) == repr(was)


def test_saying_what_is_said_already_changes_nothing(odd: tuple[str, SessionLibrary]) -> None:
    """The person's own word for an odd value is not an edit: nothing is rewritten, and nothing recorded."""
    column, library = odd
    if column in ("updated_at", "auto_metadata", "user_note", "tags"):
        pytest.skip("not a word that is chosen among few")
    path = Path(library.db_path)
    for number, (_, seen) in enumerate(VALUES[column]):
        if column == "user_rating" and seen not in (LIKE, DISLIKE, None):
            continue
        before = row(path, "session_metadata", name_of(number))
        (change,) = library.update_metadata(name_of(number), SessionMetadataUpdate.model_validate({column: seen}))
        assert change.before == change.after
        assert repr(row(path, "session_metadata", name_of(number))) == repr(before)


def test_the_command_line_shows_the_same(odd: tuple[str, SessionLibrary]) -> None:
    column, library = odd
    place = ("--images-dir", library.roots[0].path, "--db", library.db_path)
    sessions = json.loads(ok("list", "--cached", "--all", "--json", *place))["sessions"]
    assert sessions == json.loads(library.find(limit=None, fresh=False).model_dump_json())["sessions"]
    for session in sessions[:3]:
        assert json.loads(ok("show", session["session_id"], "--cached", "--json", *place)) == session
        assert session["session_id"] in ok("show", session["session_id"], "--cached", *place)
    assert ok("list", "--cached", "--all", "--columns", f"id,{column}", *place).count("\n") == len(sessions) + 1
