"""What is known of a session folder by itself, found the plain and slow way, rule by rule."""

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
LARGEST = 2**63 - 1
STATS_VERSION = 3

FROM_SOURCE = [
    "run_status",
    "scheduler",
    "theme",
    "style",
    "seed_list",
    "images_recorded",
    "seed_min",
    "seed_max",
    "seed_run",
    "pools",
    "sd_model",
    "template_version",
    "manifest_generated_at",
    "generation_mode",
    "seed_mode",
    "seed_base",
    "resolved_prompt",
    "negative_prompt",
    "width",
    "height",
    "steps",
    "cfg_scale",
    "sampler_name",
    "images_expected",
    "completion_percentage",
    "is_seed_sweep",
    "placeholders",
    "variations_summary",
]
"""What a folder alone never tells."""


def reference_fields(folder: Path) -> dict[str, Any]:
    """Return every field that `compute_fields` should, but `problem` and `stats_computed_at`, in plain types.

    Times are local times, lists are lists.
    """
    images = [
        path
        for path in folder.iterdir()
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith("._")
    ]
    times = sorted(path.stat().st_mtime for path in images)
    fields: dict[str, Any] = {
        **dict.fromkeys(FROM_SOURCE),
        "source": "folder",
        "confidence": "low",
        "images_actual": len(images),
        "session_created_at": datetime.strptime(folder.name[:15], "%Y%m%d_%H%M%S"),
        "first_image_created_at": datetime.fromtimestamp(times[0]) if times else None,
        "last_image_created_at": datetime.fromtimestamp(times[-1]) if times else None,
        "stats_version": STATS_VERSION,
    }
    manifest = load(folder / "manifest.json")
    if manifest is None:
        return fields
    fields |= recorded(manifest)
    if manifest["snapshot"] == {}:
        return fields
    return fields | planned(manifest, len(images))


def recorded(manifest: Any) -> dict[str, Any]:
    """Return what a manifest says whether or not its snapshot says anything."""
    images = manifest["images"] if is_list(manifest.get("images")) else None
    seeds = storable(image.get("seed") for image in images or [] if isinstance(image, dict))
    inferred = manifest["snapshot"].get("inference_info")
    confidence = "high"
    if isinstance(inferred, dict) and inferred.get("confidence") != "high":
        confidence = "low" if inferred.get("confidence") == "low" else "medium"
    return {
        "source": "manifest",
        "confidence": confidence,
        "run_status": manifest.get("status") if manifest.get("status") in STATUSES else None,
        "images_recorded": None if images is None else len(images),
        "seed_min": min(seeds) if seeds else None,
        "seed_max": max(seeds) if seeds else None,
        "seed_run": how_they_run(seeds),
    }


STATUSES = ["ongoing", "completed", "aborted"]


def how_they_run(seeds: list[int]) -> str | None:
    if not seeds:
        return None
    if len(set(seeds)) == 1:
        return "fixed"
    steps = [after - before for before, after in pairwise(seeds)]
    return "progressive" if set(steps) == {1} else "random"


