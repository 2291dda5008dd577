"""`show`: everything about one session, in sections of fields."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from sdgen_admin.cli import terminal
from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import Line
from sdgen_admin.cli.text import visible, visible_lines
from sdgen_admin.cli.views.marks import completion, flags, images
from sdgen_admin.models.fields import BY_NAME, FIELDS, Kind
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.session_id import shown_id

NO_SEED = -1
_LABEL = 19
_FIRST_VALUES = 5
_PLACEHOLDERS = "Placeholders"
_FOLDER = BY_NAME["session_path"].label
"""Its value is never wrapped: it ends in the session id, and is there to be copied."""

_SECTIONS = {
    "Session": ("created_at", "status", "root", "session_path"),
    "Generation": (
        "sd_model", "generation_mode", "seed_mode", "seed_base", "seed_list", "is_seed_sweep", "seed_min", "seed_max",
        "seed_run", "template_version", "theme", "style",
    ),
    "Images": (
        "images_actual", "images_recorded", "completion_percentage", "first_image_created_at",
        "last_image_created_at", "duration", "images_per_minute",
    ),
    "Parameters": ("size", "steps", "cfg_scale", "sampler_name", "scheduler"),
    _PLACEHOLDERS: (),
    "Prompts": ("resolved_prompt", "negative_prompt"),
    "Metadata": ("is_favorite", "is_test", "is_complete", "user_rating", "tags", "user_note", "updated_at"),
    "Source": ("source", "confidence"),
}  # fmt: skip
"""Section to its fields. `size` alone is not a field of its own."""

Row = tuple[str, str]


class SessionView(View[SessionRecord]):
    """One session.

    Args:
        sessions: The sessions, usually one.
        with_root: Whether to name the images root: there are several.
    """

    columns = tuple(field.name for field in FIELDS)

    def __init__(self, sessions: Iterable[SessionRecord], *, with_root: bool = False) -> None:
        super().__init__(sessions)
        self._hidden = () if with_root else ("root",)

    def row(self, item: SessionRecord) -> Iterable[Any]:
        """Return every field."""
        return (field.get(item) for field in FIELDS)

    def ids(self, item: SessionRecord) -> Iterable[str]:
        """Return the session's id."""
        return (item.session_id,)

    def print(self, items: Iterator[SessionRecord]) -> None:
        """Print the sections that have something to say."""
        for record in items:
            words = "".join(f"  {word}" for word in flags(record))
            lines: list[Line] = [[(shown_id(record.session_id), "bold"), (words, "yellow")]]
            if record.problem:
                kept = " The stats below are from an earlier reading." if record.outdated else ""
                lines += terminal.wrap([(visible(f"Problem: {record.problem}{kept}"), "red")], terminal.width())
            for title, names in _SECTIONS.items():
                rows = [_field_row(record, name) for name in names if name not in self._hidden]
                if title == _PLACEHOLDERS:
                    rows += _placeholders(record)
                lines += _section(title, [(label, value) for label, value in rows if value])
            terminal.print_lines(lines)


def _section(title: str, rows: list[Row]) -> list[Line]:
    """Return a section's lines; none if it has no rows."""
    lines: list[Line] = [[], [(title, "bold cyan")]] if rows else []
    for label, value in rows:
        lines += _row(label, value)
    return lines


def _row(label: str, value: str) -> list[Line]:
    """Return a label and its value; a long value continues below itself."""
    room = terminal.width() - _LABEL - 1
    lines: list[Line] = [[(line, "")] for line in value.rstrip("\n").split("\n")]
    parts = lines if label == _FOLDER else [part for line in lines for part in terminal.wrap(line, room)]
    labels = [f"  {label}", *[""] * (len(parts) - 1)]
    return [[(f"{label:<{_LABEL}}", "dim"), *part] for label, part in zip(labels, parts, strict=True)]


def _field_row(record: SessionRecord, name: str) -> Row:
    """Return a field's label and its value as a person reads it, empty if it says nothing."""
    label = BY_NAME[name].label if name in BY_NAME else name
    special = _SPECIAL.get(name)
    return label, (special(record) if special else _plain(record, name)) or ""


def _plain(record: SessionRecord, name: str) -> str | None:
    field = BY_NAME[name]
    value = field.get(record)
    if value is None:
        return None
    match field.kind:
        case Kind.FLAG:
            return "yes" if value else None
        case Kind.TIME:
            return _when(value)
        case Kind.REAL:
            return f"{value:g}"
        case Kind.LIST:
            return visible(", ".join(map(str, value)))
        case _:
            return visible_lines(str(value))


def _folder(record: SessionRecord) -> str:
    return visible(record.session_path) + ("  (gone)" if record.missing else "")


def _base_seed(record: SessionRecord) -> str | None:
    base = record.stats and record.stats.seed_base
    return None if base in (None, NO_SEED) else str(base)


def _seed_list(record: SessionRecord) -> str | None:
    seeds = record.seed_list or ()
    listed = ", ".join(map(str, seeds[:_FIRST_VALUES])) + _more(len(seeds))
    return f"{len(seeds)} seeds: {listed}" if seeds else None


def _size(record: SessionRecord) -> str | None:
    stats = record.stats
    if stats is None or stats.width is None or stats.height is None:
        return None
    return f"{stats.width} × {stats.height}"


def _duration(record: SessionRecord) -> str | None:
    if not _took_time(record):
        return None
    minutes, seconds = divmod(round(record.duration or 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"


def _rate(record: SessionRecord) -> str | None:
    return f"{record.images_per_minute:.1f} images per minute" if _took_time(record) else None


def _took_time(record: SessionRecord) -> bool:
    """Whether more than a moment passed between the first image and the last."""
    return record.duration is not None and record.duration >= 1


def _marked_complete(record: SessionRecord) -> str | None:
    return "no" if record.metadata is not None and not record.metadata.is_complete else None


_SPECIAL: dict[str, Callable[[SessionRecord], str | None]] = {
    "session_path": _folder,
    "seed_base": _base_seed,
    "seed_list": _seed_list,
    "images_actual": lambda record: images(record.stats),
    "completion_percentage": lambda record: completion(record.stats),
    "duration": _duration,
    "images_per_minute": _rate,
    "size": _size,
    "is_complete": _marked_complete,
}
"""Fields that need more than their value to be read."""


def _placeholders(record: SessionRecord) -> list[Row]:
    """Return each placeholder with its planned values, and how many there were to choose from."""
    pools, stats = record.pools or {}, record.stats
    planned = (stats and stats.placeholders) or {}
    rows = []
    for name in dict.fromkeys((*planned, *pools)):
        count, pool = planned.get(name, 0), pools.get(name)
        values = ((stats and stats.variations_summary) or {}).get(name, ())[:_FIRST_VALUES]
        listed = " | ".join(map(visible, values)) + _more(count, len(values))
        total = f"{count} of {pool}" if pool is not None and pool != count else f"{count}"
        rows.append((visible(name), f"{total}: {listed}" if count else total))
    return rows


def _more(count: int, shown: int = _FIRST_VALUES) -> str:
    return f" + {count - shown} more" if count > shown else ""


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
