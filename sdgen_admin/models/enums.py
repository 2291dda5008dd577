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
    """The manifest's own word on how far the run came."""

    ONGOING = "ongoing"
    COMPLETED = "completed"
    ABORTED = "aborted"


class SortKey(StrEnum):
    """The orders of a session list: newest or largest first, names A to Z."""

    CREATED = "created"
    UPDATED = "updated"
    NAME = "name"
    MODEL = "model"
    IMAGES = "images"
    COMPLETION = "completion"
