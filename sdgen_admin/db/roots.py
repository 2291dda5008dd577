"""The images roots that a database knows: the configured ones, and those it has recorded sessions of."""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sdgen_admin.db.schema import next_change
from sdgen_admin.disk.spelling import is_same_folder
from sdgen_admin.models.roots import Root
from sdgen_admin.models.session_id import visible


class RecordedRoot(NamedTuple):
    """A row of `sdgen_admin_roots`."""

    id: int
    path: str
    real_path: str
    former_paths: tuple[str, ...]

    def holds(self, session_path: str, session_id: str) -> bool:
        """Whether a session folder's recorded path lies in this root, under any path that it has or had."""
        folder, name = os.path.split(session_path.rstrip("/"))
        return name == session_id and folder in (self.path, self.real_path, *self.former_paths)


def not_recorded(root: Root) -> RecordedRoot:
    """Return a configured root as it would be recorded."""
    return RecordedRoot(0, visible(root.path), _real(root.path), ())


def recorded_roots(connection: sqlite3.Connection) -> list[RecordedRoot]:
    """Return all roots that the database knows, in the order in which it met them."""
    rows = connection.execute("SELECT id, path, real_path, former_paths FROM sdgen_admin_roots ORDER BY id")
    return [RecordedRoot(root_id, path, real, tuple(json.loads(former))) for root_id, path, real, former in rows]


def find_ids(connection: sqlite3.Connection, roots: Sequence[Root]) -> dict[Root, int]:
    """Return the ids of those roots that the database knows, by path or, under another name, by what it leads to."""
    recorded = recorded_roots(connection)
    by_path = {row.path: row.id for row in recorded}
    by_real_path = {row.real_path: row.id for row in recorded if not _leads_elsewhere_now(row)}
    found = {
        root: by_path.get(visible(root.path)) or by_real_path.get(_real(root.path)) or _named_otherwise(root, recorded)
        for root in roots
    }
    return {root: root_id for root, root_id in found.items() if root_id is not None}


def _named_otherwise(root: Root, recorded: Sequence[RecordedRoot]) -> int | None:
    """Return the id of the root that is the same folder, mounted elsewhere, too, or spelled otherwise."""
    return next((row.id for row in recorded if is_same_folder(row.path, root.path)), None)


def _leads_elsewhere_now(root: RecordedRoot) -> bool:
    """Whether a root is a symlink that has been pointed at another folder since it was recorded."""
    return os.path.islink(root.path) and _real(root.path) != root.real_path


def register(connection: sqlite3.Connection, roots: Iterable[Root]) -> dict[Root, int]:
    """Record roots as they are configured now and return their ids. To be called inside a write transaction."""
    roots = tuple(roots)
    ids = find_ids(connection, roots)
    recorded = {row.id: row for row in recorded_roots(connection)}
    for root in roots:
        values = {"path": visible(root.path), "prefix": visible(os.path.join(root.path, "")), "real": _real(root.path)}
        if root in ids:
            known = recorded[ids[root]]
            former = dict.fromkeys((*known.former_paths, known.path))
            former.pop(values["path"], None)
            connection.execute(
                """UPDATE sdgen_admin_roots SET path = :path, prefix = :prefix, real_path = :real,
                   former_paths = :former WHERE id = :id
                   AND NOT EXISTS (SELECT 1 FROM sdgen_admin_roots o WHERE o.path = :path AND o.id <> :id)""",
                values | {"id": known.id, "former": json.dumps(list(former))},
            )
            continue
        added = connection.execute(
            """INSERT INTO sdgen_admin_roots (path, prefix, real_path, former_paths)
               VALUES (:path, :prefix, :real, '[]')""",
            values,
        ).lastrowid
        assert added is not None
        ids[root] = added
    return ids


def needs_registering(connection: sqlite3.Connection, roots: Sequence[Root]) -> bool:
    """Whether a root is new, or configured under another path than the one that is recorded."""
    recorded = {(row.path, row.real_path) for row in recorded_roots(connection)}
    return any((visible(root.path), _real(root.path)) not in recorded for root in roots)


def move(connection: sqlite3.Connection, old: RecordedRoot, root: Root, new_id: int | None) -> None:
    """Let a collection that moved keep what is known of it. To be called inside a write transaction.

    Args:
        connection: The database.
        old: The root that is not there any more.
        root: The configured root that its sessions are in now.
        new_id: The id of that, if the database knows it.
    """
    former = [*old.former_paths, *dict.fromkeys((old.path, old.real_path))]
    if new_id is None:
        connection.execute(
            """UPDATE sdgen_admin_roots SET path = ?, prefix = ?, real_path = ?, former_paths = ? WHERE id = ?""",
            (
                visible(root.path), visible(os.path.join(root.path, "")), _real(root.path),
                json.dumps(former), old.id,
            ),
        )  # fmt: skip
        return
    connection.execute(
        "UPDATE OR IGNORE sdgen_admin_sessions SET root_id = ?, changed = ? WHERE root_id = ?",
        (new_id, next_change(connection), old.id),
    )
    connection.execute("DELETE FROM sdgen_admin_sessions WHERE root_id = ?", (old.id,))
    connection.execute("DELETE FROM sdgen_admin_roots WHERE id = ?", (old.id,))
    (known,) = connection.execute("SELECT former_paths FROM sdgen_admin_roots WHERE id = ?", (new_id,)).fetchone()
    connection.execute(
        "UPDATE sdgen_admin_roots SET former_paths = ? WHERE id = ?",
        (json.dumps([*json.loads(known), *former]), new_id),
    )


def path_of(connection: sqlite3.Connection, root_id: int) -> str:
    """Return the path of a recorded root."""
    (path,) = connection.execute("SELECT path FROM sdgen_admin_roots WHERE id = ?", (root_id,)).fetchone()
    return str(path)


def session_ids_in(connection: sqlite3.Connection, root_id: int) -> set[str]:
    """Return the ids of the sessions that are recorded of a root."""
    rows = connection.execute("SELECT session_id FROM sdgen_admin_sessions WHERE root_id = ?", (root_id,))
    return {session_id for (session_id,) in rows}


def _real(path: str) -> str:
    return visible(os.path.realpath(path))
