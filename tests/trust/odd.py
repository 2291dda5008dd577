"""Rows that hold anything, as other programs may have left them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from tests.neighbour import make_database

anything = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=20),
    st.sampled_from(["[", "null", '["a"', '{"a": NaN}', '["\\ud800"]', "[" * 600 + "]" * 600, "9" * 5000, "{}"]),
)

METADATA = ("is_test", "is_complete", "is_favorite", "user_rating", "user_note", "tags", "auto_metadata")
MIRROR = (
    "sd_model", "sampler_name", "scheduler", "cfg_scale", "steps", "width", "height", "images_requested",
    "images_actual", "completion_percent", "placeholders_count", "placeholders", "variations_theoretical",
    "variations_summary", "session_type", "is_seed_sweep", "seed_min", "seed_max", "seed_mode", "session_created_at",
    "completion_threshold",
)  # fmt: skip
"""The columns of the web UI's `session_stats` that need not hold anything."""

odd_metadata = st.fixed_dictionaries(dict.fromkeys(METADATA, anything))
odd_mirror_row = st.fixed_dictionaries(dict.fromkeys(MIRROR, anything))


@contextmanager
def temporary_database() -> Iterator[Path]:
    """Give the path of a database that the web UI made, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.db"
        make_database(path)
        yield path
