"""This tool's own table `sdgen_admin_sessions`: what it must know of a session beyond the shared columns.

A row belongs to the stats row with the same `stats_computed_at`. Where another program wrote that one since,
the two differ, and the stats are unverified.
"""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from sdgen_admin.db.schema import OWN_COLUMNS
from sdgen_admin.models.stats import STATS_VERSION


class SessionState(NamedTuple):
    """A row of the table, column for column."""

    session_id: str
    stats_computed_at: str | None
    folder_mtime_ns: int | None
    manifest_mtime_ns: int | None
    manifest_size: int | None
    missing: bool
    stale: bool
    problem: str | None
    status: str | None
    scheduler: str | None
    theme: str | None
    style: str | None
    seed_list: str | None


class Known(NamedTuple):
    """What the database knows of a session, for comparing it with the folder."""

    session_id: str
    folder_mtime_ns: int | None
    manifest_mtime_ns: int | None
    manifest_size: int | None
    missing: bool
    problem: str | None
    is_verified: bool
    """Whether the stats are those that the fingerprint stands for, by the present rules."""


_UPSERT = (
    f"INSERT INTO sdgen_admin_sessions ({', '.join(OWN_COLUMNS)}) VALUES ({', '.join('?' * len(OWN_COLUMNS))})"
    f" ON CONFLICT (session_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in OWN_COLUMNS[1:])}"
)

_KNOWN = """
    SELECT session_id, folder_mtime_ns, manifest_mtime_ns, manifest_size, coalesce(missing, 0), problem,
        s.stats_computed_at = o.stats_computed_at AND s.stats_version = {version}
    FROM session_stats s LEFT JOIN sdgen_admin_sessions o USING (session_id)
    {where_stats}
    UNION ALL
    SELECT session_id, NULL, NULL, NULL, missing, problem, 0
    FROM sdgen_admin_sessions o
    WHERE NOT EXISTS (SELECT 1 FROM session_stats s WHERE s.session_id = o.session_id) {and_own}
    UNION ALL
    SELECT session_id, NULL, NULL, NULL, 0, NULL, 0
    FROM session_metadata m
    WHERE NOT EXISTS (SELECT 1 FROM session_stats s WHERE s.session_id = m.session_id)
        AND NOT EXISTS (SELECT 1 FROM sdgen_admin_sessions o WHERE o.session_id = m.session_id) {and_metadata}
"""


def put_states(connection: sqlite3.Connection, states: Iterable[SessionState]) -> None:
    """Write rows, in place of earlier ones."""
    connection.executemany(_UPSERT, states)


def get_known(connection: sqlite3.Connection, session_id: str | None = None) -> list[Known]:
    """Return what is known of one session, or of every session in any of the three tables."""
    if session_id is None:
        statement = _KNOWN.format(version=STATS_VERSION, where_stats="", and_own="", and_metadata="")
        rows = connection.execute(statement)
    else:
        one = "session_id = :session_id"
        statement = _KNOWN.format(
            version=STATS_VERSION, where_stats=f"WHERE {one}", and_own=f"AND {one}", and_metadata=f"AND {one}"
        )
        rows = connection.execute(statement, {"session_id": session_id})
    return [Known._make(row) for row in rows if isinstance(row[0], str)]  # null or a BLOB is no session's id


def keep_stale(connection: sqlite3.Connection, states: Iterable[SessionState]) -> None:
    """Note for sessions with good stats that what is there now cannot be read: the stats stay, marked stale."""
    connection.executemany(
        """INSERT INTO sdgen_admin_sessions
               (session_id, stats_computed_at, folder_mtime_ns, manifest_mtime_ns, manifest_size, stale, problem)
           SELECT session_id, stats_computed_at, :folder_mtime_ns, :manifest_mtime_ns, :manifest_size, 1, :problem
           FROM session_stats WHERE session_id = :session_id
           ON CONFLICT (session_id) DO UPDATE SET
               stats_computed_at = excluded.stats_computed_at, folder_mtime_ns = excluded.folder_mtime_ns,
               manifest_mtime_ns = excluded.manifest_mtime_ns, manifest_size = excluded.manifest_size,
               stale = 1, missing = 0, problem = excluded.problem""",
        (state._asdict() for state in states),
    )


def mark_missing(connection: sqlite3.Connection, session_ids: Iterable[str], *, missing: bool) -> None:
    """Note for sessions in the database whether their folder is gone."""
    connection.executemany(
        """INSERT INTO sdgen_admin_sessions (session_id, missing) VALUES (?, ?)
           ON CONFLICT (session_id) DO UPDATE SET missing = excluded.missing""",
        ((name, missing) for name in session_ids),
    )


def forget(connection: sqlite3.Connection, session_ids: Iterable[str]) -> None:
    """Delete the rows of sessions about which the person said nothing."""
    connection.executemany(
        """DELETE FROM sdgen_admin_sessions WHERE session_id = :name
           AND NOT EXISTS (SELECT 1 FROM session_metadata m WHERE m.session_id = :name)""",
        ({"name": name} for name in session_ids),
    )
