"""How single facts look: completion, counts, flags."""

import sys

from sdgen_admin.models.enums import SessionStatus
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
    """Return `48/50`, or `48` if nothing says how many were planned."""
    if stats is None:
        return ""
    return f"{stats.images_actual}/{stats.images_expected}" if stats.images_expected else f"{stats.images_actual}"


def completion(stats: SessionStats | None) -> str:
    """Return a small bar with a percentage; nothing if none is known."""
    if stats is None or not stats.images_expected or stats.completion_percentage is None:
        return ""
    full, empty = ("█", "░") if _can_show("█░") else ("#", ".")
    share = min(max(stats.completion_percentage / 100, 0.0), 1.0)
    filled = int(share * BAR_LENGTH)
    return f"{full * filled}{empty * (BAR_LENGTH - filled)} {percent(stats.completion_percentage)}"


def percent(value: float) -> str:
    """Return a percentage in four cells; 100 only if nothing is missing."""
    return f"{int(max(value, 0)):3d}%" if value < 1000 else ">999%"  # noqa: PLR2004


def completion_style(stats: SessionStats | None) -> str:
    """Return the style of a completion: the colour repeats what the number says."""
    percentage = (stats and stats.completion_percentage) or 0.0
    return "green" if percentage >= COMPLETE_FROM else "yellow"


def flags(record: SessionRecord) -> list[str]:
    """Return the words for what is special about a session."""
    metadata, stats = record.metadata, record.stats
    liked = "♥" if _can_show("♥") else "liked"
    words = {
        liked: metadata is not None and metadata.is_favorite,
        "test": metadata is not None and metadata.is_test,
        "sweep": stats is not None and stats.is_seed_sweep,
        "running": record.status is SessionStatus.RUNNING,
        "stalled": record.status is SessionStatus.STALLED,
        "aborted": record.status is SessionStatus.ABORTED,
        "problem": record.problem is not None,
        "outdated": record.outdated,
        "gone": record.missing,
    }
    return [word for word, holds in words.items() if holds]
