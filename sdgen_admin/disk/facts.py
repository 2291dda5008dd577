"""What one source says about a session. Each fact is null if the source does not say it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one source. A session's facts are never put together from two."""

    source: str
    """A `Source`."""
    confidence: str
    """A `Confidence`."""
    is_planned: bool = False
    """Whether the source says what the run planned, so that the rules for a plan apply."""
    sd_model: str | None = None
    template_version: str | None = None
    timestamp: str | None = None
    generation_mode: str | None = None
    seed_mode: str | None = None
    seed_base: int | None = None
    seed_list: tuple[int, ...] = ()
    num_images: int | None = None
    image_limit: int | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    sampler_name: str | None = None
    scheduler: str | None = None
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Placeholder name to the values that the run planned to use."""
    pools: dict[str, int] = field(default_factory=dict)
    """Placeholder name to the number of values that could have been used."""
    theme: str | None = None
    style: str | None = None
    run_status: str | None = None
    images_recorded: int | None = None
    seed_min: int | None = None
    """The smallest seed of a recorded image."""
    seed_max: int | None = None
    seed_run: str | None = None
    """How the recorded seeds run: `fixed`, `progressive` or `random`."""
