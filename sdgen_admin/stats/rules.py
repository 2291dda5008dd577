"""The rules by which stats follow from a session's folder and facts. Pure: no I/O."""

import math
from datetime import datetime
from typing import Any

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.folder import SessionReading
from sdgen_admin.models.instants import local_time, parse_moment
from sdgen_admin.models.limits import LARGEST
from sdgen_admin.models.session_id import created_at
from sdgen_admin.models.stats import STATS_VERSION

SUMMARY_LENGTH = 10
"""How many used values of a placeholder the summary keeps."""


def compute_fields(reading: SessionReading, computed_at: datetime) -> dict[str, Any]:
    """Return the fields of a record and its stats that follow from a readable session folder.

    They are not made a model: nearly all are only stored, and validating them would take half as long as that.

    Args:
        reading: What the folder and the source of its facts say.
        computed_at: The time to note.
    """
    facts = reading.facts
    assert facts is not None, "only a readable folder has stats"
    return {
        "source": facts.source,
        "confidence": facts.confidence,
        "problem": reading.problem,
        "run_status": facts.run_status,
        "scheduler": facts.scheduler,
        "theme": facts.theme,
        "style": facts.style,
        "seed_list": facts.seed_list or None,
        "images_recorded": facts.images_recorded,
        "seed_min": facts.seed_min,
        "seed_max": facts.seed_max,
        "seed_run": facts.seed_run,
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
        "images_actual": reading.images,
        **_plan(facts, reading.images),
        "session_created_at": created_at(reading.session_id),
        "manifest_generated_at": parse_moment(facts.timestamp),
        "first_image_created_at": local_time(reading.first_image_ns),
        "last_image_created_at": local_time(reading.last_image_ns),
        "stats_computed_at": computed_at,
        "stats_version": STATS_VERSION,
    }


def _plan(facts: Facts, images: int) -> dict[str, Any]:
    """Return what follows from the run's plan; nothing of it is known if the source does not say what was planned."""
    if not facts.is_planned:
        names = ("images_expected", "completion_percentage", "is_seed_sweep", "placeholders", "variations_summary")
        return dict.fromkeys((*names, "pools"))
    expected = images_expected(facts)
    return {
        "images_expected": expected,
        "completion_percentage": round(images / expected * 100, 2) if expected else 0.0,
        "is_seed_sweep": is_seed_sweep(facts),
        "placeholders": {name: len(values) for name, values in facts.used.items()},
        "variations_summary": {name: values[:SUMMARY_LENGTH] for name, values in facts.used.items()},
        "pools": facts.pools,
    }


def images_expected(facts: Facts) -> int:
    """Return how many images the run planned, 0 if nothing says so; never more than SQLite can hold."""
    if facts.num_images is not None:
        return facts.num_images
    if facts.generation_mode != "combinatorial":
        return facts.image_limit or 0
    combinations = math.prod(len(values) for values in facts.used.values() if values)
    planned = min(combinations * (len(facts.seed_list) or 1), LARGEST)
    return min(planned, facts.image_limit or planned)


def is_seed_sweep(facts: Facts) -> bool:
    """Whether the run explored seeds: explicit ones, or progressive ones over at most one changing placeholder."""
    changing = sum(len(values) > 1 for values in facts.used.values())
    return len(facts.seed_list) > 1 or (facts.seed_mode == "progressive" and changing <= 1)
