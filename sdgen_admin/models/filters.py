"""The query: which sessions, in which order, which page."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from sdgen_admin.models.base import LocalDateTime, Model
from sdgen_admin.models.conditions import Condition, parse_condition
from sdgen_admin.models.dates import parse_when
from sdgen_admin.models.enums import RatingFilter, Source, StatusFilter
from sdgen_admin.models.fields import sort_field
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.metadata import Text

MAX_LIMIT = 500
DEFAULT_LIMIT = 100


def _when(value: Any, *, end_of_day: bool) -> Any:
    if isinstance(value, str):
        return parse_when(value, end_of_day=end_of_day)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.max if end_of_day else time.min)
    return value


FromDate = Annotated[LocalDateTime, BeforeValidator(lambda value: _when(value, end_of_day=False))]
ToDate = Annotated[LocalDateTime, BeforeValidator(lambda value: _when(value, end_of_day=True))]
Where = Annotated[Condition, BeforeValidator(lambda value: parse_condition(value) if isinstance(value, str) else value)]
SortName = Annotated[str, BeforeValidator(lambda value: sort_field(value).name if isinstance(value, str) else value)]

_REPEATABLE = ("model", "tag", "where")


class SessionFilter(Model):
    """Which sessions, in which order, which page. All conditions must hold; null asks nothing.

    Raises:
        pydantic.ValidationError: A value is out of range or of the wrong form (a ValueError).
    """

    model_config = {"extra": "forbid"}

    liked: bool | None = None
    """`is_favorite`; a session that nobody touched is not liked."""
    test: bool | None = None
    """`is_test`; a session that nobody touched is not a test."""
    complete: bool | None = None
    """`completion_percentage >= 95`; sessions without one match neither value."""
    seed_sweep: bool | None = None
    """`is_seed_sweep`; a session for which that is unknown is not one."""
    model: tuple[Text, ...] = ()
    """Part of `sd_model`, in any case; of several, any will do."""
    from_date: FromDate | None = None
    """Created at or after: ISO 8601, `2024-01`, `today`, `yesterday`, `24h`, `7d`, `2w`, `3m`, `1y`."""
    to_date: ToDate | None = None
    """Created at or before; a bare day or month includes all of it."""
    tag: tuple[Text, ...] = ()
    """Has all of these tags."""
    untagged: bool = False
    """Has no tag."""
    rating: RatingFilter | None = None
    """The person's rating; `none`: not rated."""
    status: StatusFilter | None = None
    """What the run is doing; `ongoing`: running or stalled."""
    problem: bool | None = None
    """Whether something kept the session from full stats."""
    source: Source | None = None
    """Where the facts came from."""
    missing: bool = False
    """Only sessions whose folder is gone; otherwise these are never listed."""
    search: Text | None = None
    """Words that must all occur, each in id, prompts, note or tags; `"…"` keeps words together."""
    where: tuple[Where, ...] = ()
    """Conditions on any field, such as `steps>=30`; all must hold."""
    sort: SortName = "created_at"
    """The field to order by, largest first or A to Z; equal ones newest first, then by id."""
    reverse: bool = False
    """Whether to reverse the order."""
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] | None = DEFAULT_LIMIT
    """Show at most this many sessions, 1 to 500; null for all."""
    offset: Annotated[int, Field(ge=0, le=LARGEST)] = 0
    """Skip this many sessions first."""

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        lone = {name: (values[name],) for name in _REPEATABLE if isinstance(values.get(name), str | Condition)}
        null = {name: () for name in _REPEATABLE if name in values and values[name] is None}
        return {**values, **lone, **null}

    @property
    def narrows(self) -> bool:
        """Whether it asks for less than every session, as order and page do not."""
        everything = type(self)(sort=self.sort, reverse=self.reverse, limit=self.limit, offset=self.offset)
        return self != everything
