"""Which names are sessions, and when those began."""

import os
from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from sdgen_admin.cli.text import visible as visible_text
from sdgen_admin.models.session_id import created_at, is_session_id, is_storable, path_in, shown_id, typed_id, visible


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


def test_names_that_are_not_utf8_are_made_visible() -> None:
    assert is_storable("20251107_120000-長い髪")
    assert not is_storable("20251107_120000-caf\udce9")
    assert not is_session_id("20251107_120000-caf\udce9")
    assert visible("20251107_120000-長い髪") == "20251107_120000-長い髪"
    if os.name != "nt":
        assert visible("20251107_120000-caf\udce9") == r"20251107_120000-caf\xe9"


@pytest.mark.parametrize(
    ("session_id", "shown"),
    [
        ("20251107_120000-長い髪", "20251107_120000-長い髪"),
        ('20251107_120000-a\\x0d"b"', '20251107_120000-a\\x0d"b"'),
        ("20251107_120000-a\r", '"20251107_120000-a\\x0d"'),
        ('20251107_120000-a\\"\n\u202e', '"20251107_120000-a\\\\\\"\\x0a\\u202e"'),
        ("20251107_120000-\ue000\u200d", "20251107_120000-\ue000\u200d"),
    ],
)
def test_how_an_id_is_shown(session_id: str, shown: str) -> None:
    assert shown_id(session_id) == shown
    assert typed_id(shown) == session_id or shown == session_id


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('\\"xu0123abdef\r\n\x1b'), max_size=20))
def test_a_shown_id_is_on_one_line_and_gives_the_id_back(rest: str) -> None:
    session_id = f"20251107_120000{rest}"
    shown = shown_id(session_id)

    assert visible_text(shown) == shown
    if shown != session_id:
        assert typed_id(shown) == typed_id(shown[:-1]) == session_id
        assert not is_session_id(shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20251107_120000-a\\x0d", "20251107_120000-a\r"),
        ('"20251107_120000-a\\u2028', "20251107_120000-a\u2028"),
        ("a\\x0", "a\\x0"),
        ("a\\y", "a\\y"),
        ('"', ""),
        ("", ""),
    ],
)
def test_what_was_typed_by_hand(text: str, expected: str) -> None:
    assert typed_id(text) == expected


@pytest.mark.skipif(os.name == "nt", reason="paths are written in another way, and are always valid text")
def test_the_path_of_a_session_can_always_be_stored() -> None:
    assert path_in("/images", "20251107_120000-長い髪") == "/images/20251107_120000-長い髪"
    assert path_in("/caf\udce9", "20251107_120000-a") == r"/caf\xe9/20251107_120000-a"
    assert path_in("/images", "") == "/images/"


@given(st.datetimes(), st.booleans(), st.text(max_size=5))
def test_every_time_in_either_form_is_understood(moment: datetime, dashes: bool, rest: str) -> None:
    moment = moment.replace(microsecond=0)
    day, time = moment.isoformat().replace(":", "").split("T")
    name = f"{day if dashes else day.replace('-', '')}_{time}{rest}"

    assert created_at(name) == moment
