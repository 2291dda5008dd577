"""One family of exceptions. Each has a stable `code`; what to do next is said by whoever talks to a person."""

from typing import Any


class SdgenAdminError(Exception):
    """The base of every error that this package raises on purpose.

    Args:
        message: What failed, in one sentence.
        code: A stable slug, if the class's own does not say enough.
        details: Facts for programs, and for a hint: names, counts, near misses.
    """

    code = "error"
    """What kind of error this is: a stable slug such as `no-such-session`."""

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = details

    def __str__(self) -> str:
        return self.message


class UsageError(SdgenAdminError):
    """The request itself makes no sense."""

    code = "invalid-request"


class InvalidTagError(UsageError, ValueError):
    """A tag is not 1 to 50 letters, digits, `-` and `_`."""

    code = "invalid-tag"


class InvalidDateError(UsageError, ValueError):
    """A text is not a date in any of the documented forms."""

    code = "invalid-date"


class InvalidFieldError(UsageError, ValueError):
    """A name is not a field's name; `details` has the near ones as `near`."""

    code = "invalid-field"


class InvalidConditionError(UsageError, ValueError):
    """A condition does not read `FIELD OPERATOR VALUE`, or the value does not fit the field."""

    code = "invalid-condition"


class SettingsError(UsageError):
    """A setting is missing, or a configuration file cannot be understood."""

    code = "invalid-settings"


class ImagesRootError(SettingsError):
    """An images root is not there or cannot be read."""

    code = "root-offline"


class RootNotFoundError(SettingsError, LookupError):
    """No images root has this name."""

    code = "no-such-root"


class PruneRefusedError(SdgenAdminError):
    """Pruning would delete so much that an unmounted drive is the likelier reason."""

    code = "prune-refused"


class BackupExistsError(UsageError, FileExistsError):
    """The file that a backup was to be written to already exists."""

    code = "backup-exists"


class RestoreRefusedError(SdgenAdminError):
    """The file that the database was to be restored from cannot be used; nothing was changed."""

    code = "restore-refused"


class UndoRefusedError(SdgenAdminError):
    """There is nothing to undo, or what was to be undone has changed since."""

    code = "undo-refused"


class SessionNotFoundError(SdgenAdminError, LookupError):
    """No session has this id."""

    code = "no-such-session"


class AmbiguousSessionError(SessionNotFoundError):
    """A part of a session id fits more than one session."""

    code = "ambiguous-session"


class TwinSessionError(SdgenAdminError):
    """The id exists in two roots, and its metadata belongs to the session in the other one."""

    code = "session-in-two-roots"


class SessionFolderError(SdgenAdminError, OSError):
    """A session folder cannot be read."""

    code = "unreadable-folder"


class ManifestNotFoundError(SdgenAdminError, FileNotFoundError):
    """A session folder has no `manifest.json`."""

    code = "no-manifest"


class InvalidManifestError(SdgenAdminError, ValueError):
    """A `manifest.json` is there but cannot be read as a manifest."""

    code = "invalid-manifest"


class DatabaseError(SdgenAdminError):
    """The database cannot be used; it was left as it was."""

    code = "database-error"


class DatabaseNotFoundError(DatabaseError):
    """There is no database file yet."""

    code = "no-database"


class NotADatabaseError(DatabaseError):
    """The file is not an SQLite database."""

    code = "not-a-database"


class CorruptDatabaseError(DatabaseError):
    """SQLite found the database damaged."""

    code = "database-damaged"


class ForeignLayoutError(DatabaseError):
    """The table `session_metadata` does not have the columns that programs share, or no row of it can be changed."""

    code = "foreign-layout"


class EditRefusedError(DatabaseError):
    """A trigger or a rule of another program keeps a session's metadata from being changed; nothing was changed."""

    code = "edit-refused"


class NewerDatabaseError(DatabaseError):
    """A newer version of this program has written the database; it can be read but not edited."""

    code = "newer-database"


class ReadOnlyDatabaseError(DatabaseError):
    """The database, its folder or its file system cannot be written."""

    code = "read-only-database"


class DatabaseLockedError(DatabaseError):
    """Another program held the database for longer than the wait."""

    code = "database-locked"


class DiskFullError(DatabaseError):
    """There was no space left to write to the database."""

    code = "disk-full"


class ForkedError(DatabaseError):
    """This process was forked while its parent was using a database: SQLite cannot be relied on here.

    Start it by `spawn`, or before the database is used.
    """

    code = "forked"


class DatabaseReplacedError(DatabaseError):
    """The database file was removed or replaced while it was in use."""

    code = "database-replaced"
