"""One condition on one field: `steps>=30`, `sampler~euler`, `rating=none`."""

import re
from datetime import datetime
from enum import StrEnum
from math import inf, isnan
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from sdgen_admin.errors import InvalidConditionError, InvalidDateError, InvalidFieldError
from sdgen_admin.models.base import Model
from sdgen_admin.models.dates import parse_when
from sdgen_admin.models.fields import BY_NAME, Field, Kind, field_named
from sdgen_admin.models.instants import to_local
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.metadata import check_text

_FORM = re.compile(r"\s*([\w -]*?)\s*(!=|<=|>=|=|<|>|~)(.*)", re.DOTALL)
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
NOTHING = "none"


class Operator(StrEnum):
    """How a field is compared with a value."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    CONTAINS = "~"


_EQUALITY = (Operator.EQUAL, Operator.UNEQUAL)
_TYPES: dict[Kind, type | tuple[type, ...]] = {
    Kind.TEXT: str,
    Kind.INTEGER: (int, float),
    Kind.REAL: (int, float),
    Kind.FLAG: bool,
    Kind.TIME: datetime,
    Kind.LIST: str,
    Kind.OBJECT: str,
}
"""What a condition on a field can compare with."""


def _as_bound(value: Any) -> Any:
    """Return a value as the database can be asked for it: a local time, a number of 64 bits, valid text."""
    if isinstance(value, datetime):
        return to_local(value)
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        return _as_float(value)  # it compares as well: no whole number in the database is so large
    if isinstance(value, float) and isnan(value):
        raise ValueError("it compares with nothing")
    return check_text(value) if isinstance(value, str) else value


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


Bound = Annotated[Any, AfterValidator(_as_bound)]


class Condition(Model):
    """A condition on a field. Null fulfils only `= none`, and `!=` anything else."""

    field: str
    """The field's name."""
    operator: Operator
    """How to compare."""
    value: Bound
    """What to compare with: text, a number, a flag, or the first moment meant; null for `none`."""
    until: Bound = None
    """For a time, the last moment meant, if it is another one: a bare day or month is all of it."""

    @model_validator(mode="after")
    def _fits_its_field(self) -> "Condition":
        field = BY_NAME.get(self.field)
        if field is None:
            raise InvalidFieldError(f"There is no field {self.field!r}.", field=self.field, near=[])
        _require_operator(field, self.operator, f"{self.field}{self.operator.value}…")
        is_nothing = self.value is None and self.operator in _EQUALITY
        if not (is_nothing or isinstance(self.value, _TYPES[field.kind])):
            raise InvalidConditionError(f"Invalid value {self.value!r} for {field.name}: {_expected(field)}.")
        return self


def parse_condition(text: str) -> Condition:
    """Return the condition that `FIELD OPERATOR VALUE` says; the value has no quotes.

    Raises:
        InvalidFieldError: There is no such field.
        InvalidConditionError: It does not have this form, or the value does not fit the field.
    """
    parts = _FORM.fullmatch(text)
    if parts is None or not parts[1]:
        raise InvalidConditionError(f"Invalid condition {text!r}.", condition=text)
    field, operator, value = field_named(parts[1]), Operator(parts[2]), parts[3].strip()
    _require_operator(field, operator, text)
    if operator is Operator.EQUAL and parts[3].startswith("="):
        raise InvalidConditionError(f"Invalid condition {text!r}: use one '='.", condition=text)
    if value.lower() == NOTHING and operator in _EQUALITY:
        return Condition(field=field.name, operator=operator, value=None)
    try:
        first, last = _typed(field, value)
    except (ValueError, OverflowError) as error:
        message = f"Invalid value {value!r} for {field.name}: {_expected(field)}."
        raise InvalidConditionError(message, condition=text) from error
    return Condition(field=field.name, operator=operator, value=first, until=last)


def _require_operator(field: Field, operator: Operator, text: str) -> None:
    """Raise InvalidConditionError if an operator does not apply to what a field holds."""
    if operator is Operator.CONTAINS and field.kind not in (Kind.TEXT, Kind.LIST, Kind.OBJECT):
        raise InvalidConditionError(f"{field.name} is not text: '~' does not apply.", condition=text)
    if field.kind in (Kind.FLAG, Kind.LIST, Kind.OBJECT) and operator not in (*_EQUALITY, Operator.CONTAINS):
        raise InvalidConditionError(f"{field.name} has no order: {operator.value!r} does not apply.", condition=text)


def _typed(field: Field, value: str) -> tuple[Any, Any]:
    match field.kind:
        case Kind.INTEGER | Kind.REAL:
            return _number(value), None
        case Kind.FLAG:
            if value.lower() not in _FLAGS:
                raise ValueError(value)
            return _FLAGS[value.lower()], None
        case Kind.TIME:
            try:
                return parse_when(value, end_of_day=False), parse_when(value, end_of_day=True)
            except InvalidDateError as error:
                raise ValueError(value) from error
        case Kind.TEXT | Kind.LIST | Kind.OBJECT:
            value.encode()  # the database holds UTF-8
            return value, None


def _number(value: str) -> int | float:
    try:
        return int(value)
    except ValueError:
        number = float(value)
        if isnan(number):
            raise
        return number


def _expected(field: Field) -> str:
    match field.kind:
        case Kind.INTEGER | Kind.REAL:
            return "a number is expected"
        case Kind.FLAG:
            return "yes or no is expected"
        case Kind.TIME:
            return "a date is expected"
        case Kind.TEXT | Kind.LIST | Kind.OBJECT:
            return "valid text is expected"