def planned(manifest: Any, images: int) -> dict[str, Any]:
    """Return what follows from a snapshot."""
    snapshot = manifest["snapshot"]
    params = section(snapshot, "generation_params")
    api = section(snapshot, "api_params")
    template = section(snapshot, "resolved_template")
    variations = section(snapshot, "variations")
    used = used_values(variations)
    listed = params["seed_list"] if is_list(params.get("seed_list")) else []
    seeds = [seed for seed in map(whole, listed) if seed is not None]
    expected = images_expected(manifest, params, used, seeds)
    changing = [name for name in used if len(used[name]) > 1]
    cfg = api.get("cfg_scale")
    return {
        "sd_model": first_text("unknown", section(snapshot, "runtime_info").get("sd_model_checkpoint")),
        "template_version": first_text("unknown", snapshot.get("version")),
        "manifest_generated_at": time_of(snapshot.get("timestamp")),
        "generation_mode": first_text("unknown", params.get("mode")),
        "seed_mode": first_text("unknown", params.get("seed_mode")),
        "seed_base": first_integer(-1, params.get("seed_base"), params.get("base_seed")),
        "seed_list": seeds or None,
        "resolved_prompt": first_text("", template.get("prompt")),
        "negative_prompt": first_text("", template.get("negative")),
        "width": first_integer(None, api.get("width")),
        "height": first_integer(None, api.get("height")),
        "steps": first_integer(None, api.get("steps")),
        "cfg_scale": float(cfg) if type(cfg) is float or storable([cfg]) else None,
        "sampler_name": first_text(None, api.get("sampler_name"), api.get("sampler")),
        "scheduler": first_text(None, api.get("scheduler")),
        "theme": first_text(None, snapshot.get("theme_name")),
        "style": first_text(None, snapshot.get("style")),
        "images_expected": expected,
        "completion_percentage": round(images / expected * 100, 2) if expected else 0.0,
        "is_seed_sweep": len(seeds) >= 2 or (params.get("seed_mode") == "progressive" and len(changing) <= 1),
        "placeholders": {name: len(values) for name, values in used.items()},
        "variations_summary": {name: values[:10] for name, values in used.items()},
        "pools": {name: pool(variations[name], used[name]) for name in used},
    }


def load(path: Path) -> Any:
    """Return the manifest, or None if there is none or it is invalid."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            manifest = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("snapshot"), dict):
        return None
    has_status = isinstance(manifest.get("status"), str) and manifest["status"] != ""
    has_images = is_list(manifest.get("images")) and len(manifest["images"]) > 0
    return manifest if manifest["snapshot"] or has_status or has_images else None


def images_expected(manifest: Any, params: Any, used: dict[str, list[str]], seeds: list[int]) -> int:
    limit = first_whole(params.get("max_images"), manifest.get("images_requested"))
    if limit is not None and limit <= 0:
        limit = None
    planned = first_whole(params.get("num_images"))
    if planned is not None and planned >= 0:
        return min(planned, LARGEST)
    if params.get("mode") != "combinatorial":
        return min(limit or 0, LARGEST)
    product = 1
    for values in used.values():
        if values:
            product *= len(values)
    if seeds:
        product *= len(seeds)
    if limit is not None:
        product = min(product, limit)
    return min(product, LARGEST)


def used_values(variations: Any) -> dict[str, list[str]]:
    used = {}
    for name, variation in variations.items():
        if is_list(variation):
            values = variation
        elif isinstance(variation, dict):
            values = variation["used"] if is_list(variation.get("used")) else []
        else:
            continue
        used[name] = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return used


def pool(variation: Any, used: list[str]) -> int:
    """Return how many values there were to choose from."""
    if isinstance(variation, dict):
        count = whole(variation.get("count"))
        if count is not None and count >= 0:
            return min(count, LARGEST)
        if is_list(variation.get("available")):
            return len(variation["available"])
    return len(used)


def section(node: Any, key: str) -> Any:
    return node[key] if isinstance(node.get(key), dict) else {}


def first_text(absent: str | None, *values: Any) -> str | None:
    return next((value for value in values if isinstance(value, str)), absent)


def first_integer(absent: int | None, *values: Any) -> int | None:
    return next(iter(storable(values)), absent)


def first_whole(*values: Any) -> int | None:
    """Return the first whole number, of whatever size."""
    return next((whole(value) for value in values if whole(value) is not None), None)


def whole(value: Any) -> int | None:
    """Return a whole number, written with or without a point; None for anything else."""
    if type(value) is int:
        return value
    return int(value) if type(value) is float and value.is_integer() else None


def storable(values: Iterable[Any]) -> list[int]:
    """Return those values that are whole numbers which the database can hold."""
    numbers = [whole(value) for value in values]
    return [number for number in numbers if number is not None and -LARGEST <= number <= LARGEST]


def is_list(value: Any) -> bool:
    return isinstance(value, list)


def time_of(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
