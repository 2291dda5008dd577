"""The stats of a session folder, computed the plain and slow way, rule by rule."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
LARGEST = 2**63 - 1


def reference_stats(folder: Path) -> dict[str, Any]:
    """Return every field of `SessionStats` but `stats_computed_at`, times as local times."""
    images = [path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in SUFFIXES]
    times = sorted(path.stat().st_mtime for path in images)
    stats: dict[str, Any] = {
        "session_id": folder.name,
        "session_path": str(folder),
        "images_actual": len(images),
        "session_created_at": datetime.strptime(folder.name[:15], "%Y%m%d_%H%M%S"),
        "first_image_created_at": datetime.fromtimestamp(times[0]) if times else None,
        "last_image_created_at": datetime.fromtimestamp(times[-1]) if times else None,
        "stats_version": 1,
    }
    manifest = load(folder / "manifest.json")
    if manifest is None:
        return stats | dict.fromkeys(FROM_MANIFEST) | NOTHING_EXPECTED
    snapshot = manifest["snapshot"]
    params = section(snapshot, "generation_params")
    api = section(snapshot, "api_params")
    template = section(snapshot, "resolved_template")
    used = used_values(section(snapshot, "variations"))
    seeds = [seed for seed in params["seed_list"] if is_integer(seed)] if is_list(params.get("seed_list")) else []
    expected = images_expected(manifest, params, used, seeds)
    changing = [name for name in used if len(used[name]) > 1]
    return stats | {
        "sd_model": first_text("unknown", section(snapshot, "runtime_info").get("sd_model_checkpoint")),
        "template_version": first_text("unknown", snapshot.get("version")),
        "manifest_generated_at": time_of(snapshot.get("timestamp")),
        "generation_mode": first_text("unknown", params.get("mode")),
        "seed_mode": first_text("unknown", params.get("seed_mode")),
        "seed_base": first_integer(-1, params.get("seed_base"), params.get("base_seed")),
        "resolved_prompt": first_text("", template.get("prompt")),
        "negative_prompt": first_text("", template.get("negative")),
        "width": first_integer(None, api.get("width")),
        "height": first_integer(None, api.get("height")),
        "steps": first_integer(None, api.get("steps")),
        "cfg_scale": float(api["cfg_scale"]) if type(api.get("cfg_scale")) in (int, float) else None,
        "sampler_name": first_text(None, api.get("sampler_name"), api.get("sampler")),
        "images_expected": expected,
        "completion_percentage": round(len(images) / expected * 100, 2) if expected else 0.0,
        "is_seed_sweep": len(seeds) >= 2 or (params.get("seed_mode") == "progressive" and len(changing) <= 1),
        "placeholders": {name: len(values) for name, values in used.items()},
        "variations_summary": {name: values[:10] for name, values in used.items()},
    }


FROM_MANIFEST = [
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
    "placeholders",
    "variations_summary",
]
NOTHING_EXPECTED = {"images_expected": 0, "completion_percentage": 0.0, "is_seed_sweep": False}


def load(path: Path) -> Any:
    """Return the manifest, or None where there is none or it is invalid."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            manifest = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(manifest, dict) or not section(manifest, "snapshot"):
        return None
    return manifest


def images_expected(manifest: Any, params: Any, used: dict[str, list[str]], seeds: list[int]) -> int:
    limit = first_whole(params.get("max_images"), manifest.get("images_requested"))
    if limit is not None and limit <= 0:
        limit = None
    planned = first_whole(params.get("num_images"))
    if planned is not None:
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


def section(node: Any, key: str) -> Any:
    return node[key] if isinstance(node.get(key), dict) else {}


def first_text(absent: str | None, *values: Any) -> str | None:
    return next((value for value in values if isinstance(value, str)), absent)


def first_integer(absent: int | None, *values: Any) -> int | None:
    return next((value for value in values if is_integer(value)), absent)


def first_whole(*values: Any) -> int | None:
    """Return the first integer, of whatever size."""
    return next((value for value in values if type(value) is int), None)


def is_integer(value: Any) -> bool:
    return type(value) is int and -LARGEST <= value <= LARGEST


def is_list(value: Any) -> bool:
    return isinstance(value, list)


def time_of(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
