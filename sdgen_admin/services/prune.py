"""Pruning: the stats of sessions whose folder is gone are deleted, never what a person typed."""

from sdgen_admin.db.connection import Database
from sdgen_admin.db.sessions import forget, get_known
from sdgen_admin.db.stats import delete_stats, ids_with_stats
from sdgen_admin.db.transaction import transaction
from sdgen_admin.disk.root import list_root
from sdgen_admin.errors import PruneRefusedError

_GUARD = 0.2
"""The share of all sessions that goes without being forced."""


def prune(database: Database, images_dir: str, *, force: bool) -> int:
    """Delete what is known of sessions without a folder, and return how many; see `SessionLibrary.prune`."""
    if not database.exists():
        return 0
    with database.open(for_writing=True) as connection:
        known, with_stats = {entry.session_id for entry in get_known(connection)}, ids_with_stats(connection)
        # The folders last, so that no session made meanwhile is taken for gone.
        here = set(list_root(images_dir).session_ids)
        gone, everything = with_stats - here, with_stats | here
        if gone and not force and (not here or len(gone) > _GUARD * len(everything)):
            raise PruneRefusedError(
                f"The stats of {len(gone):,} of {len(everything):,} sessions would go, with no folder in {images_dir}:"
                " nothing pruned.",
                "Is the drive mounted? If they are really gone: sdgen-admin warm-cache --prune --force",
            )
        with transaction(connection):
            forget(connection, known - here)
            return delete_stats(connection, gone)
