"""`show`: everything about one session, in sections."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sdgen_admin.cli import terminal
from sdgen_admin.cli.columns import COLUMNS
from sdgen_admin.cli.formats.interface import View
from sdgen_admin.cli.terminal import Line
from sdgen_admin.cli.text import visible, visible_lines
from sdgen_admin.cli.views.marks import completion, flags, images
from sdgen_admin.models.metadata import SessionMetadata
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import SessionStats

NO_SEED = -1
_FOLDER = "folder"
"""Its value is never wrapped: it ends in the session id, and is there to be copied."""
_LABEL = 14
_FIRST_VALUES = 5

Rows = list[tuple[str, str]]


class SessionView(View[SessionRecord]):
    """One session."""

    columns = tuple(COLUMNS)

    def row(self, item: SessionRecord) -> Iterable[Any]:
        """Return every field."""
        return (getter(item) for getter in COLUMNS.values())

    def ids(self, item: SessionRecord) -> Iterable[str]:
        """Return the session's id."""
        return (item.session_id,)

    def print(self, items: Iterator[SessionRecord]) -> None:
        """Print the sections that have something to say."""
        for record in items:
            words = "".join(f"  {word}" for word in flags(record))
            lines: list[Line] = [[(visible(record.session_id), "bold"), (words, "yellow")]]
            if record.problem:
                kept = " The stats below are from an earlier reading." if record.stale else ""
                lines += terminal.wrap([(visible(f"Problem: {record.problem}{kept}"), "red")], terminal.width())
            for title, rows in _sections(record):
                if rows:
                    lines += [[], [(title, "bold cyan")]]
                for label, value in rows:
                    lines += _row(label, value)
            terminal.print_lines(lines)


def _row(label: str, value: str) -> list[Line]:
    """Return a label and its value; a long value goes on below itself."""
    room = terminal.width() - _LABEL - 1
    lines: list[Line] = [[(line, "")] for line in value.rstrip("\n").split("\n")]
    parts = lines if label == _FOLDER else [part for line in lines for part in terminal.wrap(line, room)]
    labels = [f"  {label}", *[""] * (len(parts) - 1)]
    return [[(f"{label:<{_LABEL}}", "dim"), *part] for label, part in zip(labels, parts, strict=True)]


def _sections(record: SessionRecord) -> list[tuple[str, Rows]]:
    stats = record.stats
    sections: list[tuple[str, Rows]] = [("Session", _session(record))]
    if stats is not None:
        sections += [
            ("Generation", _generation(record, stats)),
            ("Images", _images(stats)),
            ("Parameters", _parameters(record, stats)),
            ("Placeholders", _placeholders(stats)),
            ("Prompts", _given(("prompt", stats.resolved_prompt), ("negative", stats.negative_prompt))),
        ]
    if record.metadata is not None:
        sections.append(("Metadata", _metadata(record.metadata)))
    return sections


def _given(*rows: tuple[str, Any]) -> Rows:
    return [(label, visible_lines(str(value))) for label, value in rows if value not in (None, "")]


def _session(record: SessionRecord) -> Rows:
    return _given(
        ("created", _when(record.created_at)),
        ("status", record.status),
        (_FOLDER, visible(record.session_path) + ("  (gone)" if record.missing else "")),
    )


def _generation(record: SessionRecord, stats: SessionStats) -> Rows:
    seeds = record.seed_list or ()
    has_base = stats.seed_base not in (None, NO_SEED)
    listed = ", ".join(map(str, seeds[:_FIRST_VALUES])) + _more(len(seeds))
    return _given(
        ("model", stats.sd_model),
        ("mode", stats.generation_mode),
        (
            "seeds",
            f"{stats.seed_mode} from {stats.seed_base}" if has_base else stats.seed_mode,
        ),
        ("seed list", f"{len(seeds)} seeds: {listed}" if seeds else None),
        ("seed sweep", "yes" if stats.is_seed_sweep else None),
        ("template", stats.template_version),
        ("theme", record.theme),
        ("style", record.style),
    )


def _images(stats: SessionStats) -> Rows:
    first, last = stats.first_image_created_at, stats.last_image_created_at
    rows = _given(
        ("images", images(stats)),
        ("completion", completion(stats)),
        ("first", _when(first)),
        ("last", _when(last)),
    )
    if first is not None and last is not None and last - first >= timedelta(seconds=1):
        minutes = (last - first).total_seconds() / 60
        rows += _given(
            ("duration", _duration(last - first)),
            # The first image's own making is not in the time from first to last.
            ("rate", f"{(stats.images_actual - 1) / minutes:.1f} images per minute"),
        )
    return rows


def _parameters(record: SessionRecord, stats: SessionStats) -> Rows:
    size = f"{stats.width} × {stats.height}" if stats.width is not None and stats.height is not None else None
    cfg = None if stats.cfg_scale is None else f"{stats.cfg_scale:g}"
    return _given(
        ("size", size),
        ("steps", stats.steps),
        ("cfg scale", cfg),
        ("sampler", stats.sampler_name),
        ("scheduler", record.scheduler),
    )


def _placeholders(stats: SessionStats) -> Rows:
    rows = []
    for name, count in (stats.placeholders or {}).items():
        values = (stats.variations_summary or {}).get(name, ())[:_FIRST_VALUES]
        listed = " | ".join(map(visible, values)) + _more(count, len(values))
        rows.append((visible(name), f"{count}: {listed}" if count else "0"))
    return rows


def _more(count: int, shown: int = _FIRST_VALUES) -> str:
    return f" + {count - shown} more" if count > shown else ""


def _metadata(metadata: SessionMetadata) -> Rows:
    return _given(
        ("liked", "yes" if metadata.is_favorite else None),
        ("test", "yes" if metadata.is_test else None),
        ("complete", None if metadata.is_complete else "no"),
        ("rating", metadata.user_rating),
        ("tags", visible(", ".join(metadata.tags))),
        ("note", metadata.user_note),
        ("updated", _when(metadata.updated_at)),
    )


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _duration(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"
