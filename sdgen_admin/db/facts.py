"""The truth: `sdgen_admin_sessions`, one row a session and root."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from sdgen_admin.db.schema import COLUMNS, next_change
from sdgen_admin.db.shared.ready import ready_made
from sdgen_admin.db.texts import delete_unused, store_texts
from sdgen_admin.db.transaction import own_text
from sdgen_admin.db.values import LOCAL_TIME_LENGTH, local_text, to_json
from sdgen_admin.models.fields import FIELDS, Kind
from sdgen_admin.models.session_id import created_at
from sdgen_admin.models.stats import STATS_VERSION
from sdgen_admin.models.text import fold

_KEY = ("session_id", "root_id")
_INSERT = f"INSERT INTO sdgen_admin_sessions ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_UPSERT = (
    f"{_INSERT} ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET"
    f" {', '.join(f'{name} = excluded.{name}' for name in COLUMNS if name not in (*_KEY, 'twin'))}"
)
_NOTHING: dict[str, Any] = dict.fromkeys(COLUMNS) | {"twin": 0, "missing": 0, "outdated": 0}
_TIMES = tuple(field.name for field in FIELDS if field.is_stored and field.kind is Kind.TIME)
_LISTS = tuple(field.name for field in FIELDS if field.is_stored and field.kind is Kind.LIST)
_row = itemgetter(*COLUMNS)


class Known(NamedTuple):
    """What the database knows of a session, to be compared with its folder."""

    session_id: str
    folder_mtime_ns: int | None
    manifest_mtime_ns: int | None
    manifest_size: int | None
    is_missing: bool
    problem: str | None
    is_current: bool
    """Whether there are facts by the present rules, or by later ones."""


class FolderState(NamedTuple):
    """What a folder's reading says beside its facts."""

    folder_mtime_ns: int | None
    """Null, as the next two, if the fingerprint cannot be relied on."""
    manifest_mtime_ns: int | None
    manifest_size: int | None
    changed_ns: int | None
    gap_ns: int | None
    first_image_ns: int | None
    last_image_ns: int | None


_AT_ONCE = 500
NO_STATE = FolderState(*[None] * 7)


def put(
    connection: sqlite3.Connection, root_id: int, sessions: Iterable[tuple[str, dict[str, Any], FolderState]]
) -> None:
    """Store the facts of sessions, in place of earlier ones. To be called inside a write transaction.

    Args:
        connection: The database.
        root_id: The root that holds them.
        sessions: For each its id, the fields of its record and stats (see `stats.rules`), and its folder's state.
    """
    sessions, changed = tuple(sessions), next_change(connection)
    texts = store_texts(connection, [fields for _, fields, _ in sessions])
    taken = _times_taken(connection, [session_id for session_id, _, _ in sessions])
    rows = []
    for (session_id, fields, state), ids in zip(sessions, texts, strict=True):
        row = _NOTHING.copy()
        for part in (fields, _as_stored(fields), state._asdict(), ready_made(fields), ids):
            row.update(part)
        row.update(_identity(root_id, session_id, changed))
        while (session_id, row["stats_computed_at"][:LOCAL_TIME_LENGTH]) in taken:
            row["stats_computed_at"] = _a_moment_later(row["stats_computed_at"])
        rows.append(_row(row))
    connection.executemany(_UPSERT, rows)


