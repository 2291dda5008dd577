"""Instants, as drives count them, and the local times that people read."""

import os
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from sdgen_admin.models.instants import instant_ns, instants_ns, local_time, parse_moment, parse_time, to_local


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, datetime(1970, 1, 1, 5, 30)),
        (1_762_516_800, datetime(2025, 11, 7, 17, 30)),
        (-631_152_000, datetime(1950, 1, 1, 5, 30)),
        (5_680_281_600, datetime(2150, 1, 1, 5, 30)),
        (10**12, None),
        (-(10**12), None),
        (2**63, None),
    ],
)
@pytest.mark.usefixtures("india")
def test_modification_times_of_any_century(seconds: int, expected: datetime | None) -> None:
    assert local_time(seconds * 10**9) == expected


def test_modification_times_are_kept_to_the_microsecond() -> None:
    first, second = local_time(1_999), local_time(2_000)

    assert first is not None
    assert second is not None
    assert (second - first).microseconds == 1
    assert local_time(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-07T12:00:01", datetime(2025, 11, 7, 12, 0, 1)),
        ("2026-11-21T04:47:41.208474", datetime(2026, 11, 21, 4, 47, 41, 208474)),
        ("2025-11-07 12:00:01", datetime(2025, 11, 7, 12, 0, 1)),
        ("2025-11-07", datetime(2025, 11, 7)),
        ("2025-11-07T12:00:00Z", datetime(2025, 11, 7, 17, 30)),
        ("2025-11-07T12:00:00-05:00", datetime(2025, 11, 7, 22, 30)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.usefixtures("india")
def test_texts_of_other_programs(text: str | None, expected: datetime | None) -> None:
    assert parse_time(text) == expected


@pytest.mark.usefixtures("india")
def test_a_time_with_an_offset_becomes_local() -> None:
    noon = datetime(2025, 11, 7, 12)

    assert to_local(noon) == noon
    assert to_local(noon.replace(tzinfo=UTC)) == datetime(2025, 11, 7, 17, 30)
    assert to_local(noon.replace(tzinfo=timezone(timedelta(hours=9)))) == datetime(2025, 11, 7, 8, 30)


def test_a_local_time_stays_as_it_is() -> None:
    assert to_local(datetime.min) == datetime.min
    assert to_local(datetime.max) == datetime.max


def test_what_has_no_local_time_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cannot be converted to local time"):
        to_local(datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(1970, 1, 1, 5, 30), 0),
        (datetime(1970, 1, 1, 5, 30, 0, 1), 1_000),
        (datetime(1970, 1, 1, 5, 29, 59, 999999), -1_000),
        (datetime(2025, 11, 7, 17, 30), 1_762_516_800 * 10**9),
        (datetime(1950, 1, 1, 5, 30), -631_152_000 * 10**9),
    ],
)
@pytest.mark.usefixtures("india")
def test_a_local_time_is_an_instant(moment: datetime, expected: int) -> None:
    assert instant_ns(moment) == expected


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
def test_an_instant_comes_back_to_the_microsecond(moment: datetime) -> None:
    back = local_time(instant_ns(moment))

    assert back is not None
    assert instant_ns(back) == instant_ns(moment)


def test_the_ends_of_the_calendar_are_instants() -> None:
    assert instant_ns(datetime.min) < instant_ns(datetime(1900, 1, 1)) < 0
    assert instant_ns(datetime.max) > instant_ns(datetime(2200, 1, 1)) > 0


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this platform cannot change its time zone for one process")
def test_what_a_clock_shows_twice_or_skips_may_be_two_instants() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        twice, skipped, once = (
            instants_ns(moment)
            for moment in (datetime(2025, 10, 26, 2, 30), datetime(2025, 3, 30, 2, 30), datetime(2025, 7, 1))
        )
    time.tzset()

    assert twice == (1_761_438_600 * 10**9, 1_761_442_200 * 10**9)
    assert skipped == (1_743_294_600 * 10**9, 1_743_298_200 * 10**9)
    assert once == (1_751_320_800 * 10**9,) * 2


def test_a_moment_keeps_its_offset() -> None:
    moment = parse_moment("2025-10-26T02:30:00+01:00")

    assert moment is not None
    assert moment.utcoffset() == timedelta(hours=1)
    assert parse_moment("2025-10-26T02:30:00") == datetime(2025, 10, 26, 2, 30)
    assert [parse_moment(text) for text in (None, "", "yesterday", "0001-01-01T00:00:00+14:00")] == [None] * 4
