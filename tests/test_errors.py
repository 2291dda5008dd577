"""One family of exceptions, each with a stable code."""

import inspect
import re

import pytest

from sdgen_admin import errors
from sdgen_admin.errors import SdgenAdminError

FAMILY = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, SdgenAdminError)]


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_has_message_code_and_details(kind: type[SdgenAdminError]) -> None:
    error = kind("It failed.", session="x", count=3)

    assert isinstance(error, SdgenAdminError)
    assert (str(error), error.message) == ("It failed.", "It failed.")
    assert error.details == {"session": "x", "count": 3}
    assert error.code == kind.code
    assert kind.__doc__


@pytest.mark.parametrize("kind", FAMILY)
def test_a_code_is_a_slug(kind: type[SdgenAdminError]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)


def test_every_kind_has_a_code_of_its_own() -> None:
    assert len({kind.code for kind in FAMILY}) == len(FAMILY)


def test_one_error_can_be_more_exact_than_its_class() -> None:
    error = errors.UndoRefusedError("There is no group 7.", code="no-such-group", group=7)

    assert (error.code, error.details) == ("no-such-group", {"group": 7})
    assert errors.UndoRefusedError.code == "undo-refused"


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (errors.ManifestNotFoundError, FileNotFoundError),
        (errors.InvalidManifestError, ValueError),
        (errors.SessionFolderError, OSError),
        (errors.SessionNotFoundError, LookupError),
        (errors.AmbiguousSessionError, errors.SessionNotFoundError),
        (errors.InvalidTagError, ValueError),
        (errors.InvalidDateError, ValueError),
        (errors.InvalidFieldError, ValueError),
        (errors.InvalidConditionError, ValueError),
        (errors.ImagesRootError, errors.SettingsError),
        (errors.RootNotFoundError, LookupError),
        (errors.SettingsError, errors.UsageError),
        (errors.BackupExistsError, FileExistsError),
        (errors.DatabaseLockedError, errors.DatabaseError),
        (errors.NewerDatabaseError, errors.DatabaseError),
    ],
)
def test_what_they_are(kind: type[SdgenAdminError], base: type[Exception]) -> None:
    assert issubclass(kind, base)