def _times_taken(connection: sqlite3.Connection, session_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return which sessions were computed when, in any root: a mirror tells rows of one id apart by that.

    A clock may stand still for 15 ms, as Python's does on Windows.
    """
    taken: set[tuple[str, str]] = set()
    for start in range(0, len(session_ids), _AT_ONCE):
        some = session_ids[start : start + _AT_ONCE]
        taken.update(
            connection.execute(
                f"""SELECT session_id, {local_text("stats_computed_at")} FROM sdgen_admin_sessions
                    WHERE session_id IN ({", ".join("?" * len(some))})""",
                some,
            )
        )
    return taken


def _a_moment_later(time: str) -> str:
    return _time_text(datetime.fromisoformat(time) + timedelta(microseconds=1))


def put_without_stats(connection: sqlite3.Connection, root_id: int, sessions: Iterable[tuple[str, str | None]]) -> None:
    """Store sessions whose folder cannot be read, in place of earlier facts: for each its id and problem.

    To be called inside a write transaction.
    """
    changed = next_change(connection)
    connection.executemany(
        _UPSERT,
        [_row(_NOTHING | _identity(root_id, name, changed) | {"problem": problem}) for name, problem in sessions],
    )


def add(connection: sqlite3.Connection, root_id: int, session_ids: Iterable[str], *, missing: bool) -> None:
    """Record sessions without facts. What another process has recorded of them meanwhile stays.

    To be called inside a write transaction.
    """
    changed = next_change(connection)
    connection.executemany(
        f"{_INSERT} ON CONFLICT DO NOTHING",
        [_row(_NOTHING | _identity(root_id, name, changed) | {"missing": missing}) for name in session_ids],
    )


def _identity(root_id: int, session_id: str, changed: int) -> dict[str, Any]:
    created = created_at(session_id)
    return {
        "root_id": root_id,
        "session_id": session_id,
        "folded": fold(session_id),
        "created_at": created.isoformat() if created else "",
        "changed": changed,
    }


def _as_stored(fields: dict[str, Any]) -> dict[str, Any]:
    """Return those fields that SQLite cannot hold as they are."""
    stored = {name: _time_text(fields[name]) for name in _TIMES if fields[name] is not None}
    return stored | {name: to_json(fields[name]) for name in _LISTS if fields[name] is not None}


def _time_text(moment: datetime) -> str:
    """Return a time as it is stored: as this process's clocks show it, with the offset if the instant is known."""
    if moment.tzinfo is None:
        return moment.isoformat()
    return moment.astimezone().isoformat(timespec="microseconds")  # the local part always has the same length


def get_known(connection: sqlite3.Connection, root_id: int, session_ids: Sequence[str] | None = None) -> list[Known]:
    """Return what is known of some sessions of a root, or of all."""
    statement = f"""SELECT session_id, folder_mtime_ns, manifest_mtime_ns, manifest_size, missing, problem,
        coalesce(stats_version >= {STATS_VERSION}, 0) FROM sdgen_admin_sessions WHERE root_id = ?"""
    if session_ids is None:
        with own_text(connection):
            return [Known._make(row) for row in connection.execute(statement, (root_id,))]
    found = []
    for session_id in session_ids:
        row = connection.execute(f"{statement} AND session_id = ?", (root_id, session_id)).fetchone()
        if row is not None:
            found.append(Known._make(row))
    return found


def has_good_facts(connection: sqlite3.Connection, root_id: int, session_id: str) -> bool:
    """Whether there are facts from more than the folder alone."""
    row = connection.execute(
        """SELECT 1 FROM sdgen_admin_sessions
           WHERE session_id = ? AND root_id = ? AND stats_computed_at IS NOT NULL AND source <> 'folder'""",
        (session_id, root_id),
    ).fetchone()
    return row is not None


def count_stats(connection: sqlite3.Connection, root_id: int, session_ids: Iterable[str]) -> int:
    """Return how many of some sessions of a root have stats."""
    statement = """SELECT 1 FROM sdgen_admin_sessions
        WHERE session_id = ? AND root_id = ? AND stats_computed_at IS NOT NULL"""
    return sum(connection.execute(statement, (name, root_id)).fetchone() is not None for name in session_ids)


def get_twin(connection: sqlite3.Connection, root_id: int | None, session_id: str) -> int | None:
    """Return the id of the root that a session's metadata belongs to, None if it is the session's own."""
    row = connection.execute(
        "SELECT twin FROM sdgen_admin_sessions WHERE session_id = ? AND root_id = ? AND twin <> 0",
        (session_id, root_id),
    ).fetchone()
    return None if row is None else int(row[0])


def keep_outdated(
    connection: sqlite3.Connection, root_id: int, sessions: Iterable[tuple[str, str | None, FolderState]]
) -> None:
    """Note for sessions with good facts that what is there now cannot be read: the facts stay, marked outdated."""
    changed = next_change(connection)
    connection.executemany(
        """UPDATE sdgen_admin_sessions SET outdated = 1, missing = 0, problem = :problem, changed = :changed,
               folder_mtime_ns = :folder_mtime_ns, manifest_mtime_ns = :manifest_mtime_ns,
               manifest_size = :manifest_size, changed_ns = coalesce(:changed_ns, changed_ns)
           WHERE session_id = :session_id AND root_id = :root_id""",
        [
            {"session_id": name, "root_id": root_id, "problem": problem, "changed": changed, **state._asdict()}
            for name, problem, state in sessions
        ],
    )


def mark_outdated(connection: sqlite3.Connection, root_id: int, session_ids: Iterable[str]) -> None:
    """Note that facts are from an earlier reading, or by earlier rules."""
    connection.executemany(
        "UPDATE sdgen_admin_sessions SET outdated = 1 WHERE session_id = ? AND root_id = ?",
        [(name, root_id) for name in session_ids],
    )


def mark_missing(connection: sqlite3.Connection, root_id: int, session_ids: Iterable[str], *, missing: bool) -> None:
    """Note for sessions whether their folder is gone."""
    changed = next_change(connection)
    connection.executemany(
        """UPDATE sdgen_admin_sessions SET missing = ?, changed = ?
           WHERE session_id = ? AND root_id = ? AND missing <> ?""",
        [(missing, changed, name, root_id, missing) for name in session_ids],
    )


def forget(connection: sqlite3.Connection, root_id: int, session_ids: Iterable[str]) -> None:
    """Delete sessions that turned out to be another root's, with their facts."""
    connection.executemany(
        "DELETE FROM sdgen_admin_sessions WHERE session_id = ? AND root_id = ?",
        [(name, root_id) for name in session_ids],
    )


def delete(connection: sqlite3.Connection, root_id: int, session_ids: Sequence[str]) -> int:
    """Delete the facts of sessions and return how many had any.

    A session with metadata or history stays recorded, without facts. To be called inside a write transaction.
    """
    had = 0
    for name in session_ids:
        row = connection.execute(
            """SELECT id, stats_computed_at IS NOT NULL, missing,
                   EXISTS (SELECT 1 FROM session_metadata m WHERE m.session_id = s.session_id)
                   OR EXISTS (SELECT 1 FROM sdgen_admin_history h WHERE h.session_id = s.session_id)
               FROM sdgen_admin_sessions s WHERE session_id = ? AND root_id = ?""",
            (name, root_id),
        ).fetchone()
        if row is None:
            continue
        row_id, has_facts, is_missing, is_told_of = row
        had += has_facts
        connection.execute("DELETE FROM sdgen_admin_sessions WHERE id = ?", (row_id,))
        if is_told_of:
            add(connection, root_id, [name], missing=bool(is_missing))
    if had:
        delete_unused(connection)
    return had


def find_id(connection: sqlite3.Connection, session_id: str, root_ids: Sequence[int]) -> int | None:
    """Return the first of some roots that has a session with this id, None if none has.

    One whose folder is there comes before one whose folder is gone.
    """
    rows = connection.execute(
        f"""SELECT missing, root_id FROM sdgen_admin_sessions
            WHERE session_id = ? AND root_id IN ({", ".join("?" * len(root_ids))})""",
        (session_id, *root_ids),
    ).fetchall()
    if not rows:
        return None
    _, root_id = min(rows, key=lambda row: (row[0], root_ids.index(row[1])))
    return int(root_id)


def ids_containing(
    connection: sqlite3.Connection, root_ids: Iterable[int], part: str, *, present: bool = False
) -> set[str]:
    """Return the ids that contain a folded text; if `present`, only those whose folder is not gone."""
    among = ", ".join(map(str, root_ids)) or "NULL"
    rows = connection.execute(
        f"""SELECT session_id FROM sdgen_admin_sessions WHERE root_id IN ({among}) AND instr(folded, ?) > 0
            {"AND missing = 0" if present else ""}""",
        (part,),
    )
    return {session_id for (session_id,) in rows}


def count(connection: sqlite3.Connection) -> int:
    """Return how many sessions are recorded, of all roots."""
    (sessions,) = connection.execute("SELECT count(*) FROM sdgen_admin_sessions").fetchone()
    return int(sessions)


def has_any(connection: sqlite3.Connection, root_ids: Iterable[int]) -> bool:
    """Whether a session of any of some roots is recorded."""
    among = ", ".join(map(str, root_ids)) or "NULL"
    row = connection.execute(f"SELECT 1 FROM sdgen_admin_sessions WHERE root_id IN ({among}) LIMIT 1").fetchone()
    return row is not None
