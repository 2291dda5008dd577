"""Know and govern a collection of Stable Diffusion generation sessions.

The public names are imported on first use: `import sdgen_admin` itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdgen_admin.errors import (
        AmbiguousSessionError as AmbiguousSessionError,
        BackupExistsError as BackupExistsError,
        CorruptDatabaseError as CorruptDatabaseError,
        DatabaseError as DatabaseError,
        DatabaseLockedError as DatabaseLockedError,
        DatabaseNotFoundError as DatabaseNotFoundError,
        DatabaseReplacedError as DatabaseReplacedError,
        DiskFullError as DiskFullError,
        EditRefusedError as EditRefusedError,
        ForeignLayoutError as ForeignLayoutError,
        ForkedError as ForkedError,
        ImagesRootError as ImagesRootError,
        InvalidConditionError as InvalidConditionError,
        InvalidDateError as InvalidDateError,
        InvalidFieldError as InvalidFieldError,
        InvalidManifestError as InvalidManifestError,
        InvalidTagError as InvalidTagError,
        ManifestNotFoundError as ManifestNotFoundError,
        NewerDatabaseError as NewerDatabaseError,
        NotADatabaseError as NotADatabaseError,
        PruneRefusedError as PruneRefusedError,
        ReadOnlyDatabaseError as ReadOnlyDatabaseError,
        RestoreRefusedError as RestoreRefusedError,
        RootNotFoundError as RootNotFoundError,
        SdgenAdminError as SdgenAdminError,
        SessionFolderError as SessionFolderError,
        SessionNotFoundError as SessionNotFoundError,
        SettingsError as SettingsError,
        TwinSessionError as TwinSessionError,
        UndoRefusedError as UndoRefusedError,
        UsageError as UsageError,
    )
    from sdgen_admin.models.conditions import Condition as Condition, Operator as Operator
    from sdgen_admin.models.enums import (
        Confidence as Confidence,
        Rating as Rating,
        RatingFilter as RatingFilter,
        RunStatus as RunStatus,
        SessionStatus as SessionStatus,
        Source as Source,
        StatusFilter as StatusFilter,
    )
    from sdgen_admin.models.filters import SessionFilter as SessionFilter
    from sdgen_admin.models.history import (
        HistoryEntry as HistoryEntry,
        UndoReport as UndoReport,
    )
    from sdgen_admin.models.metadata import (
        MetadataChange as MetadataChange,
        SessionMetadata as SessionMetadata,
        SessionMetadataUpdate as SessionMetadataUpdate,
    )
    from sdgen_admin.models.records import SessionPage as SessionPage, SessionRecord as SessionRecord
    from sdgen_admin.models.reports import (
        BackupReport as BackupReport,
        ComputeReport as ComputeReport,
        DatabaseReport as DatabaseReport,
        Listener as Listener,
        ProgressListener as ProgressListener,
        RestoreReport as RestoreReport,
        SessionProblem as SessionProblem,
    )
    from sdgen_admin.models.roots import Root as Root
    from sdgen_admin.models.stats import SessionStats as SessionStats
    from sdgen_admin.services.library import SessionLibrary as SessionLibrary
    from sdgen_admin.services.metadata import SessionMetadataService as SessionMetadataService
    from sdgen_admin.services.stats import SessionStatsService as SessionStatsService
    from sdgen_admin.settings import Settings as Settings, find_settings as find_settings
    from sdgen_admin.stats.calculator import SessionStatsCalculator as SessionStatsCalculator

__version__ = "0.1.0"

_HOMES = {
    "errors": (
        "AmbiguousSessionError", "BackupExistsError", "CorruptDatabaseError", "DatabaseError", "DatabaseLockedError",
        "DatabaseNotFoundError", "DatabaseReplacedError", "DiskFullError", "EditRefusedError", "ForeignLayoutError",
        "ForkedError", "ImagesRootError", "InvalidConditionError", "InvalidDateError", "InvalidFieldError",
        "InvalidManifestError", "InvalidTagError", "ManifestNotFoundError", "NewerDatabaseError", "NotADatabaseError",
        "PruneRefusedError", "ReadOnlyDatabaseError", "RestoreRefusedError", "RootNotFoundError", "SdgenAdminError",
        "SessionFolderError", "SessionNotFoundError", "SettingsError", "TwinSessionError", "UndoRefusedError",
        "UsageError",
    ),
    "models.conditions": ("Condition", "Operator"),
    "models.enums": (
        "Confidence", "Rating", "RatingFilter", "RunStatus", "SessionStatus", "Source", "StatusFilter",
    ),
    "models.filters": ("SessionFilter",),
    "models.history": ("HistoryEntry", "UndoReport"),
    "models.metadata": ("MetadataChange", "SessionMetadata", "SessionMetadataUpdate"),
    "models.records": ("SessionPage", "SessionRecord"),
    "models.reports": (
        "BackupReport", "ComputeReport", "DatabaseReport", "Listener", "ProgressListener",
        "RestoreReport", "SessionProblem",
    ),
    "models.roots": ("Root",),
    "models.stats": ("SessionStats",),
    "services.library": ("SessionLibrary",),
    "services.metadata": ("SessionMetadataService",),
    "services.stats": ("SessionStatsService",),
    "settings": ("Settings", "find_settings"),
    "stats.calculator": ("SessionStatsCalculator",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]  # noqa: PLE0604 -- the names are strings


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
