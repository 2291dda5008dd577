"""Which fields a list shows: those that a person names, or the usual ones."""

from sdgen_admin.models.fields import BY_NAME, Field, field_named

_USUAL = (
    "session_id", "created_at", "sd_model", "status", "images_actual", "images_expected", "completion_percentage",
    "is_seed_sweep", "is_favorite", "is_test", "user_rating", "tags", "user_note", "problem",
)  # fmt: skip
USUAL = tuple(BY_NAME[name] for name in _USUAL)
"""What CSV and TSV show by default."""


def parse_columns(text: str) -> tuple[Field, ...]:
    """Return the fields that a comma-separated list names.

    Raises:
        InvalidFieldError: A name is not a field's.
    """
    names = [name for name in text.split(",") if name.strip()]
    return tuple(map(field_named, names or [""]))
