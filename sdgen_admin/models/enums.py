"""The closed sets of values. Imports nothing heavy: the command line needs them before any model."""

from enum import StrEnum


class Rating(StrEnum):
    """A person's rating of a session."""

    LIKE = "like"
    DISLIKE = "dislike"


class RatingFilter(StrEnum):
    """What `rating` can ask for; also what a rating can be set to on the command line."""

    LIKE = "like"
    DISLIKE = "dislike"
    NONE = "none"


class RunStatus(StrEnum):
    """The manifest's own word on how far the run got."""

    ONGOING = "ongoing"
    COMPLETED = "completed"
    ABORTED = "aborted"


class SessionStatus(StrEnum):
    """What a run is doing."""

    RUNNING = "running"
    STALLED = "stalled"
    COMPLETED = "completed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class StatusFilter(StrEnum):
    """What `status` can ask for: one of `SessionStatus`, or `ongoing`, which is running or stalled."""

    RUNNING = "running"
    STALLED = "stalled"
    ONGOING = "ongoing"
    COMPLETED = "completed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a session's facts came from."""

    MANIFEST = "manifest"
    FOLDER = "folder"


class Confidence(StrEnum):
    """How far a session's facts can be trusted."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
