"""Bringing the database up to date with the folders: what is stale, computing it, storing it in batches."""

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sdgen_admin.db.connection import make_indexes
from sdgen_admin.db.search import make_search_indexes
from sdgen_admin.db.sessions import Known, get_known, mark_missing
from sdgen_admin.db.transaction import Turns, transaction
from sdgen_admin.disk.collection import read_sessions, take_fingerprints
from sdgen_admin.disk.fingerprint import Fingerprint
from sdgen_admin.disk.root import RootListing, list_root
from sdgen_admin.models.reports import ComputeReport, ProgressListener, SessionProblem

if TYPE_CHECKING:
    from sdgen_admin.disk.folder import SessionReading

BATCH = 500
"""Sessions written in one transaction: about 15 ms, so that other writers hardly wait."""
BATCH_SECONDS = 1.0
"""At least this often what is done is stored, so that an interrupt loses little."""

_MARKS = 10_000
"""Sessions noted as gone or back in one transaction: an unmounted drive takes all of them at once."""
_UNDECODABLE = "The folder's name is not valid UTF-8; rename it."


@dataclass
class Outcome:
    """What happened so far, to become a `ComputeReport`."""

    started: float = field(default_factory=time.perf_counter)
    computed: int = 0
    fresh: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    undecodable: list[str] = field(default_factory=list)
    failures: set[str] = field(default_factory=set)
    passed_over: int = 0
    missing: int = 0
    newly_missing: int = 0

    def report(self) -> ComputeReport:
        """Return the report as of now, unvalidated: building a validator takes longer than a fresh listing."""
        return ComputeReport.model_construct(
            computed=self.computed,
            fresh=self.fresh,
            failed=len(self.failures),
            problems=tuple(
                SessionProblem.model_construct(
                    session_id=name,
                    problem=problem,
                    is_unlisted=name in self.undecodable,
                    is_failure=name in self.failures,
                )
                for name, problem in sorted(self.problems.items())
            ),
            seconds=round(time.perf_counter() - self.started, 3),
            passed_over=self.passed_over,
            missing=self.missing,
            newly_missing=self.newly_missing,
        )


class Refresher:
    """Brings stats up to date in an open database.

    Args:
        connection: The database.
        images_dir: The images root, absolute.
        jobs: How many sessions to read side by side; None lets the drive decide.
        progress: Told how far the computing is.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        images_dir: str,
        *,
        jobs: int | None = None,
        progress: ProgressListener | None = None,
    ) -> None:
        self._connection = connection
        self._images_dir = images_dir
        self._jobs = jobs
        self._progress = progress

    def everything(self, *, force: bool = False) -> Outcome:
        """Bring every session of the images root up to date, and note which are gone.

        The database may have been opened to be filled: its indexes are there afterwards.
        """
        outcome = Outcome()
        known = {entry.session_id: entry for entry in get_known(self._connection)}
        listing = list_root(self._images_dir)  # after what is known: a session made in between is not taken for gone
        stale = listing.session_ids
        if not force:
            doubtful = [name for name in stale if name in known and known[name].is_verified]
            stale = [name for name in stale if name not in known or not known[name].is_verified]
            stale += _stale(take_fingerprints(self._images_dir, doubtful, self._jobs), known, outcome)
        _note_undecodable(listing, outcome)
        self._note_presence(listing.session_ids, known, outcome)
        self._compute(stale, outcome)
        make_indexes(self._connection)
        if outcome.computed:
            make_search_indexes(self._connection)
        return outcome

    def some(self, session_ids: Iterable[str], *, force: bool = False) -> Outcome:
        """Bring some sessions up to date."""
        outcome = Outcome()
        ids = list(dict.fromkeys(session_ids))
        known = {entry.session_id: entry for name in ids for entry in get_known(self._connection, name)}
        found = dict(take_fingerprints(self._images_dir, ids, self._jobs))
        here = [name for name in ids if found[name] is not None]
        self._note_presence(here, known, outcome)
        self._compute(here if force else _stale(((name, found[name]) for name in here), known, outcome), outcome)
        return outcome

    def _note_presence(self, here: list[str], known: dict[str, Known], outcome: Outcome) -> None:
        """Note which sessions of the database have lost their folder since, and which have it again."""
        present = set(here)
        without_folder = [name for name in known if name not in present]
        gone = [name for name in without_folder if not known[name].missing]
        outcome.missing, outcome.newly_missing = len(without_folder), len(gone)
        back = [name for name in here if name in known and known[name].missing]
        for names, missing in ((gone, True), (back, False)):
            for start in range(0, len(names), _MARKS):
                with transaction(self._connection):
                    mark_missing(self._connection, names[start : start + _MARKS], missing=missing)

    def _compute(self, ids: list[str], outcome: Outcome) -> None:
        """Compute and store; whatever ends this early, what is done by then is kept."""
        if not ids:
            return
        # When all is fresh, which is nearly always, nothing of this needs to be loaded.
        from sdgen_admin.services.store import store_readings  # noqa: PLC0415

        done: list[SessionReading] = []
        count = 0
        stored_at = time.monotonic()
        turns = Turns(self._connection)

        def store_rest() -> None:
            try:
                store_readings(self._connection, self._images_dir, done, outcome)
            finally:
                if done and self._progress is not None:
                    self._progress(count - len(done), len(ids))  # what could not be stored is not kept

        # In the order of the tables' keys, rows are added at the end of the file, not all over it.
        with closing(read_sessions(self._images_dir, sorted(ids), self._jobs)) as readings:
            try:
                for count, reading in enumerate(readings, 1):
                    done.append(reading)
                    if self._progress is not None:
                        self._progress(count, len(ids))
                    if len(done) >= BATCH or time.monotonic() - stored_at >= BATCH_SECONDS:
                        with turns.ours():
                            store_readings(self._connection, self._images_dir, done, outcome)
                        stored_at = time.monotonic()
            except sqlite3.Error:
                raise  # whoever keeps the lock would only be waited for once more
            except BaseException:
                store_rest()
                raise
            store_rest()


def _stale(found: Iterable[tuple[str, Fingerprint | None]], known: dict[str, Known], outcome: Outcome) -> list[str]:
    """Return those sessions, with their present fingerprints, that are to be computed; the fresh are noted."""
    stale = []
    for name, fingerprint in found:
        entry = known.get(name)
        if entry is None or not entry.is_verified or fingerprint is None or fingerprint != entry[1:4]:
            stale.append(name)
            continue
        outcome.fresh += 1
        if entry.problem is not None:
            outcome.problems[name] = entry.problem
    return stale


def _note_undecodable(listing: RootListing, outcome: Outcome) -> None:
    outcome.passed_over = listing.passed_over
    outcome.undecodable = listing.undecodable
    outcome.problems |= dict.fromkeys(listing.undecodable, _UNDECODABLE)
