"""Dates as people type them: every documented form, and nothing else."""

import os
import time as clock
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, strategies as st

from sdgen_admin.errors import InvalidDateError
from sdgen_admin.models.dates import parse_when

MORNING = datetime(2025, 11, 7)
EVENING = datetime(2025, 11, 7, 23, 59, 59, 999999)


def first_and_last(text: str) -> tuple[datetime, datetime]:
    return parse_when(text, end_of_day=False), parse_when(text, end_of_day=True)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-11-07", MORNING, EVENING),
        (" 2025-11-07\n", MORNING, EVENING),
        ("2024-02-29", datetime(2024, 2, 29), datetime(2024, 2, 29, 23, 59, 59, 999999)),
        ("0001-01-01", datetime(1, 1, 1), datetime(1, 1, 1, 23, 59, 59, 999999)),
        ("9999-12-31", datetime(9999, 12, 31), datetime.max),
        ("2025-11", datetime(2025, 11, 1), datetime(2025, 11, 30, 23, 59, 59, 999999)),
        ("2025-12", datetime(2025, 12, 1), datetime(2025, 12, 31, 23, 59, 59, 999999)),
        ("2024-02", datetime(2024, 2, 1), datetime(2024, 2, 29, 23, 59, 59, 999999)),
        ("2025-02", datetime(2025, 2, 1), datetime(2025, 2, 28, 23, 59, 59, 999999)),
        ("9999-12", datetime(9999, 12, 1), datetime.max),
    ],
)
def test_a_day_or_a_month_is_all_of_it(text: str, first: datetime, last: datetime) -> None:
    assert first_and_last(text) == (first, last)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-07T18:30", datetime(2025, 11, 7, 18, 30)),
        ("2025-11-07 18:30", datetime(2025, 11, 7, 18, 30)),
        ("2025-11-07t18:30", datetime(2025, 11, 7, 18, 30)),
        ("2025-11-07 18:30:15", datetime(2025, 11, 7, 18, 30, 15)),
        ("2025-11-07T18:30:15.5", datetime(2025, 11, 7, 18, 30, 15, 500000)),
        ("2025-11-07T18:30:15,5", datetime(2025, 11, 7, 18, 30, 15, 500000)),
        ("2025-11-07T00:00:00.000001", datetime(2025, 11, 7, 0, 0, 0, 1)),
        ("2025-11-07T00:00", MORNING),
        ("2025-11-07T23:59:59.999999", EVENING),
    ],
)
def test_a_moment_is_just_that(text: str, expected: datetime) -> None:
    assert first_and_last(text) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-07T18:30Z", datetime(2025, 11, 8, 0, 0)),
        ("2025-11-07T18:30z", datetime(2025, 11, 8, 0, 0)),
        ("2025-11-07 18:30:15Z", datetime(2025, 11, 8, 0, 0, 15)),
        ("2025-11-07T18:30+00:00", datetime(2025, 11, 8, 0, 0)),
        ("2025-11-07T18:30:00-05:00", datetime(2025, 11, 8, 5, 0)),
        ("2025-11-07T18:30-0500", datetime(2025, 11, 8, 5, 0)),
        ("2025-11-07T18:30+05:30", datetime(2025, 11, 7, 18, 30)),
    ],
)
@pytest.mark.usefixtures("india")
def test_an_offset_is_converted_to_local_time(text: str, expected: datetime) -> None:
    assert first_and_last(text) == (expected, expected)


@pytest.mark.parametrize(
    ("word", "days"),
    [
        ("today", 0),
        ("Today ", 0),
        ("yesterday", 1),
        ("YESTERDAY", 1),
        ("0d", 0),
        ("1d", 1),
        ("7d", 7),
        ("007d", 7),
        ("2w", 14),
        ("3m", 90),
        ("3M", 90),
        ("1y", 365),
        ("10y", 3650),
        ("99999d", 99999),
    ],
)
def test_words_and_ages_in_days_are_whole_days(word: str, days: int) -> None:
    before = date.today()
    first, last = first_and_last(word)
    today = {before, date.today()}  # midnight may have passed meanwhile

    assert first.date() + timedelta(days) in today
    assert last.date() + timedelta(days) in today
    assert (first.time(), last.time()) == (time.min, time.max)


@pytest.mark.parametrize(("word", "hours"), [("0h", 0), ("1h", 1), ("24h", 24), ("36H", 36), ("99999h", 99999)])
@pytest.mark.parametrize("end_of_day", [False, True])
def test_ages_in_hours_are_moments(word: str, hours: int, end_of_day: bool) -> None:
    before = clock.time() - hours * 3600
    moment = parse_when(word, end_of_day=end_of_day)
    after = clock.time() - hours * 3600

    assert datetime.fromtimestamp(before) <= moment <= datetime.fromtimestamp(after)


