"""What other programs must find in `session_stats`, worked out from records by the rules and without the package's SQL.

Two layouts are known: the web UI's version 1, and the one that is created if there is no such table.
"""

import json
import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import rows

LARGEST = 2**63 - 1
_JSON = ("placeholders", "variations_summary", "placeholders_json", "variations_summary_json")
_GENERATED = ("session_id", "images_expected", "completion_percentage")
_TWO_SEEDS = 2

Row = dict[str, Any]


def mirrored(path: Path) -> dict[str, Row]:
    """Return the rows of the mirror by session id, with their JSON read."""
    found = {}
    for row in rows(path, "session_stats"):
        for name in _JSON:
            if row.get(name) is not None:
                row[name] = json.loads(row[name])
        found[row["session_name"]] = row
    return found


def expected(library: SessionLibrary) -> dict[str, Row]:
    """Return the rows that the mirror must hold, one an id; if two roots have it, the first one's that is there."""
    is_own = any("session_path" in row for row in rows(Path(library.db_path), "session_stats"))
    order = [root.name for root in library.roots]
    records = [
        record
        for missing in (False, True)
        for record in library.find(SessionFilter(missing=missing, limit=None), fresh=False).sessions
    ]
    records.sort(key=lambda record: (record.missing, order.index(record.root)), reverse=True)
    return {
        record.session_id: _own_row(record, record.stats) if is_own else _web_ui_row(record, record.stats)
        for record in records
        if record.stats is not None
    }


def assert_mirrored(library: SessionLibrary, others: Collection[str] = ()) -> None:
    """Hold every row of the mirror to the facts.

    Args:
        library: The library.
        others: The ids of rows that are other programs' own.
    """
    found, wanted = mirrored(Path(library.db_path)), expected(library)
    assert set(found) == {*wanted, *others}
    for name, row in wanted.items():
        assert _without_generated(found[name], row) == row


def assert_no_half_rows(library: SessionLibrary) -> None:
    """Hold every row of the mirror that claims to show the present facts to all of them."""
    found, wanted = mirrored(Path(library.db_path)), expected(library)
    for name in set(found) & set(wanted):
        if found[name]["stats_computed_at"] == wanted[name]["stats_computed_at"]:
            assert _without_generated(found[name], wanted[name]) == wanted[name]


def _without_generated(found: Row, wanted: Row) -> Row:
    """Return a row without the columns that its table computes, once these are checked."""
    if "images_expected" in found:
        assert (found["session_id"], found["images_expected"]) == (found["session_name"], found["images_requested"])
        # SQL rounds halves up.
        assert math.isclose(found["completion_percentage"], wanted["completion_percent"] * 100, abs_tol=0.0051)
    return {name: value for name, value in found.items() if name not in _GENERATED}


def _shared(record: SessionRecord, stats: SessionStats) -> Row:
    """Return the columns that both layouts fill in the same way."""
    pools, requested = record.pools or {}, stats.images_expected or 0
    assert record.created_at is not None
    assert stats.stats_computed_at is not None
    seed_min, seed_max = _seeds(record, stats)
    return {
        "session_name": record.session_id,
        "cfg_scale": stats.cfg_scale,
        "steps": stats.steps,
        "width": stats.width,
        "height": stats.height,
        "images_requested": requested,
        "images_actual": stats.images_actual,
        "completion_percent": stats.images_actual / requested if requested else 0.0,
        "placeholders_count": len(pools),
        "placeholders": list(pools) or None,
        "variations_theoretical": min(math.prod(pools.values()), LARGEST) if pools else 0,
        "variations_summary": pools or None,
        "seed_min": seed_min,
        "seed_max": seed_max,
        "session_created_at": record.created_at.isoformat(),
        "stats_computed_at": stats.stats_computed_at.isoformat(),
        "completion_threshold": 0.95,
    }


def _web_ui_row(record: SessionRecord, stats: SessionStats) -> Row:
    is_sweep = _is_sweep_to_the_web_ui(record, stats)
    return {
        **_shared(record, stats),
        "sd_model": _known(stats.sd_model),
        "sampler_name": _known(stats.sampler_name),
        "scheduler": _known(record.scheduler),
        "session_type": "seed-sweep" if is_sweep else "normal",
        "is_seed_sweep": int(is_sweep),
        "seed_mode": record.seed_run or _known(stats.seed_mode),
    }


def _own_row(record: SessionRecord, stats: SessionStats) -> Row:
    times = ("manifest_generated_at", "first_image_created_at", "last_image_created_at")
    moments = {name: getattr(stats, name) for name in times}
    return {
        **_shared(record, stats),
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
        "session_path": record.session_path,
        "sd_model": stats.sd_model,
        "sampler_name": stats.sampler_name,
        "scheduler": record.scheduler,
        "session_type": "seed-sweep" if stats.is_seed_sweep else "normal",
        "is_seed_sweep": int(stats.is_seed_sweep or False),
        "seed_mode": stats.seed_mode,
        "template_version": stats.template_version,
        "generation_mode": stats.generation_mode,
        "seed_base": stats.seed_base,
        "resolved_prompt": stats.resolved_prompt,
        "negative_prompt": stats.negative_prompt,
        "placeholders_json": stats.placeholders,
        "variations_summary_json": _as_json(stats.variations_summary),
        "stats_version": stats.stats_version,
    }


def _known(text: str | None) -> str | None:
    return None if text == "unknown" else text


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _is_sweep_to_the_web_ui(record: SessionRecord, stats: SessionStats) -> bool:
    """Whether the web UI calls it a seed sweep, which is not quite what `is_seed_sweep` says."""
    varies = any(count > 1 for count in (stats.placeholders or {}).values())
    is_progressive = stats.seed_mode == "progressive" and not varies and stats.images_actual >= _TWO_SEEDS
    return len(record.seed_list or ()) >= _TWO_SEEDS or is_progressive


def _seeds(record: SessionRecord, stats: SessionStats) -> tuple[int | None, int | None]:
    """Return the smallest and the largest seed: the real ones, else those that were planned."""
    if record.seed_min is not None:
        return record.seed_min, record.seed_max
    if record.seed_list:
        return min(record.seed_list), max(record.seed_list)
    base = None if stats.seed_base == -1 else stats.seed_base
    if base is not None and stats.seed_mode == "progressive" and stats.images_expected:
        return base, base + stats.images_expected - 1
    return (base, base) if stats.seed_mode == "fixed" else (None, None)
