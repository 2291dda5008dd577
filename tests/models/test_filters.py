"""The query validates itself, and understands dates as people write them."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from sdgen_admin.errors import InvalidDateError
from sdgen_admin.models.enums import RatingFilter, RunStatus, SortKey
from sdgen_admin.models.filters import SessionFilter, parse_when

DAY = date(2025, 11, 7)
MORNING = datetime(2025, 11, 7)
EVENING = datetime(2025, 11, 7, 23, 59, 59, 999999)


def ask(**values: Any) -> SessionFilter:
    """Return a filter of raw values, as a web request or a command line gives them."""
    return SessionFilter.model_validate(values)


def test_nothing_asked() -> None:
    query = SessionFilter()

    assert query.model_dump(exclude_defaults=True) == {}
    assert (query.limit, query.offset, query.sort, query.reverse) == (100, 0, SortKey.CREATED, False)
    assert (query.liked, query.test, query.complete, query.seed_sweep, query.problem) == (None,) * 5
    assert not query.missing


@pytest.mark.parametrize(
    ("values", "is_valid"),
    [
        ({"limit": 1}, True),
        ({"limit": 500}, True),
        ({"limit": None}, True),
        ({"limit": 0}, False),
        ({"limit": -1}, False),
        ({"limit": 501}, False),
        ({"limit": "many"}, False),
        ({"offset": 0}, True),
        ({"offset": 2**63 - 1}, True),
        ({"offset": -1}, False),
        ({"offset": 2**63}, False),
        ({"offset": None}, False),
        ({"liked": True, "test": False, "complete": None, "seed_sweep": True}, True),
        ({"liked": "maybe"}, False),
        ({"model": "100%_"}, True),
        ({"model": "caf\udce9"}, False),
        ({"search": "caf\udce9"}, False),
        ({"tag": ["caf\udce9"]}, False),
        ({"rating": "dislike"}, True),
        ({"rating": "none"}, True),
        ({"rating": "love"}, False),
        ({"status": "aborted"}, True),
        ({"status": "running"}, False),
        ({"sort": "completion"}, True),
        ({"sort": "colour"}, False),
        ({"likd": True}, False),
    ],
)
def test_a_filter_validates_itself(values: dict[str, Any], is_valid: bool) -> None:
    try:
        ask(**values)
        accepted = True
    except ValidationError:
        accepted = False

    assert accepted is is_valid


def test_a_refused_filter_is_a_value_error_that_names_the_field() -> None:
    with pytest.raises(ValueError, match="limit"):
        ask(limit=501)


def test_words_become_members() -> None:
    query = ask(rating="none", status="ongoing", sort="images")

    assert (query.rating, query.status, query.sort) == (RatingFilter.NONE, RunStatus.ONGOING, SortKey.IMAGES)


@pytest.mark.parametrize(("tag", "expected"), [("a", ("a",)), (["a", "b"], ("a", "b")), (("a",), ("a",)), ([], ())])
def test_one_tag_is_a_list_of_one(tag: object, expected: tuple[str, ...]) -> None:
    assert ask(tag=tag).tag == expected


def test_a_filter_is_frozen() -> None:
    query = SessionFilter()

    with pytest.raises(ValidationError):
        query.limit = 5  # type: ignore[misc]

    assert query.limit == 100


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-11-07", MORNING, EVENING),
        (" 2025-11-07\n", MORNING, EVENING),
        ("20251107", MORNING, EVENING),
        ("2025-W45-5", MORNING, EVENING),
        ("2025-11-07T18:30", datetime(2025, 11, 7, 18, 30), datetime(2025, 11, 7, 18, 30)),
        ("2025-11-07 18:30:15", datetime(2025, 11, 7, 18, 30, 15), datetime(2025, 11, 7, 18, 30, 15)),
        ("2025-11-07T00:00:00.000001", datetime(2025, 11, 7, 0, 0, 0, 1), datetime(2025, 11, 7, 0, 0, 0, 1)),
        ("2025-11-07T00:00", MORNING, MORNING),
        ("20251107T183000", datetime(2025, 11, 7, 18, 30), datetime(2025, 11, 7, 18, 30)),
    ],
)
def test_iso_dates(text: str, first: datetime, last: datetime) -> None:
    assert parse_when(text, end_of_day=False) == first
    assert parse_when(text, end_of_day=True) == last
    assert (ask(from_date=text).from_date, ask(to_date=text).to_date) == (first, last)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-07T18:30Z", datetime(2025, 11, 8, 0, 0)),
        ("2025-11-07T18:30+00:00", datetime(2025, 11, 8, 0, 0)),
        ("2025-11-07T18:30:00-05:00", datetime(2025, 11, 8, 5, 0)),
        ("2025-11-07T18:30+05:30", datetime(2025, 11, 7, 18, 30)),
        ("20251107T183000Z", datetime(2025, 11, 8, 0, 0)),
    ],
)
@pytest.mark.usefixtures("india")
def test_an_offset_is_converted_to_local_time(text: str, expected: datetime) -> None:
    query = ask(from_date=text, to_date=text)

    assert query.from_date == query.to_date == expected


@pytest.mark.parametrize(
    ("word", "days"),
    [
        ("today", 0),
        ("Today ", 0),
        ("yesterday", 1),
        ("0d", 0),
        ("7d", 7),
        ("2w", 14),
        ("3m", 90),
        ("3M", 90),
        ("9999d", 9999),
    ],
)
def test_words_and_ages_count_from_today(word: str, days: int) -> None:
    before = date.today()
    first, last = parse_when(word, end_of_day=False), parse_when(word, end_of_day=True)
    today = {before, date.today()}  # midnight may have passed meanwhile

    assert first.date() + timedelta(days) in today
    assert last.date() + timedelta(days) in today
    assert (first.time(), last.time()) == (time.min, time.max)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "tomorrow",
        "last week",
        "7",
        "d",
        "-7d",
        "7 d",
        "7y",
        "99999d",
        "2025-13-01",
        "2025-02-29",
        "2025-11",
        "07.11.2025",
        "2025-11-07T",
        "2025-11-07T25:00",
        "2025-11-07T18:30+99:00",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-14:00",
        "18:30",
        "[red]",
    ],
)
def test_what_is_no_date_is_an_error_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidDateError) as raised:
        parse_when(text, end_of_day=False)
    with pytest.raises(ValidationError, match="is no date"):
        ask(from_date=text)

    assert repr(text) in raised.value.message
    assert "yesterday" in raised.value.hint
    assert raised.value.exit_status == 2


@given(st.text(max_size=30) | st.from_regex(r"[0-9TZdwm: +-]{1,25}", fullmatch=True), st.booleans())
def test_any_text_is_a_local_time_or_no_date(text: str, end_of_day: bool) -> None:
    try:
        moment = parse_when(text, end_of_day=end_of_day)
    except InvalidDateError:
        moment = MORNING

    assert moment.tzinfo is None


@given(st.datetimes())
def test_every_time_in_iso_form_is_understood(moment: datetime) -> None:
    assert parse_when(moment.isoformat(), end_of_day=True) == moment


@pytest.mark.usefixtures("india")
def test_python_dates_and_times() -> None:
    query = SessionFilter(from_date=DAY, to_date=DAY)
    assert (query.from_date, query.to_date) == (MORNING, EVENING)

    noon = datetime(2025, 11, 7, 12)
    assert SessionFilter(to_date=noon).to_date == noon
    assert SessionFilter(to_date=noon.replace(tzinfo=UTC)).to_date == datetime(2025, 11, 7, 17, 30)
    east = timezone(timedelta(hours=9))
    assert SessionFilter(from_date=noon.replace(tzinfo=east)).from_date == datetime(2025, 11, 7, 8, 30)


def test_a_time_that_has_no_local_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="cannot be converted"):
        SessionFilter(from_date=datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))
