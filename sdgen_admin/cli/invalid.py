"""What is wrong with the value of a flag, from what the library's models say of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sdgen_admin.errors import SdgenAdminError, UsageError

if TYPE_CHECKING:
    from pydantic import ValidationError


def explained(error: "ValidationError", flags: Mapping[str, str] | None = None) -> UsageError:
    """Return the first thing that is wrong with the values of some flags, as a usage error.

    Args:
        error: What the model of the values says.
        flags: The flag of each field, where it has not the field's own name.
    """
    detail = error.errors()[0]
    name = str(detail["loc"][0])
    flag = (flags or {}).get(name) or "--" + name.replace("_", "-")
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, SdgenAdminError):
        return UsageError(f"{flag}: {cause.message}", cause.hint)
    hint = "A page has 1 to 500 sessions; --all gives every one." if name == "limit" else "See its form with --help."
    return UsageError(f"{flag}: {detail['msg'].removeprefix('Value error, ')}.", hint)
