"""How single facts look: completion, counts, flags."""

import sys

from sdgen_admin.models.enums import RunStatus
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import COMPLETE_FROM, SessionStats

BAR_LENGTH = 8


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def images(stats: SessionStats | None) -> str:
    """Return `48/50`, or `48` where nothing says how many were planned."""
    if stats is None:
        return ""
    return f"{stats.images_actual}/{stats.images_expected}" if stats.images_expected else f"{stats.images_actual}"


def completion(stats: SessionStats | None) -> str:
    """Return a small bar with per cent."""
    if stats is None or not stats.images_expected:
        return ""
    full, empty = ("█", "░") if _can_show("█░") else ("#", ".")
    share = min(max(stats.completion_percentage / 100, 0.0), 1.0)
    filled = int(share * BAR_LENGTH)
    return f"{full * filled}{empty * (BAR_LENGTH - filled)} {percent(stats.completion_percentage)}"


def percent(value: float) -> str:
    """Return a percentage in four cells; 100 only for what is whole."""
    return f"{int(max(value, 0)):3d}%" if value < 1000 else ">999%"  # noqa: PLR2004


def completion_style(stats: SessionStats | None) -> str:
    """Return the style of a completion: the colour says what the number does."""
    return "green" if stats and stats.completion_percentage >= COMPLETE_FROM else "yellow"


def flags(record: SessionRecord) -> list[str]:
    """Return the words for what is special about a session."""
    metadata, stats = record.metadata, record.stats
    liked = "♥" if _can_show("♥") else "liked"
    words = {
        liked: metadata is not None and metadata.is_favorite,
        "test": metadata is not None and metadata.is_test,
        "sweep": stats is not None and stats.is_seed_sweep,
        "running": record.status is RunStatus.ONGOING,
        "aborted": record.status is RunStatus.ABORTED,
        "problem": record.problem is not None,
        "stale": record.stale,
        "gone": record.missing,
    }
    return [word for word, holds in words.items() if holds]
