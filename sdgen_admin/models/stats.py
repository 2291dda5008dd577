"""A session's statistics: what is computed from its manifest and folder."""

from sdgen_admin.models.base import LocalDateTime, Model

STATS_VERSION = 3
"""The version of the rules by which stats are computed. Facts with a lower one are outdated."""

COMPLETE_FROM = 95.0
"""From this `completion_percentage` on, a session is *complete*."""


class SessionStats(Model):
    """The stats of one session.

    A session without a usable manifest has only what the folder tells (images, times); the rest is null.
    """

    session_id: str
    """The session folder's name."""
    session_path: str
    """The session folder, absolute."""
    sd_model: str | None = None
    """The checkpoint, as the manifest writes it; `"unknown"` if it does not say."""
    template_version: str | None = None
    """The snapshot's version; `"unknown"` if the manifest does not say."""
    generation_mode: str | None = None
    """`combinatorial`, `random`, or `"unknown"`."""
    seed_mode: str | None = None
    """`fixed`, `progressive`, `random`, or `"unknown"`."""
    seed_base: int | None = None
    """The base seed; -1 if the manifest has none."""
    resolved_prompt: str | None = None
    """The prompt template, resolved."""
    negative_prompt: str | None = None
    """The negative prompt, resolved."""
    width: int | None = None
    """Pixels."""
    height: int | None = None
    """Pixels."""
    steps: int | None = None
    """Sampling steps."""
    cfg_scale: float | None = None
    """Classifier-free guidance scale."""
    sampler_name: str | None = None
    """The sampler."""
    images_expected: int | None = None
    """How many images the run planned; 0 if its manifest does not say, null without a usable manifest."""
    images_actual: int = 0
    """How many images are in the folder."""
    completion_percentage: float | None = None
    """`images_actual / images_expected` in per cent, two decimals; may exceed 100; null without a usable manifest."""
    is_seed_sweep: bool | None = None
    """Whether the run explored seeds rather than values; null without a usable manifest."""
    placeholders: dict[str, int] | None = None
    """Placeholder name to number of used values."""
    variations_summary: dict[str, tuple[str, ...]] | None = None
    """Placeholder name to its first ten used values."""
    session_created_at: LocalDateTime | None = None
    """From the folder's name."""
    manifest_generated_at: LocalDateTime | None = None
    """The snapshot's timestamp."""
    first_image_created_at: LocalDateTime | None = None
    """The oldest modification time among the images."""
    last_image_created_at: LocalDateTime | None = None
    """The youngest modification time among the images."""
    stats_computed_at: LocalDateTime | None = None
    """When these stats were computed."""
    stats_version: int = STATS_VERSION
    """The version of the rules they were computed by."""