@pytest.mark.skipif(not hasattr(clock, "tzset"), reason="this platform cannot change its time zone for one process")
def test_hours_are_hours_that_passed_even_across_a_clock_change() -> None:
    change = clock.gmtime(clock.time() - 1800)
    day, when = change.tm_yday - 1, clock.strftime("%H:%M:%S", change)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", f"WIN0SUM,{day}/{when},{(day + 180) % 365}/0")  # an hour forward
        clock.tzset()
        hour_ago = datetime.fromtimestamp(clock.time() - 3600)
        moment = parse_when("1h", end_of_day=False)
        by_the_clock = datetime.now() - moment
    clock.tzset()

    assert timedelta() <= moment - hour_ago < timedelta(minutes=1)
    assert by_the_clock > timedelta(minutes=119)


NOT_DATES = [
    "",
    " ",
    "tomorrow",
    "now",
    "last week",
    "to day",
    "none",
    "7",
    "d",
    "-7d",
    "+7d",
    "7 d",
    "7.5d",
    "7s",
    "7min",
    "7days",
    "999999d",
    "99999y",
    "2025",
    "2025-1",
    "2025-13",
    "2025-00",
    "0000-01",
    "202511",
    "20251107",
    "20251107T183000",
    "2025-W45-5",
    "2025-311",
    "2025-13-01",
    "2025-02-29",
    "2025-11-7",
    "2025-11-07Z",
    "25-11-07",
    "07.11.2025",
    "2025/11/07",
    "2025-11-07T",
    "2025-11-07T18",
    "2025-11-07T1830",
    "2025-11-07T24:00",
    "2025-11-07T25:00",
    "2016-12-31T23:59:60",
    "2025-11-07T18:30+05:60",
    "2025-11-07T18:30+24:00",
    "2024-1",
    "2024-W01",
    "20240101T",
    "1e3",
    "999999999y",
    "2025-11-07T18:60",
    "2025-11-07T18:30:",
    "2025-11-07T18:30:15.",
    "2025-11-07T18:30:15.1234567",
    "2025-11-07  18:30",
    "2025-11-07_18:30",
    "2025-11-07T18:30+99:00",
    "2025-11-07T18:30 Z",
    "2025-11-07T18:30 Europe/Berlin",
    "0001-01-01T00:00+14:00",
    "9999-12-31T23:59-14:00",
    "18:30",
    "[red]",
    "\0",
    "2025-11\N{EN DASH}07",
    "\N{FULLWIDTH DIGIT TWO}025-11-07",
    "२०२५-११",
    "२०२५-११-०७",
    "٧d",
    "caf\udce9",
]


@pytest.mark.parametrize("text", NOT_DATES)
@pytest.mark.parametrize("end_of_day", [False, True])
def test_what_is_not_a_documented_form_is_refused(text: str, end_of_day: bool) -> None:
    with pytest.raises(InvalidDateError) as raised:
        parse_when(text, end_of_day=end_of_day)

    assert raised.value.message == f"Invalid date {text!r}."
    assert (raised.value.code, raised.value.details) == ("invalid-date", {"date": text})
    assert raised.value.__cause__ is None
    assert isinstance(raised.value, ValueError)


@given(st.text(max_size=30) | st.from_regex(r"[0-9TZdwmyh:. +-]{1,25}", fullmatch=True))
def test_any_text_is_a_local_time_or_refused(text: str) -> None:
    try:
        first, last = first_and_last(text)
    except InvalidDateError:
        first = last = MORNING

    assert (first.tzinfo, last.tzinfo) == (None, None)
    assert first <= last


@given(st.datetimes(), st.sampled_from(["T", " "]), st.sampled_from(["minutes", "seconds", "milliseconds", "auto"]))
def test_every_time_in_iso_form_is_understood(moment: datetime, between: str, precision: str) -> None:
    text = moment.isoformat(between, precision)

    assert parse_when(text, end_of_day=True) == datetime.fromisoformat(text)


@given(st.dates())
def test_every_day_and_its_month_are_understood(day: date) -> None:
    first, last = first_and_last(day.isoformat())
    month_first, month_last = first_and_last(day.isoformat()[:7])

    assert (first, last) == (datetime.combine(day, time.min), datetime.combine(day, time.max))
    assert month_first <= first <= last <= month_last
    assert month_first.day == 1
    assert month_last == datetime.max or (month_last + timedelta(microseconds=1)).day == 1
