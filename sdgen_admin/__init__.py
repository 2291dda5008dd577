"""Know and govern a collection of Stable Diffusion generation sessions.

The public names are imported on first use: `import sdgen_admin` itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdgen_admin.errors import (
        AmbiguousSessionError as AmbiguousSessionError,
    )
    from sdgen_admin.errors import (
        BackupExistsError as BackupExistsError,
    )
    from sdgen_admin.errors import (
        CorruptDatabaseError as CorruptDatabaseError,
    )
    from sdgen_admin.errors import (
        DatabaseError as DatabaseError,
    )
    from sdgen_admin.errors import (
        DatabaseLockedError as DatabaseLockedError,
    )
    from sdgen_admin.errors import (
        DatabaseNotFoundError as DatabaseNotFoundError,
    )
    from sdgen_admin.errors import (
        DatabaseReplacedError as DatabaseReplacedError,
    )
    from sdgen_admin.errors import (
        DiskFullError as DiskFullError,
    )
    from sdgen_admin.errors import (
        ForeignLayoutError as ForeignLayoutError,
    )
    from sdgen_admin.errors import (
        ImagesRootError as ImagesRootError,
    )
    from sdgen_admin.errors import (
        InvalidDateError as InvalidDateError,
    )
    from sdgen_admin.errors import (
        InvalidManifestError as InvalidManifestError,
    )
    from sdgen_admin.errors import (
        InvalidTagError as InvalidTagError,
    )
    from sdgen_admin.errors import (
        ManifestNotFoundError as ManifestNotFoundError,
    )
    from sdgen_admin.errors import (
        NotADatabaseError as NotADatabaseError,
    )
    from sdgen_admin.errors import (
        PruneRefusedError as PruneRefusedError,
    )
    from sdgen_admin.errors import (
        ReadOnlyDatabaseError as ReadOnlyDatabaseError,
    )
    from sdgen_admin.errors import (
        SdgenAdminError as SdgenAdminError,
    )
    from sdgen_admin.errors import (
        SessionFolderError as SessionFolderError,
    )
    from sdgen_admin.errors import (
        SessionNotFoundError as SessionNotFoundError,
    )
    from sdgen_admin.errors import (
        SettingsError as SettingsError,
    )
    from sdgen_admin.errors import (
        UndoRefusedError as UndoRefusedError,
    )
    from sdgen_admin.errors import (
        UsageError as UsageError,
    )
    from sdgen_admin.models.enums import (
        Rating as Rating,
    )
    from sdgen_admin.models.enums import (
        RatingFilter as RatingFilter,
    )
    from sdgen_admin.models.enums import (
        RunStatus as RunStatus,
    )
    from sdgen_admin.models.enums import (
        SortKey as SortKey,
    )
    from sdgen_admin.models.filters import SessionFilter as SessionFilter
    from sdgen_admin.models.history import (
        HistoryEntry as HistoryEntry,
    )
    from sdgen_admin.models.history import (
        UndoReport as UndoReport,
    )
    from sdgen_admin.models.metadata import (
        MetadataChange as MetadataChange,
    )
    from sdgen_admin.models.metadata import (
        SessionMetadata as SessionMetadata,
    )
    from sdgen_admin.models.metadata import (
        SessionMetadataUpdate as SessionMetadataUpdate,
    )
    from sdgen_admin.models.records import SessionPage as SessionPage
    from sdgen_admin.models.records import SessionRecord as SessionRecord
    from sdgen_admin.models.reports import (
        BackupReport as BackupReport,
    )
    from sdgen_admin.models.reports import (
        ComputeReport as ComputeReport,
    )
    from sdgen_admin.models.reports import (
        ProgressListener as ProgressListener,
    )
    from sdgen_admin.models.reports import (
        SessionProblem as SessionProblem,
    )
    from sdgen_admin.models.stats import SessionStats as SessionStats
    from sdgen_admin.services.library import SessionLibrary as SessionLibrary
    from sdgen_admin.services.metadata import SessionMetadataService as SessionMetadataService
    from sdgen_admin.services.stats import SessionStatsService as SessionStatsService
    from sdgen_admin.settings import Settings as Settings
    from sdgen_admin.settings import find_settings as find_settings
    from sdgen_admin.stats.calculator import SessionStatsCalculator as SessionStatsCalculator

__version__ = "0.1.0"

_HOMES = {
    "errors": (
        "AmbiguousSessionError", "BackupExistsError", "CorruptDatabaseError", "DatabaseError", "DatabaseLockedError",
        "DatabaseNotFoundError", "DatabaseReplacedError", "DiskFullError", "ForeignLayoutError", "ImagesRootError",
        "InvalidDateError", "InvalidManifestError", "InvalidTagError", "ManifestNotFoundError", "NotADatabaseError",
        "PruneRefusedError", "ReadOnlyDatabaseError", "SdgenAdminError", "SessionFolderError", "SessionNotFoundError",
        "SettingsError", "UndoRefusedError", "UsageError",
    ),
    "models.enums": ("Rating", "RatingFilter", "RunStatus", "SortKey"),
    "models.filters": ("SessionFilter",),
    "models.history": ("HistoryEntry", "UndoReport"),
    "models.metadata": ("MetadataChange", "SessionMetadata", "SessionMetadataUpdate"),
    "models.records": ("SessionPage", "SessionRecord"),
    "models.reports": ("BackupReport", "ComputeReport", "ProgressListener", "SessionProblem"),
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
