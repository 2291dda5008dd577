"""What all models share: frozen, and times as the database holds them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from sdgen_admin.models.instants import to_local

LocalDateTime = Annotated[datetime, AfterValidator(to_local)]
"""A local time without offset; one with an offset or `Z` is converted."""


class Model(BaseModel):
    """The base of the models: immutable, validated when made, schema built on first use."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")
