"""The rules by which stats follow from a session's folder and manifest. Pure: no I/O."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from sdgen_admin.disk.folder import SessionReading
from sdgen_admin.disk.manifest import ManifestFacts
from sdgen_admin.disk.root import created_at
from sdgen_admin.models.base import to_local
from sdgen_admin.models.limits import LARGEST

SUMMARY_LENGTH = 10
"""How many used values of a placeholder the summary keeps."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def compute_fields(reading: SessionReading, session_path: str, computed_at: datetime) -> dict[str, Any]:
    """Return the fields of the `SessionStats` that follow from a readable session folder; the rest have their default.

    They are not made a model: nearly all are only stored, and validating them would take half as long as that.

    Args:
        reading: What the folder and its manifest say.
        session_path: The session folder, absolute.
        computed_at: The time to note, local.
    """
    stats = {
        "session_id": reading.session_id,
        "session_path": session_path,
        "images_actual": reading.images,
        "session_created_at": created_at(reading.session_id),
        "first_image_created_at": local_time(reading.first_image_ns),
        "last_image_created_at": local_time(reading.last_image_ns),
        "stats_computed_at": computed_at,
    }
    facts = reading.manifest
    if facts is None:
        return stats
    expected = images_expected(facts)
    return stats | {
        "sd_model": facts.sd_model,
        "template_version": facts.template_version,
        "generation_mode": facts.generation_mode,
        "seed_mode": facts.seed_mode,
        "seed_base": facts.seed_base,
        "resolved_prompt": facts.prompt,
        "negative_prompt": facts.negative_prompt,
        "width": facts.width,
        "height": facts.height,
        "steps": facts.steps,
        "cfg_scale": facts.cfg_scale,
        "sampler_name": facts.sampler_name,
        "images_expected": expected,
        "completion_percentage": round(reading.images / expected * 100, 2) if expected else 0.0,
        "is_seed_sweep": is_seed_sweep(facts),
        "placeholders": {name: len(values) for name, values in facts.used.items()},
        "variations_summary": {name: values[:SUMMARY_LENGTH] for name, values in facts.used.items()},
        "manifest_generated_at": parse_time(facts.timestamp),
    }


def images_expected(facts: ManifestFacts) -> int:
    """Return how many images the run was to make, 0 where nothing says so; never more than SQLite can hold."""
    if facts.num_images is not None:
        return facts.num_images
    if facts.generation_mode != "combinatorial":
        return facts.image_limit or 0
    combinations = math.prod(len(values) for values in facts.used.values() if values)
    planned = min(combinations * (len(facts.seed_list) or 1), LARGEST)
    return min(planned, facts.image_limit or planned)


def is_seed_sweep(facts: ManifestFacts) -> bool:
    """Whether the run explored seeds: explicit ones, or progressive ones over at most one changing placeholder."""
    changing = sum(len(values) > 1 for values in facts.used.values())
    return len(facts.seed_list) > 1 or (facts.seed_mode == "progressive" and changing <= 1)


def local_time(time_ns: int | None) -> datetime | None:
    """Return a time in nanoseconds since 1970 as local time; None where the calendar has no such year."""
    if time_ns is None:
        return None
    seconds, ns = divmod(time_ns, 1_000_000_000)
    try:
        if seconds < 0:  # which `fromtimestamp` does not know on Windows
            return to_local(_EPOCH + timedelta(microseconds=time_ns // 1000))
        return datetime.fromtimestamp(seconds).replace(microsecond=ns // 1000)
    except (OverflowError, OSError, ValueError):
        return None


def parse_time(text: str | None) -> datetime | None:
    """Return an ISO 8601 text as local time; None where it is none."""
    try:
        return to_local(datetime.fromisoformat(text or ""))
    except ValueError:
        return None
