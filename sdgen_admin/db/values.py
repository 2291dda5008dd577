"""Single values in and out of the database: what other programs wrote is read as what it plainly means."""

import json
import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sdgen_admin.models.enums import Rating
from sdgen_admin.models.instants import local_time, parse_time

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")

_MAX_DEPTH = 100
_ENCODER = json.JSONEncoder(ensure_ascii=False)
FALSE_WORDS = ("", "0", "0.0", "false", "f", "no", "n", "off", "none", "null")
"""Texts in a flag that mean no."""
FLAGS = ("is_test", "is_complete", "is_favorite")
"""The columns of `session_metadata` that say yes or no."""
_NOTHING = (None, "", ())
"""What a person sees as nothing said."""
_REPLACED = json.dumps("\ufffd").strip('"')
"""Stands for bytes that are not valid UTF-8."""
BLANKS = " \t\n\v\f\r"
"""What may stand around them."""
_NO_RATING = ("", "none", "null")
_ZONE = re.compile(r"\s*(?:(?P<utc>z|utc|gmt)|(?P<offset>[+-]\d\d(?::?\d\d)?))$", re.ASCII | re.IGNORECASE)
"""The end of a time: many programs put a blank before it, or name it."""
_EPOCH = re.compile(r"(\d{10})(\d{3})?(?:\.(\d+))?", re.ASCII)
"""Seconds or milliseconds since 1970, from 2001 to 2286."""


LOCAL_TIME_LENGTH = 26
"""Characters of a local time in ISO 8601 with microseconds. In our own tables an offset may follow."""


def local_text(column: str) -> str:
    """Return the expression for one of our own times as the process that stored it saw it."""
    return f"substr({column}, 1, {LOCAL_TIME_LENGTH})"


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
    """Whether a flag is set: null, zero and words such as `false` are not.

    Nor are bytes that are all zero: SQLite stores numpy's numbers as bytes.
    """
    if isinstance(value, bytes | str):
        text = as_text(value) or ""
        return text.strip(BLANKS).lower() not in FALSE_WORDS and text.strip("\0") != ""
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
    """Return a stored time as local time, whatever form another program gave it; None if it is not a time.

    That is ISO 8601 with its variants (a blank instead of the `T`, an offset or `UTC` after another blank), or the
    seconds or milliseconds since 1970.
    """
    text = (as_text(value) or "").strip(f"{BLANKS}\0")
    if moment := parse_time(text):
        return moment
    if since := _EPOCH.fullmatch(text):
        seconds, milliseconds, fraction = since.groups("")
        ns = (milliseconds + fraction).ljust(9, "0")[:9]
        return local_time(int(seconds) * 1_000_000_000 + int(ns))
    zone = _ZONE.search(text)
    return parse_time(text[: zone.start()] + (zone["offset"] or "+00:00")) if zone else None


def as_rating(value: Any) -> str | None:
    """Return a stored rating: `like` and `dislike` in any spelling, None for none, any other word as it is."""
    text = as_text(value)
    word = (text or "").strip().lower()
    if word in _NO_RATING:
        return None
    return word if word in tuple(Rating) else text


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


@lru_cache(maxsize=4096)  # a collection has far fewer different lists of tags than sessions
def parse_tags(text: Any) -> tuple[str, ...]:
    """Return the tags in a column value, whatever another program wrote there.

    A JSON array gives its items. A JSON string is read as its text is, since some programs encode twice. Text that is
    not JSON gives the parts between its commas, and any other JSON is one tag.
    """
    text = as_text(text) or ""
    parsed = from_json(text)
    if isinstance(parsed, str):
        text, parsed = parsed, from_json(parsed)
    if isinstance(parsed, list):
        items = [item if isinstance(item, str) else to_json(item) for item in parsed if item is not None]
    elif isinstance(parsed, dict):
        items = [text] if parsed else []
    else:
        items = [] if text.strip() == "null" else [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(item for item in items if item))


def meaning(column: str, value: Any) -> Any:
    """Return a value of `session_metadata` as what it plainly means, in the form that the models have it.

    Columns that only other programs have mean what they hold.
    """
    match column:
        case "is_test" | "is_favorite":
            return is_true(value)
        case "is_complete":
            return value is None or is_true(value)
        case "tags":
            return parse_tags(value)
        case "user_rating":
            return as_rating(value)
        case "created_at" | "updated_at":
            return as_time(value)
        case "auto_metadata":
            read = from_json(value)
            return as_text(value) if read is None else read
        case _:
            return as_text(value)


def means_the_same(column: str, one: Any, other: Any) -> bool:
    """Whether two values of a column of `session_metadata` mean the same, however they are written.

    Args:
        column: The column.
        one: A value, its text as bytes (see `exact`), so that texts that are not valid UTF-8 can be told apart.
        other: The other one.
    """
    if type(one) is type(other) and one == other:
        return True
    meant = [meaning(column, value) for value in (one, other)]
    if all(value in _NOTHING for value in meant):
        return column not in ("created_at", "updated_at") or one == other
    texts = [json.dumps(value, sort_keys=True, default=str) for value in meant]
    return texts[0] == texts[1] and _REPLACED not in texts[0]


def exact(column: str) -> str:
    """Return the expression for a column's value with its text as bytes, which no decoding can change."""
    return f"CASE typeof({column}) WHEN 'text' THEN CAST({column} AS BLOB) ELSE {column} END"


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
