"""What computing reports, while it runs and at its end."""

from typing import Annotated, Protocol

from pydantic import Field

from sdgen_admin.models.base import Model


class ProgressListener(Protocol):
    """Told how far a piece of work is. The library is silent by itself."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` sessions are computed and stored or waiting to be stored."""


class Listener:
    """Told what happens around the database. Silent; a subclass says what it wants to."""

    def created(self, path: str) -> None:
        """The database was not there, and has been made at `path`."""

    def converting(self, path: str) -> None:
        """The database at `path` has the form of an earlier version and is about to be converted, once."""

    def waiting(self, path: str) -> None:
        """Another program's lock on the database at `path` has been waited for for a second."""

    def backed_up(self, path: str) -> None:
        """The database, as it was before this version first wrote to it, was copied to `path`."""

    def in_memory(self, why: str) -> None:
        """What was computed could not be stored; it is shown from memory."""


SILENT = Listener()


class SessionProblem(Model):
    """A session that has no full stats."""

    session_id: str
    """The session folder's name, undecodable bytes made visible."""
    problem: str
    """What is wrong with it, in one sentence."""
    is_unlisted: Annotated[bool, Field(exclude=True)] = False
    """Whether no listing can show it: a name that the database cannot hold."""
    is_failure: Annotated[bool, Field(exclude=True)] = False
    """Whether nothing could be read or stored."""


class ComputeReport(Model):
    """What was done. Every session is one of computed, fresh and failed; any of them can have a problem."""

    computed: int
    """Sessions whose stats were computed and stored."""
    fresh: int
    """Sessions whose stats were up to date already."""
    failed: int
    """Sessions that could not be read or stored."""
    problems: tuple[SessionProblem, ...]
    """The sessions without full stats, failed ones included."""
    seconds: float
    """Wall-clock time, in seconds."""
    offline: Annotated[tuple[str, ...], Field(exclude=True)] = ()
    """The names of images roots that cannot be read at present; their sessions are shown as recorded."""
    passed_over: Annotated[int, Field(exclude=True)] = 0
    """Entries of the images root that are not sessions; not part of the report's JSON."""
    missing: Annotated[int, Field(exclude=True)] = 0
    """Sessions in the database, of those looked at, whose folder is gone; not part of the report's JSON."""
    newly_missing: Annotated[int, Field(exclude=True)] = 0
    """Those of them that were still there the time before."""


class BackupReport(Model):
    """A copy of the database."""

    path: str
    """The file, absolute."""
    size: int
    """Its size, in bytes."""


class RestoreReport(Model):
    """A database that holds what a copy holds."""

    path: str
    """The database, absolute."""
    restored_from: str
    """The copy, absolute."""
    previous: str | None
    """The file with what the database held before: a backup, or the damaged file itself. Null if it held nothing."""
    was_damaged: bool
    """Whether the database was damaged, so that its file had to be replaced."""


class DatabaseReport(Model):
    """What a database holds for this tool and for its neighbours."""

    layout: str
    """Whose layout the table `session_stats` has: `own`, `web UI, version 1`, `unknown`, or `none`."""
    mirrored: int = 0
    """How many of its rows mirror this tool's facts."""
    others: int = 0
    """How many of its rows are other programs' own."""
    mirror_problem: str | None = None
    """Why the mirror is off, if it is."""
    metadata_problem: str | None = None
    """Why metadata can be read but not changed, if so."""
    sessions: int = 0
    """How many sessions are recorded, of all roots."""
    without_root: int = 0
    """How many sessions have metadata, but a path that lies in no known root."""
