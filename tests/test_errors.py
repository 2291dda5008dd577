"""One family of exceptions."""

import inspect

import pytest

from sdgen_admin import errors
from sdgen_admin.errors import SdgenAdminError

FAMILY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_has_message_hint_and_exit_status(kind: type[SdgenAdminError]) -> None:
    error = kind("It failed.", "Try again.")

    assert isinstance(error, SdgenAdminError)
    assert (str(error), error.message, error.hint) == ("It failed.", "It failed.", "Try again.")
    assert kind("It failed.").hint == ""
    assert error.exit_status in (1, 2, 3)
    assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "builtin", "exit_status"),
    [
        (errors.ManifestNotFoundError, FileNotFoundError, 1),
        (errors.InvalidManifestError, ValueError, 1),
        (errors.SessionFolderError, OSError, 1),
        (errors.SessionNotFoundError, LookupError, 1),
        (errors.AmbiguousSessionError, errors.SessionNotFoundError, 1),
        (errors.InvalidTagError, ValueError, 2),
        (errors.InvalidDateError, ValueError, 2),
        (errors.ImagesRootError, errors.SettingsError, 2),
        (errors.SettingsError, errors.UsageError, 2),
        (errors.PruneRefusedError, errors.UsageError, 2),
        (errors.DatabaseLockedError, errors.DatabaseError, 3),
    ],
)
def test_what_they_are_and_which_status_they_mean(
    kind: type[SdgenAdminError], builtin: type[Exception], exit_status: int
) -> None:
    assert issubclass(kind, builtin)
    assert kind.exit_status == exit_status
