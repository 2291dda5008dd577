"""What follows from all rows together: sessions known from metadata alone, and ids that exist in two roots."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from sdgen_admin.db.facts import add
from sdgen_admin.db.roots import RecordedRoot, not_recorded, recorded_roots
from sdgen_admin.db.schema import next_change
from sdgen_admin.db.transaction import transaction
from sdgen_admin.db.values import as_text
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import is_session_id

Twin = tuple[int, int]
"""A row's id, and the id of the root that its session's metadata belongs to."""


def settle(connection: sqlite3.Connection, first_roots: Sequence[int]) -> None:
    """Adopt sessions that only metadata knows, and mark twins. Looks before it asks for the write lock.

    Args:
        connection: The database, with its facts committed.
        first_roots: The configured roots' ids, in order.
    """
    roots = recorded_roots(connection)
    adopted = list(_to_adopt(connection, [root for root in roots if root.id in first_roots]))
    twins = _twins(connection, roots, first_roots)
    if not adopted and twins == _marked_twins(connection, first_roots):
        return
    with transaction(connection):
        for root_id in {root_id for root_id, _ in adopted}:
            add(connection, root_id, [name for root, name in adopted if root == root_id], missing=True)
        _mark(connection, _twins(connection, roots, first_roots), first_roots)


def count_without_root(connection: sqlite3.Connection, configured: Sequence[Root]) -> int:
    """Return how many sessions are known from metadata alone, with a path in no recorded and no configured root."""
    roots = [*recorded_roots(connection), *map(not_recorded, configured)]
    return sum(not any(root.holds(path, name) for root in roots) for name, path in _only_in_metadata(connection, ()))


def _to_adopt(connection: sqlite3.Connection, roots: Sequence[RecordedRoot]) -> Iterator[tuple[int, str]]:
    """Yield root and id of sessions that only metadata knows. They count as missing until their folder is seen."""
    for name, path in _only_in_metadata(connection, [root.id for root in roots]):
        root = next((root for root in roots if root.holds(path, name)), None)
        if root is not None and is_session_id(name):
            yield root.id, name


def _only_in_metadata(connection: sqlite3.Connection, root_ids: Iterable[int]) -> Iterator[tuple[str, str]]:
    """Yield id and path of the metadata of sessions that are not recorded: in none of some roots, or in none at all."""
    among = ", ".join(map(str, root_ids))
    rows = connection.execute(
        f"""SELECT session_id, session_path FROM session_metadata m WHERE NOT EXISTS (
            SELECT 1 FROM sdgen_admin_sessions s WHERE s.session_id = m.session_id
            {f"AND s.root_id IN ({among})" if among else ""})"""
    )
    return ((name, as_text(path) or "") for name, path in rows if isinstance(name, str))


def _twins(connection: sqlite3.Connection, roots: Sequence[RecordedRoot], first_roots: Sequence[int]) -> set[Twin]:
    """Return the configured roots' sessions whose id exists in another root, too, to which its metadata belongs.

    What other roots' sessions are is up to the collections that have these configured: each takes its own for first.
    """
    if len(roots) < 2:  # noqa: PLR2004
        return set()
    places: dict[str, list[Twin]] = {}
    paths: dict[str, str] = {}
    for name, row_id, root_id, path in connection.execute(
        """SELECT s.session_id, s.id, s.root_id, m.session_path FROM sdgen_admin_sessions s
           LEFT JOIN session_metadata m ON m.session_id = s.session_id
           WHERE NOT s.missing AND s.session_id IN (
               SELECT session_id FROM sdgen_admin_sessions GROUP BY session_id HAVING count(*) > 1)"""
    ):
        places.setdefault(name, []).append((row_id, root_id))
        paths[name] = as_text(path) or ""
    by_id = {root.id: root for root in roots}
    rank = {root_id: place for place, root_id in enumerate(first_roots)}
    twins = set()
    for name, rows in places.items():
        here = sorted((root_id for _, root_id in rows), key=lambda root_id: (rank.get(root_id, len(rank)), root_id))
        owner = next((root_id for root_id in here if by_id[root_id].holds(paths[name], name)), here[0])
        twins |= {(row_id, owner) for row_id, root_id in rows if root_id != owner and root_id in rank}
    return twins


def _marked_twins(connection: sqlite3.Connection, root_ids: Sequence[int]) -> set[Twin]:
    among = ", ".join(map(str, root_ids)) or "NULL"
    return set(
        connection.execute(f"SELECT id, twin FROM sdgen_admin_sessions WHERE twin <> 0 AND root_id IN ({among})")
    )


def _mark(connection: sqlite3.Connection, twins: set[Twin], first_roots: Sequence[int]) -> None:
    marked = _marked_twins(connection, first_roots)
    if twins == marked:
        return
    changed = next_change(connection)
    changes = [(0, changed, row_id) for row_id, _ in marked - twins] + [
        (own, changed, row) for row, own in twins - marked
    ]
    connection.executemany("UPDATE sdgen_admin_sessions SET twin = ?, changed = ? WHERE id = ?", changes)
