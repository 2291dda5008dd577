"""What a mirror shows but SQL cannot compute: local times, the range of seeds, seed sweeps by the web UI's rule."""

from collections.abc import Mapping
from typing import Any

from sdgen_admin.db.values import to_iso
from sdgen_admin.models.limits import LARGEST

_NO_SEED = -1
_UNKNOWN = (None, "unknown")


def ready_made(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that mirrors copy unchanged.

    Args:
        fields: The fields of a record and its stats.
    """
    seeds_from, seeds_to = _range(fields)
    planned = None if fields["seed_mode"] in _UNKNOWN else fields["seed_mode"]
    return {
        "first_image_at": to_iso(fields["first_image_created_at"]),
        "last_image_at": to_iso(fields["last_image_created_at"]),
        "seeds_from": seeds_from,
        "seeds_to": seeds_to,
        "seeds_mode": fields["seed_run"] or planned,
        "explores_seeds": _explores_seeds(fields),
    }


def _range(fields: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the smallest and the largest seed: of the images recorded, else of the plan."""
    if fields["seed_min"] is not None:
        return fields["seed_min"], fields["seed_max"]
    if seeds := fields["seed_list"]:
        return (min(seeds), max(seeds)) if all(abs(seed) <= LARGEST for seed in seeds) else (None, None)
    base, planned = fields["seed_base"], fields["images_expected"] or 0
    if base in (None, _NO_SEED):
        return None, None
    if fields["seed_mode"] == "fixed":
        return base, base
    if fields["seed_mode"] == "progressive" and planned:
        return base, min(base + planned - 1, LARGEST)
    return None, None


def _explores_seeds(fields: Mapping[str, Any]) -> bool:
    """Whether a run is a seed sweep by the web UI's rule, which asks for two images and no changing placeholder."""
    if len(fields["seed_list"] or ()) > 1:
        return True
    changes = any(count > 1 for count in (fields["placeholders"] or {}).values())
    return fields["seed_mode"] == "progressive" and not changes and fields["images_actual"] > 1
