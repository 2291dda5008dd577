"""A small schema language for JSON: what a document is made of, to the letter."""

from datetime import datetime
from typing import Any


class Maybe:
    """Null, or a value of a shape."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


class Mapped:
    """An object whose names are not known beforehand."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


class Time:
    """A local time in ISO 8601 without offset."""


class Anything:
    """A value of whatever kind."""


def mismatch(value: Any, shape: Any, path: str = "$") -> str:
    """Return where and how `value` differs from `shape`, nothing where it does not."""
    match shape:
        case Maybe():
            return "" if value is None else mismatch(value, shape.shape, path)
        case Mapped() if isinstance(value, dict):
            return _first(mismatch(item, shape.shape, f"{path}.{name}") for name, item in value.items())
        case dict() if isinstance(value, dict) and value.keys() == shape.keys():
            return _first(mismatch(value[name], inner, f"{path}.{name}") for name, inner in shape.items())
        case [inner] if isinstance(value, list):
            return _first(mismatch(item, inner, f"{path}[{index}]") for index, item in enumerate(value))
        case type():
            return "" if _is(value, shape) else f"{path}: {value!r} is no {shape.__name__}"
        case _:
            return f"{path}: {value!r} is not of the shape {shape!r}"


def _is(value: Any, kind: type) -> bool:
    if kind is Anything:
        return True
    if kind is Time:
        try:
            return datetime.fromisoformat(value).tzinfo is None
        except (TypeError, ValueError):
            return False
    return type(value) in ((int, float) if kind is float else (kind,))


def _first(findings: Any) -> str:
    return next((finding for finding in findings if finding), "")


STATS = {
    "session_id": str, "session_path": str, "sd_model": Maybe(str), "template_version": Maybe(str),
    "generation_mode": Maybe(str), "seed_mode": Maybe(str), "seed_base": Maybe(int), "resolved_prompt": Maybe(str),
    "negative_prompt": Maybe(str), "width": Maybe(int), "height": Maybe(int), "steps": Maybe(int),
    "cfg_scale": Maybe(float), "sampler_name": Maybe(str), "images_expected": Maybe(int), "images_actual": int,
    "completion_percentage": Maybe(float), "is_seed_sweep": Maybe(bool), "placeholders": Maybe(Mapped(int)),
    "variations_summary": Maybe(Mapped([str])), "session_created_at": Maybe(Time),
    "manifest_generated_at": Maybe(Time), "first_image_created_at": Maybe(Time), "last_image_created_at": Maybe(Time),
    "stats_computed_at": Time, "stats_version": int,
}  # fmt: skip
METADATA = {
    "session_id": str, "session_path": str, "is_test": bool, "is_complete": bool, "is_favorite": bool,
    "user_rating": Maybe(str), "user_note": Maybe(str), "tags": [str], "auto_metadata": Maybe(Mapped(str)),
    "created_at": Maybe(Time), "updated_at": Maybe(Time),
}  # fmt: skip
RECORD = {
    "session_id": str, "session_path": str, "root": str, "created_at": Maybe(Time), "status": str,
    "run_status": Maybe(str), "source": Maybe(str), "confidence": Maybe(str), "problem": Maybe(str), "outdated": bool,
    "missing": bool, "scheduler": Maybe(str), "theme": Maybe(str), "style": Maybe(str), "seed_list": Maybe([int]),
    "images_recorded": Maybe(int), "seed_min": Maybe(int), "seed_max": Maybe(int), "seed_run": Maybe(str),
    "pools": Maybe(Mapped(int)), "duration": Maybe(float), "stats": Maybe(STATS), "metadata": Maybe(METADATA),
}  # fmt: skip
PAGE = {"sessions": [RECORD], "total_count": int, "limit": Maybe(int), "offset": int}
REPORT = {
    "computed": int, "fresh": int, "failed": int, "problems": [{"session_id": str, "problem": str}], "seconds": float,
}  # fmt: skip
REFRESHED = {"sessions": [{"session_id": str, "stats": Maybe(STATS), "problem": Maybe(str)}], **REPORT}
CHANGED = {"metadata": [METADATA]}
UNDONE = {"metadata": [METADATA], "undone": int, "group": int}
CHANGE = {
    "group": int, "changed_at": Time, "undoes": Maybe(int), "undone_by": Maybe(int), "session_id": str, "field": str,
    "old": Anything, "new": Anything,
}  # fmt: skip
HISTORY = {"history": [CHANGE]}
BACKUP = {"path": str, "size": int}
TAGS = {"tags": [{"tag": str, "count": int}]}
SETTING = {
    "name": str, "root": Maybe(str), "value": str, "origin": str, "source": str,
    "is_there": Maybe(bool), "is_readable": Maybe(bool), "is_writable": Maybe(bool), "problem": Maybe(str),
}  # fmt: skip
DATABASE = {
    "layout": str, "mirrored": int, "others": int, "mirror_problem": Maybe(str),
    "metadata_problem": Maybe(str), "sessions": int, "without_root": int,
}  # fmt: skip
SETTINGS = {"settings": [SETTING], "database": Maybe(DATABASE)}
