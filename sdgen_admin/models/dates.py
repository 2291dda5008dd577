"""Moments as people type them."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from sdgen_admin.errors import InvalidDateError
from sdgen_admin.models.instants import to_local

_AGO = re.compile(r"([0-9]{1,5})([hdwmy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = r"([01]\d|2[0-3]){}[0-5]\d"
_MOMENT = re.compile(
    rf"\d{{4}}-\d{{2}}-\d{{2}}[t ]{_CLOCK.format(':')}(:[0-5]\d([.,]\d{{1,6}})?)?(z|[+-]{_CLOCK.format(':?')})?",
    re.ASCII,
)
"""In full, since what Python takes changes: 24:00 from 3.14 on, an offset of 05:60 always."""


def parse_when(text: str, *, end_of_day: bool) -> datetime:
    """Return the local time that `text` means.

    Args:
        text: An ISO 8601 date, month (`2025-11`) or date-time, `today`, `yesterday`, or an age: `24h`, `7d`, `2w`, `3m`
            (of 30 days), `1y` (of 365).
        end_of_day: Whether a bare day or month means its last moment rather than its first.

    Raises:
        InvalidDateError: It has none of these forms.
    """
    word = text.strip().lower()
    try:
        if _MOMENT.fullmatch(word):
            return to_local(datetime.fromisoformat(word.upper().replace(",", ".")))
        if ago := _AGO.fullmatch(word):
            hours = int(ago[1]) * _HOURS[ago[2]]
            if ago[2] == "h":
                return to_local(datetime.now(UTC) - timedelta(hours=hours))  # also across a clock change
            first = last = date.today() - timedelta(hours=hours)
        else:
            first, last = _days(word)
    except (ValueError, OverflowError):
        raise InvalidDateError(f"Invalid date {text!r}.", date=text) from None
    return datetime.combine(last, time.max) if end_of_day else datetime.combine(first, time.min)


def _days(word: str) -> tuple[date, date]:
    """Return the first and the last day that a word means. Raises ValueError if it is not a date."""
    if word in ("today", "yesterday"):
        day = date.today() - timedelta(days=word == "yesterday")
        return day, day
    if month := _MONTH.fullmatch(word):
        first = date(int(month[1]), int(month[2]), 1)
        return first, first.replace(day=monthrange(first.year, first.month)[1])
    if not _DAY.fullmatch(word):
        raise ValueError(word)
    day = date.fromisoformat(word)
    return day, day
