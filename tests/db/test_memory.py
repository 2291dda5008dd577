"""Reading goes on where writing cannot: what is fresh is shown from memory, and nothing is stored."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.errors import DatabaseError, DatabaseLockedError
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.reports import ComputeReport
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_manifest, make_session
from tests.db.uses import LIKE, WRITES, Heard
from tests.neighbour import digest, make_database, plain, rows, write_metadata
from tests.privileges import as_ordinary_user, read_only

OLD, CHANGED, GONE, NEW = (
    f"20251107_12000{number}-{name}" for number, name in enumerate(("old", "chg", "gone", "new"))
)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(params=["delete", "wal"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "metadata" / "sessions.db"
    make_database(path, journal_mode=request.param)
    return path


@pytest.fixture
def library(images_dir: Path, path: Path, heard: Heard) -> SessionLibrary:
    """A collection that has changed since it was computed: a session is new, one changed, one is gone."""
    for name in (OLD, CHANGED, GONE):
        make_session(images_dir, name)
    library = SessionLibrary(images_dir, path, listener=heard)
    library.update_metadata([OLD, GONE], SessionMetadataUpdate(is_favorite=True, add_tags=("kept",)))
    library.compute()
    (images_dir / GONE).rename(images_dir.parent / "gone")
    make_session(images_dir, NEW, manifest=make_manifest(snapshot={"resolved_template": {"prompt": "a brand-new owl"}}))
    (images_dir / CHANGED).rename(images_dir.parent / "before")
    make_session(
        images_dir, CHANGED, images=2, manifest=make_manifest(snapshot={"resolved_template": {"prompt": "red foxes"}})
    )
    with plain(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return library


def check_fresh(library: SessionLibrary) -> None:
    """Check that what is on the drive now is shown, filtered, searched and sorted."""
    reports: list[ComputeReport] = []
    page = library.find(on_report=reports.append)
    assert [record.session_id for record in page.sessions] == [NEW, CHANGED, OLD]
    assert (reports[0].computed, reports[0].fresh, reports[0].missing) == (2, 1, 1)
    images = {record.session_id: record.stats.images_actual for record in page.sessions if record.stats}
    assert images == {NEW: 6, CHANGED: 2, OLD: 6}
    assert not any(record.outdated for record in page.sessions)
    for query, names in (
        ({"search": "brand-new OWL"}, [NEW]),
        ({"search": "foxes"}, [CHANGED]),
        ({"search": "portrait"}, [OLD]),
        ({"search": "kept"}, [OLD]),
        ({"liked": True}, [OLD]),
        ({"missing": True, "tag": "kept"}, [GONE]),
        ({"complete": False}, [CHANGED]),
        ({"where": "images<5"}, [CHANGED]),
        ({"model": "pony", "sort": "images"}, [NEW, OLD, CHANGED]),
        ({"limit": 1, "offset": 1}, [CHANGED]),
        ({"limit": None, "sort": "prompt"}, [NEW, OLD, CHANGED]),
    ):
        found = library.find(SessionFilter.model_validate(query))
        assert [record.session_id for record in found.sessions] == names, query
    assert library.get(NEW).stats is not None
    assert library.get(GONE).missing
    assert library.resolve(["new", "latest"]) == [NEW]


def test_a_read_only_database(library: SessionLibrary, path: Path, heard: Heard) -> None:
    before = digest(path)
    with read_only(path):
        as_ordinary_user(lambda: check_fresh(library))
        as_it_is = as_ordinary_user(lambda: library.find(fresh=False))
        assert {record.session_id for record in as_it_is.sessions} == {OLD, CHANGED, GONE}
        assert as_ordinary_user(library.tags) == {"kept": 2}
        assert len(as_ordinary_user(library.history)) == 4
        assert as_ordinary_user(lambda: library.update_metadata(NEW, LIKE, dry_run=True))[0].after.is_favorite
        assert as_ordinary_user(library.describe).mirror_problem is None
    assert digest(path) == before
    assert [file.name for file in path.parent.glob("sessions.db*") if "backup" not in file.name] == [path.name]


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Let another program be in the middle of its writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE session_metadata SET user_note = 'not committed yet', is_favorite = 0")
        other.execute("CREATE TABLE theirs (x)")
        yield other
        other.execute("ROLLBACK")


@contextmanager
def read_for_good(path: Path) -> Iterator[sqlite3.Connection]:
    """Let another program read without an end: nobody can commit, unless in WAL mode."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM session_metadata").fetchall()
        yield other


