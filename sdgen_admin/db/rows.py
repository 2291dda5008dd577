"""Rows to models: what other programs wrote is read as well as can be."""

import json
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


def lenient(model: type[M], values: dict[str, Any]) -> M:
    """Return the model of `values`, leaving out what does not fit a field as if it were absent."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        odd = {str(detail["loc"][0]) for detail in error.errors(include_url=False, include_context=False)}
        return model.model_validate({name: value for name, value in values.items() if name not in odd})


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` without the nulls, so that each field's default counts."""
    return {name: value for name, value in values.items() if value is not None}


def is_true(value: Any) -> bool:
    """What SQL's `value <> 0` says: anything but null and zero is true."""
    return value is not None and value not in (0, "0")


def from_json(text: Any) -> Any:
    """Return what a JSON text says, None where it is none."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def to_json(value: Any) -> str:
    """Return `value` as JSON, readable to the eye."""
    return json.dumps(value, ensure_ascii=False)


def to_iso(moment: datetime | None) -> str | None:
    """Return a local time as the web UI writes it."""
    return None if moment is None else moment.isoformat()
