"""Single values that other programs wrote: what they mean."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from sdgen_admin.db.expressions import flag
from sdgen_admin.db.values import as_text, as_time, from_json, is_true, parse_tags
from tests.neighbour import plain

DEEP = "[" * 5000 + "]" * 5000


@pytest.mark.parametrize(
    ("stored", "tags"),
    [
        (None, ()),
        ("", ()),
        ("  ", ()),
        ("null", ()),
        ("[]", ()),
        ("{}", ()),
        ('{"a": 1}', ('{"a": 1}',)),
        ('"one, two"', ("one", "two")),
        ('"[\\"a\\", \\"b c\\"]"', ("a", "b c")),
        ('"null"', ()),
        ('""', ()),
        ("true", ("true",)),
        ("a,a , a", ("a",)),
        ('["a", "b", "a", null, ""]', ("a", "b")),
        ('["a", 1, {"b": 2}]', ("a", "1", '{"b": 2}')),
        ('"one"', ("one",)),
        ("a, b,,c", ("a", "b", "c")),
        ('["cut', ('["cut',)),
        ("7", ("7",)),
        (7, ("7",)),
        (1.5, ("1.5",)),
        (b'["blob"]', ("blob",)),
        (b"\xff", ("\ufffd",)),
        ('["\\ud800"]', ("?",)),
        ('["\\ud83d\\ude00"]', ("😀",)),
        ("[NaN]", ("NaN",)),
    ],
)
def test_tags_are_read_from_anything(stored: object, tags: tuple[str, ...]) -> None:
    assert parse_tags(stored) == tags


def test_tags_nested_without_end_do_no_harm() -> None:
    assert parse_tags(DEEP) == (DEEP,)
    assert parse_tags("[" * 200 + "]" * 200) == ("[" * 200 + "]" * 200,)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, None), ("a", "a"), (1, "1"), (1.5, "1.5"), (b"a", "a"), (b"\xff", "\ufffd")]
)
def test_columns_as_text(value: object, expected: str | None) -> None:
    assert as_text(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("{", None),
        ('{"a": [1, "\\ud800"]}', {"a": [1, "?"]}),
        ('{"\\u00e9": {"b": null}}', {"é": {"b": None}}),
        (b'{"a": 1}', {"a": 1}),
        (b"\xff", None),
        (DEEP, None),
        ("[" * 101 + "]" * 101, None),
        (json.dumps([[]] * 200), [[]] * 200),
        ("1" * 5000, None),
        (5, None),
    ],
)
def test_json_of_other_programs(text: object, expected: object) -> None:
    assert from_json(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False), (0, False), (0.0, False), ("0", False), ("", False), ("false", False), (" No\n", False),
        ("OFF", False), (b"0", False), (b"null", False), (1, True), (-1, True), (0.5, True), ("yes", True), ("2", True),
        ("0.5", True), (b"\xff", True), ("faux", True), ("F", False), ("n", False), ("t", True), (b"\0" * 8, False),
        (b"\1" + b"\0" * 7, True), (b"\0" * 7 + b"\1", True), (b"\0 ", True), ("false\0", True), ("f\0", True),
        (0.1, True), ("\0", False), ("\0\0", False),
    ],
)  # fmt: skip
def test_a_flag_means_in_sql_what_it_means_here(value: object, expected: bool) -> None:
    assert is_true(value) is expected
    with plain(Path(":memory:")) as connection:
        connection.execute("CREATE TABLE t (flag INTEGER DEFAULT 0)")
        connection.execute("INSERT INTO t VALUES (?)", (value,))
        assert connection.execute(f"SELECT {flag('flag')} FROM t").fetchone() == (int(expected),)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("2025-11-07T12:00:00", datetime(2025, 11, 7, 12)),
        ("2025-11-07 12:00:00", datetime(2025, 11, 7, 12)),
        (b" 2025-11-07T12:00:00.5\n", datetime(2025, 11, 7, 12, microsecond=500_000)),
        ("2025-11-07", datetime(2025, 11, 7)),
        ("last tuesday", None),
        ("170000000", None),
        ("17000000001", None),
        ("", None),
        (7, None),
        (None, None),
        (b"\xff", None),
    ],
)
def test_times_of_other_programs(stored: object, expected: datetime | None) -> None:
    assert as_time(stored) == expected