@pytest.mark.parametrize("hindrance", [locked, read_for_good])
def test_every_way_of_reading_beside_another_program(
    library: SessionLibrary, path: Path, hindrance: Callable[[Path], AbstractContextManager[object]]
) -> None:
    with plain(path) as other:
        is_wal = other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        other.execute("UPDATE sdgen_admin_sessions SET stats_version = 0")
    can_store = is_wal and hindrance is read_for_good
    for name, use in READING.items():
        heard = Heard()
        patient = SessionLibrary(library.roots[0].path, path, lock_timeout=30, listener=heard)
        with hindrance(path):
            begun = time.monotonic()
            assert use(patient), name
            assert time.monotonic() - begun < 10, name
        assert len(heard.why) == (not can_store and name in STORING), name
        assert all("locked" in why for why in heard.why)
    assert (len(rows(path, "sdgen_admin_sessions")) == 4) == can_store


READING: dict[str, Callable[[SessionLibrary], Any]] = {
    "history": lambda library: len(library.history()) == 4,
    "tags": lambda library: library.tags() == {"kept": 2},
    "dry run": lambda library: library.update_metadata(OLD, LIKE, dry_run=True)[0].after.is_favorite,
    "dry undo": lambda library: len(library.undo(dry_run=True).changes) == 2,
    "get": lambda library: library.get(NEW).stats,
    "find": lambda library: [record.session_id for record in library.find().sessions] == [NEW, CHANGED, OLD],
    "missing": lambda library: [record.session_id for record in library.find(missing=True).sessions] == [GONE],
    "models": lambda library: library.models(),
}
STORING = {"get", "find", "missing"}


@pytest.mark.parametrize("use", ["find", "search", "get", "resolve"])
def test_another_programs_lock(library: SessionLibrary, path: Path, heard: Heard, use: str) -> None:
    before = digest(path), rows(path, "session_stats"), rows(path, "sdgen_admin_sessions")
    with locked(path):
        begun = time.monotonic()
        if use == "find":
            page = library.find()
            assert [record.session_id for record in page.sessions] == [NEW, CHANGED, OLD]
            assert [record.metadata.user_note for record in page.sessions if record.metadata] == [None]
            assert page.sessions[1].stats is not None
            assert page.sessions[1].stats.images_actual == 2
        elif use == "search":
            page = library.find(search="brand-new OWL", where="images>2", sort="prompt")
            assert [record.session_id for record in page.sessions] == [NEW]
        elif use == "get":
            assert library.get(NEW).stats is not None
        else:
            assert library.resolve(["latest"]) == [NEW]
        assert time.monotonic() - begun < 5
    assert len(heard.why) == (use != "resolve")
    assert all("locked" in why for why in heard.why)
    assert (digest(path), rows(path, "session_stats"), rows(path, "sdgen_admin_sessions")) == before
    check_fresh(library)  # and stored now
    assert len(heard.why) == (use != "resolve")
    assert library.find(fresh=False).total_count == 3


def test_a_writer_waits_as_long_as_it_may(images_dir: Path, library: SessionLibrary, path: Path) -> None:
    hurried = SessionLibrary(images_dir, path, lock_timeout=0.3)
    before = digest(path)
    with locked(path):
        for use in (
            hurried.compute,
            lambda: hurried.update_metadata(OLD, LIKE),
            lambda: hurried.prune(force=True),
        ):
            begun = time.monotonic()
            with pytest.raises(DatabaseLockedError):
                use()
            assert time.monotonic() - begun < 3
    assert digest(path) == before


