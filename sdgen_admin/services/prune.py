"""Pruning: the stats of sessions whose folder is gone are deleted, never what a person typed."""

import sqlite3
from collections.abc import Callable, Sequence

from sdgen_admin.db import facts
from sdgen_admin.db.faults import is_locked
from sdgen_admin.db.shared import mirror
from sdgen_admin.db.transaction import transaction
from sdgen_admin.errors import PruneRefusedError
from sdgen_admin.models.roots import Root
from sdgen_admin.models.text import fold
from sdgen_admin.services.opened import Key, OpenCollection
from sdgen_admin.services.presence import look_at_roots

_GUARD = 0.2
"""The share of a root's sessions that goes without being forced. Those only spelled otherwise now are not lost."""


def prune(opened: OpenCollection, *, force: bool) -> int:
    """Delete the stats of sessions without a folder and return how many; see `SessionLibrary.prune`."""
    gone: dict[Root, list[str]] = {}
    for look in look_at_roots(opened):
        if look.root not in opened.shown or look.listing is None:
            continue
        here = set(look.listing.session_ids)
        gone[look.root] = [entry.session_id for entry in look.known if entry.session_id not in here]
        if not force:
            respelled = {fold(name) for name in here}
            lost = [name for name in gone[look.root] if fold(name) not in respelled]
            _guard(opened, look.root, lost, len(here))

    def delete() -> int:
        pruned = 0
        for root, names in gone.items():
            if names:
                facts.mark_missing(opened.connection, opened.ids[root], names, missing=True)
                pruned += facts.delete(opened.connection, opened.ids[root], names)
        return pruned

    return _with_mirror(opened, delete, [name for names in gone.values() for name in names])


def delete_stats(opened: OpenCollection, key: Key) -> bool:
    """Delete the stats of one session and return whether there were any."""
    root_id, names = opened.ids[key.root], [key.session_id]
    return _with_mirror(opened, lambda: facts.delete(opened.connection, root_id, names), names) > 0


def _with_mirror(opened: OpenCollection, delete: Callable[[], int], names: Sequence[str]) -> int:
    """Delete facts and return how many. The mirror's rows go with them, unless a neighbour prevents that."""
    try:
        with transaction(opened.connection):
            count = delete()
            mirror.delete(opened.connection, names)
    except sqlite3.Error as error:
        if is_locked(error):
            raise
        with transaction(opened.connection):
            count = delete()
    opened.finish()
    return count


def _guard(opened: OpenCollection, root: Root, gone: list[str], here: int) -> None:
    with_stats = facts.count_stats(opened.connection, opened.ids[root], gone) if gone else 0
    total = with_stats + here
    if with_stats > _GUARD * total:
        raise PruneRefusedError(
            f"{with_stats:,} of {total:,} sessions have no folder in {root.path} any more: nothing was pruned.",
            gone=with_stats,
            total=total,
        )
