"""The fields of a session by name, for `--columns`, CSV and TSV."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sdgen_admin.errors import UsageError

if TYPE_CHECKING:
    from sdgen_admin.models.records import SessionRecord

_OF_RECORD = (
    "session_id", "session_path", "created_at", "status", "problem", "stale", "missing", "scheduler", "theme", "style",
    "seed_list",
)  # fmt: skip
_OF_STATS = (
    "sd_model", "template_version", "generation_mode", "seed_mode", "seed_base", "resolved_prompt", "negative_prompt",
    "width", "height", "steps", "cfg_scale", "sampler_name", "images_expected", "images_actual",
    "completion_percentage", "is_seed_sweep", "placeholders", "variations_summary", "session_created_at",
    "manifest_generated_at", "first_image_created_at", "last_image_created_at", "stats_computed_at", "stats_version",
)  # fmt: skip
_OF_METADATA = ("is_favorite", "is_test", "is_complete", "user_rating", "user_note", "tags", "auto_metadata",
                "updated_at")  # fmt: skip

_AS_FLAGS = {"liked": "is_favorite"}
"""What a flag calls a column, where that is no part of its name."""
_UNTOUCHED = {"is_favorite": False, "is_test": False, "tags": ()}
"""What holds for a session that nobody touched."""


def _of_record(name: str) -> "Callable[[SessionRecord], Any]":
    return lambda record: getattr(record, name)


def _of_stats(name: str) -> "Callable[[SessionRecord], Any]":
    return lambda record: getattr(record.stats, name, None)


def _of_metadata(name: str) -> "Callable[[SessionRecord], Any]":
    return lambda record: getattr(record.metadata, name, _UNTOUCHED.get(name))


COLUMNS: "dict[str, Callable[[SessionRecord], Any]]" = {
    **{name: _of_record(name) for name in _OF_RECORD},
    **{name: _of_stats(name) for name in _OF_STATS},
    **{name: _of_metadata(name) for name in _OF_METADATA},
    "metadata_created_at": lambda record: getattr(record.metadata, "created_at", None),
}
"""Every field of record, stats and metadata. `created_at` is the session's; the metadata row's has a prefix."""

DEFAULT_COLUMNS = (
    "session_id", "created_at", "sd_model", "status", "images_actual", "images_expected", "completion_percentage",
    "is_seed_sweep", "is_favorite", "is_test", "user_rating", "tags", "user_note", "problem",
)  # fmt: skip
"""What CSV and TSV show where nobody says."""


def parse_columns(text: str) -> tuple[str, ...]:
    """Return the columns that a comma-separated list names.

    Raises:
        UsageError: A name is no column's; the hint names near ones.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names or ("",):
        if name not in COLUMNS:
            from difflib import get_close_matches

            near = [column for column in COLUMNS if name and _AS_FLAGS.get(name, name) in column]
            near = near or get_close_matches(name, COLUMNS, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(COLUMNS)}"
            raise UsageError(f"There is no column {name!r}.", hint)
    return names