HINDRANCES = {
    "a trigger": """CREATE TRIGGER theirs BEFORE INSERT ON sdgen_admin_sessions BEGIN
        SELECT RAISE(ABORT, 'not now'); END""",
    "a trigger with a function": """CREATE TRIGGER theirs AFTER UPDATE ON sdgen_admin_sessions BEGIN
        SELECT their_function(new.id); END""",
    "an index with a collation": "CREATE INDEX theirs ON sdgen_admin_sessions (sd_model COLLATE their_collation)",
    "a trigger on texts": """CREATE TRIGGER theirs BEFORE INSERT ON sdgen_admin_prompts BEGIN
        SELECT RAISE(FAIL, 'not now'); END""",
    "a constraint": "CREATE UNIQUE INDEX theirs ON sdgen_admin_sessions (images_expected)",
}


@pytest.mark.parametrize("hindrance", HINDRANCES.values(), ids=HINDRANCES)
def test_what_a_neighbour_put_into_our_tables(
    library: SessionLibrary, path: Path, heard: Heard, hindrance: str
) -> None:
    with plain(path) as connection:
        connection.create_collation("their_collation", lambda one, other: (one > other) - (one < other))
        if "UNIQUE" in hindrance:
            connection.execute("UPDATE sdgen_admin_sessions SET images_expected = id")
        connection.execute(hindrance)
    check_fresh(library)
    assert heard.why
    stored, mirrored = (
        [
            (row.get("session_name", row.get("session_id")), row["stats_computed_at"] and row["stats_computed_at"][:26])
            for row in rows(path, table)
        ]
        for table in ("sdgen_admin_sessions", "session_stats")
    )
    assert mirrored == [row for row in stored if row[1]]  # what is in memory is not mirrored
    with pytest.raises(DatabaseError):
        library.compute(force=True)
    library.update_metadata(OLD, SessionMetadataUpdate(user_note="edits need none of that"))
    found = library.get(OLD).metadata
    assert found is not None
    assert found.user_note == "edits need none of that"


@pytest.mark.parametrize(
    "use", [lambda library: library.find(), lambda library: library.get(NEW), lambda library: library.find(fresh=False)]
)
def test_a_neighbours_index_on_what_is_shared_stops_no_reader(
    library: SessionLibrary, path: Path, use: Callable[[SessionLibrary], Any]
) -> None:
    with plain(path) as connection:
        connection.create_function("their_function", 1, lambda value: value, deterministic=True)
        connection.execute("CREATE INDEX theirs ON session_metadata (their_function(tags))")
        connection.create_collation("their_collation", lambda one, other: (one > other) - (one < other))
        connection.execute("CREATE INDEX theirs_too ON session_metadata (user_note COLLATE their_collation)")
    assert use(library) is not None
    assert library.find(liked=True).total_count == 1
    assert library.tags() == {"kept": 2}


def test_two_roots_in_memory(images_dir: Path, library: SessionLibrary, path: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    make_session(more, OLD, images=1)
    make_session(more, "20251108_120000-more")
    write_metadata(path, "20251109_120000-said", session_path=str(images_dir / "20251109_120000-said"))
    both = SessionLibrary([images_dir, more], path)
    before = digest(path)
    with read_only(path):
        page = as_ordinary_user(both.find)
        assert [(record.root, record.session_id) for record in page.sessions] == [
            ("more", "20251108_120000-more"),
            ("images", NEW),
            ("images", CHANGED),
            ("images", OLD),
            ("more", OLD),
        ]
        assert page.sessions[4].problem is not None
        assert page.sessions[4].metadata is None
        missing = as_ordinary_user(lambda: both.find(missing=True))
        assert [record.session_id for record in missing.sessions] == ["20251109_120000-said", GONE]
    assert digest(path) == before


def test_no_database_and_nowhere_to_make_one(images_dir: Path, tmp_path: Path) -> None:
    make_session(images_dir, OLD)
    (tmp_path / "closed").mkdir()
    library = SessionLibrary(images_dir, tmp_path / "closed" / "sessions.db")
    (tmp_path / "closed").chmod(0o555)
    try:
        page = as_ordinary_user(lambda: library.find(search="portrait"))
        for name in ("compute", "update", "update a filter's", "undo"):
            with pytest.raises(DatabaseError):
                as_ordinary_user(lambda: WRITES[name](library))  # noqa: B023 -- done at once
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert page.total_count == 1
    assert list((tmp_path / "closed").iterdir()) == []
