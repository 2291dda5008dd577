"""Bringing the database up to date with the folders: what is outdated, computing it, storing it in batches."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from sdgen_admin.db import facts
from sdgen_admin.db.facts import Known
from sdgen_admin.db.transaction import Turns
from sdgen_admin.disk.fingerprint import Fingerprint
from sdgen_admin.disk.roots import RootListing, is_offline
from sdgen_admin.models.reports import ProgressListener
from sdgen_admin.models.roots import Root
from sdgen_admin.scan.fingerprints import take_fingerprints
from sdgen_admin.services.opened import Key, OpenCollection
from sdgen_admin.services.outcome import Outcome
from sdgen_admin.services.presence import look_at_roots

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sdgen_admin.disk.folder import SessionReading
    from sdgen_admin.scan.fingerprints import Taken

BATCH = 500
"""Sessions written in one transaction: about 15 ms, so that other writers hardly wait."""
BATCH_SECONDS = 1.0
"""At least this often what is done is stored, so that an interrupt loses little."""

_MARKS = 10_000
"""Sessions noted as gone or back in one transaction: a collection may lose many at once."""
_UNDECODABLE = "The folder's name is not valid UTF-8; rename it."


class Refresher:
    """Brings facts up to date in an open database.

    Args:
        opened: The collection.
        jobs: How many sessions to read side by side; None lets the drive decide.
        executor: Reads the sessions instead of our own threads and processes.
        progress: Told how far the computing is.
    """

    def __init__(
        self,
        opened: OpenCollection,
        *,
        jobs: int | None = None,
        executor: "Executor | None" = None,
        progress: ProgressListener | None = None,
    ) -> None:
        self._opened = opened
        self._jobs = jobs
        self._executor = executor
        self._progress = progress

    def everything(self, *, force: bool = False) -> Outcome:
        """Bring every session of the collection up to date, and note which are gone.

        Raises:
            ImagesRootError: No root can be read, and none has recorded sessions that could be shown instead.
        """
        outcome = Outcome()
        looks = look_at_roots(self._opened)
        outcome.offline = [look.root.name for look in looks if look.listing is None]
        work = {}
        for look in looks:
            if look.listing is None:
                continue
            known = {entry.session_id: entry for entry in look.known}
            self._note_presence(look.root, look.listing.session_ids, known, outcome)
            if look.root in self._opened.shown:
                _note_others(look.listing, outcome)
                work[look.root] = self._to_compute(look.root, look.listing, known, outcome, force=force)
        self._compute(work, outcome)
        self._opened.finish()
        return outcome

    def some(self, keys: Iterable[Key], *, force: bool = False) -> Outcome:
        """Bring some sessions up to date."""
        outcome = Outcome()
        by_root: dict[Root, list[str]] = {}
        for key in dict.fromkeys(keys):
            by_root.setdefault(key.root, []).append(key.session_id)
        new = [root for root in by_root if root not in self._opened.ids]
        if new:
            self._opened.register(new)
        work = {}
        for root, ids in by_root.items():
            known = {entry.session_id: entry for entry in facts.get_known(*self._of(root), ids)}
            there = self._opened.folders(root).among(ids)
            found = dict(self._take_fingerprints(root, [name for name in ids if name in there]))
            here = [name for name, fingerprint in found.items() if fingerprint is not None]
            if len(here) < len(ids) and known and is_offline(root.path):
                outcome.offline.append(root.name)  # what is recorded stays as it is
                continue
            self._note_presence(root, here, known, outcome)
            work[root] = here if force else _outdated(((name, found[name]) for name in here), known, outcome)
        self._compute(work, outcome)
        self._opened.finish()
        return outcome

    def _of(self, root: Root) -> tuple[sqlite3.Connection, int]:
        return self._opened.connection, self._opened.ids[root]

    def _to_compute(
        self, root: Root, listing: RootListing, known: Mapping[str, Known], outcome: Outcome, *, force: bool
    ) -> list[str]:
        if force:
            return listing.session_ids
        current = {name for name in listing.session_ids if name in known and known[name].is_current}
        unknown = [name for name in listing.session_ids if name not in current]
        doubtful = [name for name in listing.session_ids if name in current]
        return unknown + _outdated(self._take_fingerprints(root, doubtful), known, outcome)

    def _take_fingerprints(self, root: Root, ids: Sequence[str]) -> "Iterator[Taken]":
        return take_fingerprints(root.path, ids, jobs=self._jobs, executor=self._executor)

    def _note_presence(self, root: Root, here: list[str], known: Mapping[str, Known], outcome: Outcome) -> None:
        """Note which recorded sessions have lost their folder since, and which have it again."""
        present = set(here)
        without_folder = [name for name in known if name not in present]
        gone = [name for name in without_folder if not known[name].is_missing]
        back = [name for name in here if name in known and known[name].is_missing]
        if root in self._opened.shown:
            outcome.missing += len(without_folder)
            outcome.newly_missing += len(gone)
        for names, missing in ((gone, True), (back, False)):
            for start in range(0, len(names), _MARKS):
                some = names[start : start + _MARKS]
                self._opened.write(partial(self._mark_missing, root, some, missing=missing))

    def _mark_missing(self, root: Root, names: Sequence[str], *, missing: bool) -> None:
        facts.mark_missing(*self._of(root), names, missing=missing)

    def _compute(self, work: Mapping[Root, list[str]], outcome: Outcome) -> None:
        total, before = sum(map(len, work.values())), 0
        for root, ids in work.items():
            if ids:
                self._compute_in(root, ids, outcome, before, total)
            before += len(ids)

    def _compute_in(self, root: Root, ids: list[str], outcome: Outcome, before: int, total: int) -> None:
        """Compute and store sessions of one root; whatever ends this early, what is done by then is kept."""
        # When all is fresh, which is nearly always, nothing of this needs to be loaded.
        from sdgen_admin.scan.sessions import scan  # noqa: PLC0415
        from sdgen_admin.services.store import store_readings  # noqa: PLC0415

        done: list[SessionReading] = []
        count = 0
        began_ns, stored_at = time.time_ns(), time.monotonic()
        turns = Turns(self._opened.connection)

        def tell(number: int) -> None:
            if self._progress is not None:
                self._progress(before + number, total)

        def store_rest() -> None:
            try:
                store_readings(self._opened, root, done, outcome, began_ns)
            finally:
                if done:
                    tell(count - len(done))  # what could not be stored is not kept

        # In the order of the tables' keys, rows are added at the end of the file, not all over it.
        with closing(scan(root.path, sorted(ids), jobs=self._jobs, executor=self._executor)) as readings:
            try:
                for count, reading in enumerate(readings, 1):
                    done.append(reading)
                    tell(count)
                    if len(done) >= BATCH or time.monotonic() - stored_at >= BATCH_SECONDS:
                        with turns.ours():
                            store_readings(self._opened, root, done, outcome, began_ns)
                        stored_at = time.monotonic()
            except sqlite3.Error:
                raise  # storing the rest would only wait for the same lock again
            except BaseException:
                store_rest()
                raise
            store_rest()


def _outdated(
    found: Iterable[tuple[str, Fingerprint | None]], known: Mapping[str, Known], outcome: Outcome
) -> list[str]:
    """Return those sessions, with their present fingerprints, that are to be computed; the fresh are noted."""
    outdated = []
    for name, fingerprint in found:
        entry = known.get(name)
        if entry is None or not entry.is_current or fingerprint is None or fingerprint != entry[1:4]:
            outdated.append(name)
            continue
        outcome.fresh += 1
        if entry.problem is not None:
            outcome.problems[name] = entry.problem
    return outdated


def _note_others(listing: RootListing, outcome: Outcome) -> None:
    outcome.passed_over += listing.passed_over
    outcome.undecodable += listing.undecodable
    outcome.problems |= dict.fromkeys(listing.undecodable, _UNDECODABLE)
