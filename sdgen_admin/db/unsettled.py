"""Fingerprints that cannot be relied on yet, and when each was first seen: the table `sdgen_admin_unsettled`."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

Fingerprint = tuple[int, int | None, int | None]
"""The folder's modification time, the manifest's, and the manifest's size."""


class Seen(NamedTuple):
    """What was seen of a session folder."""

    fingerprint: Fingerprint
    """Its fingerprint."""
    since_ns: int
    """Since when, by our clock: the end of the first look that found it."""


def first_seen(connection: sqlite3.Connection, root_id: int) -> dict[str, Seen]:
    """Return what is noted of a root's sessions."""
    rows = connection.execute(
        """SELECT s.session_id, u.folder_mtime_ns, u.manifest_mtime_ns, u.manifest_size, u.seen_ns
           FROM sdgen_admin_unsettled u JOIN sdgen_admin_sessions s ON s.id = u.id WHERE s.root_id = ?""",
        (root_id,),
    )
    return {session_id: Seen((folder, manifest, size), seen_ns) for session_id, folder, manifest, size, seen_ns in rows}


def note(
    connection: sqlite3.Connection,
    root_id: int,
    unsettled: Mapping[str, Fingerprint],
    *,
    settled: Iterable[str],
    now_ns: int,
) -> None:
    """Note what was seen just now. To be called inside a write transaction, after the facts are stored.

    Args:
        connection: The database.
        root_id: The root that holds the sessions.
        unsettled: Session id to fingerprint. If the same is noted already, it stays as it was first seen.
        settled: The sessions to be noted no longer.
        now_ns: The time by our clock.
    """
    session = "SELECT id FROM sdgen_admin_sessions WHERE session_id = :session_id AND root_id = :root_id"
    connection.executemany(
        f"DELETE FROM sdgen_admin_unsettled WHERE id = ({session})",
        [{"session_id": session_id, "root_id": root_id} for session_id in settled],
    )
    # A time ahead of our clock is from before that was set back.
    connection.executemany(
        f"""INSERT INTO sdgen_admin_unsettled (id, folder_mtime_ns, manifest_mtime_ns, manifest_size, seen_ns)
            SELECT id, :folder, :manifest, :size, :now_ns FROM ({session}) WHERE TRUE
            ON CONFLICT (id) DO UPDATE SET
                seen_ns = CASE WHEN folder_mtime_ns IS excluded.folder_mtime_ns
                    AND manifest_mtime_ns IS excluded.manifest_mtime_ns AND manifest_size IS excluded.manifest_size
                    THEN min(seen_ns, excluded.seen_ns) ELSE excluded.seen_ns END,
                folder_mtime_ns = excluded.folder_mtime_ns, manifest_mtime_ns = excluded.manifest_mtime_ns,
                manifest_size = excluded.manifest_size""",
        [
            {"session_id": name, "root_id": root_id, "folder": folder, "manifest": manifest, "size": size}
            | {"now_ns": now_ns}
            for name, (folder, manifest, size) in unsettled.items()
        ],
    )
    if unsettled:  # some notes may be about sessions that are no longer recorded
        connection.execute("DELETE FROM sdgen_admin_unsettled WHERE id NOT IN (SELECT id FROM sdgen_admin_sessions)")
