"""The query: which sessions, in which order, which page."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from sdgen_admin.errors import InvalidDateError
from sdgen_admin.models.base import LocalDateTime, Model, to_local
from sdgen_admin.models.enums import RatingFilter, RunStatus, SortKey
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.metadata import Text

MAX_LIMIT = 500
DEFAULT_LIMIT = 100

_AGO = re.compile(r"(\d{1,4})([dwm])")
_DAYS = {"d": 1, "w": 7, "m": 30}


def parse_when(text: str, *, end_of_day: bool) -> datetime:
    """Return the local time that `text` means.

    Args:
        text: An ISO 8601 date or date-time, `today`, `yesterday`, or an age: `7d`, `2w`, `3m` (of 30 days).
        end_of_day: Whether a bare day means its last moment rather than its first.

    Raises:
        InvalidDateError: It is none of these.
    """
    word = text.strip().lower()
    day = None
    if ago := _AGO.fullmatch(word):
        day = date.today() - timedelta(days=int(ago[1]) * _DAYS[ago[2]])
    elif word in ("today", "yesterday"):
        day = date.today() - timedelta(days=word == "yesterday")
    try:
        if day is None and "T" not in text.upper() and ":" not in text:
            day = date.fromisoformat(text.strip())
        moment = datetime.fromisoformat(text.strip()) if day is None else None
        if moment is not None:
            return to_local(moment)
    except ValueError:
        raise InvalidDateError(
            f"{text!r} is no date.",
            "Use 2025-11-07, 2025-11-07T18:30, today, yesterday, or an age: 7d, 2w, 3m.",
        ) from None
    assert day is not None
    return datetime.combine(day, time.max if end_of_day else time.min)


def _when(value: Any, *, end_of_day: bool) -> Any:
    if isinstance(value, str):
        return parse_when(value, end_of_day=end_of_day)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.max if end_of_day else time.min)
    return value


FromDate = Annotated[LocalDateTime, BeforeValidator(lambda value: _when(value, end_of_day=False))]
ToDate = Annotated[LocalDateTime, BeforeValidator(lambda value: _when(value, end_of_day=True))]


class SessionFilter(Model):
    """Which sessions, in which order, which page. All conditions must hold; null asks nothing.

    Raises:
        pydantic.ValidationError: A value is out of range or of the wrong form (a ValueError).
    """

    model_config = {"extra": "forbid"}

    liked: bool | None = None
    """`is_favorite`; a session that nobody touched is not liked."""
    test: bool | None = None
    """`is_test`; a session that nobody touched is no test."""
    complete: bool | None = None
    """`completion_percentage >= 95`; sessions without stats match neither value."""
    seed_sweep: bool | None = None
    """`is_seed_sweep`."""
    model: Text | None = None
    """Case-insensitive part of `sd_model`."""
    from_date: FromDate | None = None
    """Created at or after: a date, a date-time, ISO 8601 text, `today`, `yesterday`, `7d`, `2w`, `3m`."""
    to_date: ToDate | None = None
    """Created at or before; a bare day includes the whole day."""
    tag: tuple[Text, ...] = ()
    """Has all of these tags."""
    untagged: bool = False
    """Has no tag."""
    rating: RatingFilter | None = None
    """The person's rating; `none`: not rated."""
    status: RunStatus | None = None
    """The manifest's run status."""
    problem: bool | None = None
    """Whether something kept the session from full stats."""
    missing: bool = False
    """Only sessions in the database whose folder is gone; otherwise these are never listed."""
    search: Text | None = None
    """Case-insensitive part of id, prompts, note or a tag."""
    sort: SortKey = SortKey.CREATED
    """The order; equal ones newest first, then by id."""
    reverse: bool = False
    """The order turned round."""
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] | None = DEFAULT_LIMIT
    """At most so many sessions, 1 to 500; null for all."""
    offset: Annotated[int, Field(ge=0, le=LARGEST)] = 0
    """So many sessions are passed over first."""

    @model_validator(mode="before")
    @classmethod
    def _one_tag_is_a_list(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("tag"), str):
            return {**values, "tag": (values["tag"],)}
        return values
