"""The web UI's layout, version 1, to the letter of its reader: one malformed value makes its whole list fail."""

from sdgen_admin.db.shared.interface import Layout
from sdgen_admin.db.values import local_text
from sdgen_admin.models.stats import COMPLETE_FROM


def _known(column: str) -> str:
    """Return the expression for a text that is null if it is unknown."""
    return f"nullif(s.{column}, 'unknown')"


SHARED_COLUMNS = {
    "session_name": "s.session_id",
    "sampler_name": _known("sampler_name"),
    "scheduler": _known("scheduler"),
    "cfg_scale": "s.cfg_scale",
    "steps": "s.steps",
    "width": "s.width",
    "height": "s.height",
    "images_requested": "coalesce(s.images_expected, 0)",
    "images_actual": "coalesce(s.images_actual, 0)",
    # A fraction here, and never null.
    "completion_percent": "CASE WHEN s.images_expected > 0 THEN 1.0 * s.images_actual / s.images_expected ELSE 0.0 END",
    "placeholders_count": "coalesce(v.count, 0)",
    "placeholders": "CASE WHEN v.count > 0 THEN v.names END",
    "variations_theoretical": "coalesce(v.combinations, 0)",
    "variations_summary": "CASE WHEN v.count > 0 THEN v.pools END",
    "seed_min": "s.seeds_from",
    "seed_max": "s.seeds_to",
    "session_created_at": "s.created_at",
    "stats_computed_at": local_text("s.stats_computed_at"),
    "completion_threshold": str(COMPLETE_FROM / 100),
}
"""The columns that have the same meaning in the layout that this tool creates."""

LAYOUT = Layout(
    name="web UI, version 1",
    key="session_name",
    columns={
        **SHARED_COLUMNS,
        "sd_model": _known("sd_model"),
        "session_type": "CASE WHEN s.explores_seeds THEN 'seed-sweep' ELSE 'normal' END",
        "is_seed_sweep": "coalesce(s.explores_seeds, 0)",
        "seed_mode": "s.seeds_mode",
    },
)
