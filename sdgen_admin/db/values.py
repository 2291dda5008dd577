"""Single values in and out of the database: what other programs wrote is read as what it plainly means."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sdgen_admin.models.instants import parse_time

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")

_MAX_DEPTH = 100
_ENCODER = json.JSONEncoder(ensure_ascii=False)
FALSE_WORDS = ("", "0", "0.0", "false", "no", "off", "none", "null")
"""Texts in a flag that mean no."""
BLANKS = " \t\n\v\f\r"
"""What may stand around them."""


def lenient(model: type[M], values: dict[str, Any]) -> M:
    """Return the model of `values`, leaving out what does not fit a field as if it were absent."""
    from pydantic import ValidationError  # noqa: PLC0415 -- the shell's completion reads rows without models

    try:
        return model.model_validate(values)
    except ValidationError as error:
        odd = {str(detail["loc"][0]) for detail in error.errors(include_url=False, include_context=False)}
        return model.model_validate({name: value for name, value in values.items() if name not in odd})


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` without the nulls, so that each field's default counts."""
    return {name: value for name, value in values.items() if value is not None}


def is_true(value: Any) -> bool:
    """Whether a flag is set: null, zero and words such as `false` are not."""
    if isinstance(value, bytes | str):
        return (as_text(value) or "").strip(BLANKS).lower() not in FALSE_WORDS
    return bool(value)


def decode(data: bytes) -> str:
    """Return a stored text, which another program need not have written as UTF-8."""
    return data.decode("utf-8", "replace")


def as_text(value: Any) -> str | None:
    """Return a column's value as text, None for null; another program may have stored a number or a BLOB."""
    if isinstance(value, bytes):
        return decode(value)
    return None if value is None else str(value)


def as_time(value: Any) -> datetime | None:
    """Return a stored time as local time, whatever form another program gave it; None if it is not a time."""
    return parse_time((as_text(value) or "").strip())


def from_json(text: Any) -> Any:
    """Return what a JSON text says, None if it is not one (or is nested so deeply that it could not be shown)."""
    try:
        text = as_text(text) if isinstance(text, bytes) else text
        value = json.loads(text)
        return _plain(value, _MAX_DEPTH) if _may_be_odd(text) else value
    except (TypeError, ValueError, RecursionError):
        return None


def _may_be_odd(text: str) -> bool:
    return "\\u" in text or text.count("[") + text.count("{") > _MAX_DEPTH


def _plain(value: Any, depth: int) -> Any:
    """Return `value` without lone surrogates, which UTF-8 cannot hold; raises ValueError if it goes deeper."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | dict) and not depth:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {_plain(name, depth): _plain(item, depth - 1) for name, item in value.items()}
    return value


def to_json(value: Any) -> str:
    """Return `value` as JSON, readable to the eye."""
    return _ENCODER.encode(value)


def to_iso(moment: datetime | None) -> str | None:
    """Return a local time as the web UI writes it."""
    return None if moment is None else moment.isoformat()


def quoted(name: str) -> str:
    """Return a column's name for a statement."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text for a statement."""
    return "'" + text.replace("'", "''") + "'"
