"""What is wrong with the value of an option, from what the library's models say about it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sdgen_admin.errors import SdgenAdminError, UsageError

if TYPE_CHECKING:
    from pydantic import ValidationError


def explained(error: "ValidationError", options: Mapping[str, str] | None = None) -> UsageError:
    """Return the first thing that is wrong with the values of some options, as a usage error.

    Args:
        error: What the model says about the values.
        options: The option of each field whose own name is not the option's.
    """
    detail = error.errors()[0]
    name = str(detail["loc"][0])
    option = (options or {}).get(name) or "--" + name.replace("_", "-")
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, SdgenAdminError):
        return UsageError(f"{option}: {cause.message}", code=cause.code, **cause.details)
    hint = "A page has 1 to 500 sessions. For every session: --all" if name == "limit" else "See --help for its form."
    return UsageError(f"{option}: {detail['msg'].removeprefix('Value error, ')}.", hint=hint)
