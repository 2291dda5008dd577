"""What all models share: frozen, and times as the database holds them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def to_local(moment: datetime) -> datetime:
    """Return `moment` as local time without offset, the form in which all times are kept."""
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone().replace(tzinfo=None)
    except (OverflowError, OSError) as error:  # year 1 or 9999, or outside what the platform can convert
        raise ValueError(f"{moment} cannot be converted to local time") from error


LocalDateTime = Annotated[datetime, AfterValidator(to_local)]
"""A local time without offset; one with an offset or `Z` is converted."""


class Model(BaseModel):
    """The base of the models: immutable, validated when made, schema built on first use."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")
