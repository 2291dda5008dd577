"""The layout that this tool creates if there is no `session_stats`. It serves the web UI and the design alike."""

from sdgen_admin.db.shared.interface import Layout
from sdgen_admin.db.shared.webui_v1 import SHARED_COLUMNS
from sdgen_admin.db.values import local_text

CREATE_STATS = """(
    session_name TEXT PRIMARY KEY, session_path TEXT,
    sd_model TEXT, sampler_name TEXT, scheduler TEXT, cfg_scale REAL, steps INTEGER, width INTEGER, height INTEGER,
    images_requested INTEGER DEFAULT 0, images_actual INTEGER DEFAULT 0, completion_percent REAL DEFAULT 0.0,
    placeholders_count INTEGER DEFAULT 0, placeholders TEXT, variations_theoretical INTEGER DEFAULT 0,
    variations_summary TEXT,
    session_type TEXT DEFAULT 'normal', is_seed_sweep INTEGER DEFAULT 0, seed_min INTEGER, seed_max INTEGER,
    seed_mode TEXT,
    template_version TEXT, generation_mode TEXT, seed_base INTEGER, resolved_prompt TEXT, negative_prompt TEXT,
    placeholders_json TEXT, variations_summary_json TEXT,
    session_created_at TEXT, manifest_generated_at TEXT, first_image_created_at TEXT, last_image_created_at TEXT,
    stats_computed_at TEXT NOT NULL, stats_version INTEGER DEFAULT 1, completion_threshold REAL DEFAULT 0.95,
    session_id TEXT GENERATED ALWAYS AS (session_name) VIRTUAL,
    images_expected INTEGER GENERATED ALWAYS AS (images_requested) VIRTUAL,
    completion_percentage REAL GENERATED ALWAYS AS (round(completion_percent * 100, 2)) VIRTUAL
)"""

INDEXES = {
    "idx_session_stats_model": "INDEX {} ON session_stats (sd_model)",
    "idx_session_stats_seed_sweep": "INDEX {} ON session_stats (is_seed_sweep)",
    "idx_session_stats_completion": "INDEX {} ON session_stats (completion_percentage)",
    "idx_session_stats_created_at": "INDEX {} ON session_stats (session_created_at DESC)",
    # Look-ups by it are fast, and other tables can reference it.
    "sdgen_admin_mirror_id": "UNIQUE INDEX {} ON session_stats (session_id)",
}

LAYOUT = Layout(
    name="own",
    key="session_name",
    path_column="session_path",
    columns={
        **SHARED_COLUMNS,
        "session_path": "r.prefix || s.session_id",
        "sd_model": "s.sd_model",
        "sampler_name": "s.sampler_name",
        "scheduler": "s.scheduler",
        "session_type": "CASE WHEN s.is_seed_sweep THEN 'seed-sweep' ELSE 'normal' END",
        "is_seed_sweep": "coalesce(s.is_seed_sweep, 0)",
        "seed_mode": "s.seed_mode",
        "template_version": "s.template_version",
        "generation_mode": "s.generation_mode",
        "seed_base": "s.seed_base",
        "resolved_prompt": "p.prompt",
        "negative_prompt": "p.negative",
        "placeholders_json": "v.placeholders",
        "variations_summary_json": "v.variations_summary",
        "manifest_generated_at": local_text("s.manifest_generated_at"),
        "first_image_created_at": "s.first_image_at",
        "last_image_created_at": "s.last_image_at",
        "stats_version": "s.stats_version",
    },
    generated=("session_id", "images_expected", "completion_percentage"),
)
