"""One family of exceptions: what failed, what to do next, and the exit status it means."""


class SdgenAdminError(Exception):
    """The base of every error that this package raises on purpose.

    Args:
        message: What failed, in one line.
        hint: What to do next, in one line; empty where there is nothing to suggest.
    """

    exit_status = 1
    """The exit status of a command that ends with this error."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(SdgenAdminError):
    """The request itself makes no sense: a flag, an argument or a value."""

    exit_status = 2


class InvalidTagError(UsageError, ValueError):
    """A tag is not 1 to 50 letters, digits, `-` and `_`."""


class InvalidDateError(UsageError, ValueError):
    """A text is no date in any of the accepted forms."""


class SettingsError(UsageError):
    """A setting is missing, or a configuration file cannot be understood."""


class ImagesRootError(SettingsError):
    """The images root is not there or cannot be read."""


class PruneRefusedError(UsageError):
    """Pruning would delete so much that an unmounted drive is the likelier reason."""


class BackupExistsError(UsageError, FileExistsError):
    """The file that a backup was to be written to is there already."""


class UndoRefusedError(SdgenAdminError):
    """There is nothing to take back, or somebody else has changed since what was to be taken back."""


class SessionNotFoundError(SdgenAdminError, LookupError):
    """No session has this id."""


class AmbiguousSessionError(SessionNotFoundError):
    """A part of a session id fits more than one session."""


class SessionFolderError(SdgenAdminError, OSError):
    """A session folder cannot be read."""


class ManifestNotFoundError(SdgenAdminError, FileNotFoundError):
    """A session folder has no `manifest.json`."""


class InvalidManifestError(SdgenAdminError, ValueError):
    """A `manifest.json` is there, but cannot be read as a manifest."""


class DatabaseError(SdgenAdminError):
    """The database cannot be used; it was left as it was."""

    exit_status = 3


class DatabaseNotFoundError(DatabaseError):
    """There is no database file yet."""


class NotADatabaseError(DatabaseError):
    """The file is not an SQLite database."""


class CorruptDatabaseError(DatabaseError):
    """SQLite found the database damaged."""


class ForeignLayoutError(DatabaseError):
    """A table has the name of a shared one, but not its columns."""


class ReadOnlyDatabaseError(DatabaseError):
    """The database, its folder or its file system cannot be written."""


class DatabaseLockedError(DatabaseError):
    """Another program held the database for longer than the wait."""


class DiskFullError(DatabaseError):
    """There was no room left to write to the database."""


class DatabaseReplacedError(DatabaseError):
    """The database file was removed or replaced while it was in use."""
