"""What people say about sessions: only what was given changes, and nothing else ever."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from sdgen_admin.models.enums import Rating
from sdgen_admin.models.metadata import SessionMetadata, SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import SESSION, make_session
from tests.neighbour import CONTRACT, LONG_AGO, make_database, row, rows, write_metadata, write_stats

FULL = {
    "is_test": 1,
    "is_complete": 0,
    "is_favorite": 1,
    "user_rating": "like",
    "user_note": "a note",
    "tags": '["a", "b"]',
    "auto_metadata": '{"score": 1}',
}


@pytest.fixture
def service(path: Path) -> SessionMetadataService:
    return SessionMetadataService(path)


def update(service: SessionMetadataService, **fields: object) -> SessionMetadata:
    return service.upsert_metadata(SESSION, f"/images/{SESSION}", SessionMetadataUpdate.model_validate(fields))


def stored(path: Path) -> dict[str, object]:
    found = row(path, "session_metadata", SESSION)
    assert found is not None
    return found


def test_of_an_unknown_session_nothing_is_known(service: SessionMetadataService) -> None:
    assert service.get_metadata(SESSION) is None
    assert service.list_all_metadata() == []
    assert service.delete_metadata(SESSION) is False


def test_a_new_row_has_the_contracts_defaults(service: SessionMetadataService, path: Path) -> None:
    before = datetime.now()
    metadata = update(service, is_favorite=True)
    found = stored(path)
    assert metadata.created_at is not None
    assert before <= metadata.created_at <= datetime.now()
    assert found == {
        "session_id": SESSION,
        "session_path": f"/images/{SESSION}",
        "is_test": 0,
        "is_complete": 1,
        "is_favorite": 1,
        "user_rating": None,
        "user_note": None,
        "tags": None,
        "auto_metadata": None,
        "created_at": metadata.created_at.isoformat(),
        "updated_at": metadata.created_at.isoformat(),
    }
    assert metadata == service.get_metadata(SESSION)


@pytest.mark.parametrize(
    ("fields", "columns"),
    [
        ({"is_test": False}, {"is_test": 0}),
        ({"is_complete": True}, {"is_complete": 1}),
        ({"is_favorite": False}, {"is_favorite": 0}),
        ({"user_rating": "dislike"}, {"user_rating": "dislike"}),
        ({"user_rating": None}, {"user_rating": None}),
        ({"user_note": "ünïcode\n'quoted'"}, {"user_note": "ünïcode\n'quoted'"}),
        ({"user_note": ""}, {"user_note": ""}),
        ({"user_note": None}, {"user_note": None}),
        ({"tags": ("c", "a")}, {"tags": '["c", "a"]'}),
        ({"tags": ()}, {"tags": "[]"}),
        ({"add_tags": ("c", "a")}, {"tags": '["a", "b", "c"]'}),
        ({"remove_tags": ("a", "never there")}, {"tags": '["b"]'}),
        ({"add_tags": ("ñandú",), "remove_tags": ("a",)}, {"tags": '["b", "ñandú"]'}),
        ({"tags": ("x",), "add_tags": ("y",), "remove_tags": ("x",)}, {"tags": '["y"]'}),
        ({"is_test": False, "user_rating": None}, {"is_test": 0, "user_rating": None}),
    ],
)  # fmt: skip
def test_only_what_is_given_changes(
    service: SessionMetadataService, path: Path, fields: dict[str, object], columns: dict[str, object]
) -> None:
    write_metadata(path, SESSION, **FULL)
    before = stored(path)
    after = update(service, **fields)
    found = stored(path)
    assert found == before | columns | {"updated_at": found["updated_at"]}
    assert str(found["updated_at"]) > LONG_AGO
    assert after == service.get_metadata(SESSION)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"is_favorite": None, "is_test": None, "is_complete": None, "tags": None},
        {"is_favorite": True},
        {"user_note": "a note", "user_rating": "like"},
        {"tags": ("a", "b")},
        {"add_tags": ("b",)},
        {"remove_tags": ("c",)},
    ],
)
def test_what_changes_nothing_leaves_the_row_alone(
    service: SessionMetadataService, path: Path, fields: dict[str, object]
) -> None:
    write_metadata(path, SESSION, **FULL)
    before = stored(path)
    assert update(service, **fields).tags == ("a", "b")
    assert stored(path) == before


@pytest.mark.parametrize("fields", [{}, {"is_test": False}, {"user_note": None}, {"tags": ()}, {"remove_tags": ("a",)}])
def test_what_says_nothing_makes_no_row(service: SessionMetadataService, path: Path, fields: dict[str, object]) -> None:
    assert update(service, **fields) == SessionMetadata(session_id=SESSION, session_path=f"/images/{SESSION}")
    assert rows(path, "session_metadata") == []


def test_tags_are_added_and_removed(service: SessionMetadataService, path: Path) -> None:
    assert service.add_tags(SESSION, "/images", ["a", "b", "a"]).tags == ("a", "b")
    assert service.add_tags(SESSION, "/images", ["c"]).tags == ("a", "b", "c")
    assert service.remove_tags(SESSION, "/images", ["b", "x"]).tags == ("a", "c")
    assert json.loads(str(stored(path)["tags"])) == ["a", "c"]


@pytest.mark.parametrize("tag", ["", "two words", "a,b", "x" * 51, "[red]", "\x1b[31m"])
def test_a_bad_tag_changes_nothing(service: SessionMetadataService, path: Path, tag: str) -> None:
    service.add_tags(SESSION, "/images", ["kept"])
    before = rows(path, "session_metadata")
    with pytest.raises(ValidationError):
        service.add_tags(SESSION, "/images", ["good", tag])
    assert rows(path, "session_metadata") == before


def test_what_was_said_is_listed_last_changed_first(service: SessionMetadataService, path: Path) -> None:
    for session_id, time in (("a", "2025-11-01T00:00:00"), ("b", "2025-11-03T00:00:00"), ("c", "2025-11-01T00:00:00")):
        write_metadata(path, session_id, updated_at=time)
    assert [metadata.session_id for metadata in service.list_all_metadata()] == ["b", "a", "c"]
    update(service, user_rating=Rating.LIKE)
    assert service.list_all_metadata()[0].session_id == SESSION


def test_deleting_metadata_leaves_the_stats(service: SessionMetadataService, path: Path, images_dir: Path) -> None:
    make_session(images_dir)
    library = SessionLibrary(images_dir, path)
    library.compute()
    write_stats(path, "20251108_120000-theirs", sd_model="theirs")
    update(service, is_favorite=True)
    ours, mirrored = rows(path, "sdgen_admin_sessions"), rows(path, "session_stats")
    assert service.delete_metadata(SESSION) is True
    assert rows(path, "session_metadata") == []
    assert (rows(path, "sdgen_admin_sessions"), rows(path, "session_stats")) == (ours, mirrored)
    assert service.delete_metadata(SESSION) is False
    record = library.get(SESSION, fresh=False)
    assert record.stats is not None
    assert (record.stats.images_actual, record.metadata) == (6, None)


def test_deleting_metadata_leaves_stats_that_refer_to_it(service: SessionMetadataService, path: Path) -> None:
    make_database(path, script=CONTRACT)  # whose statistics go with their metadata, if foreign keys are enforced
    write_metadata(path, SESSION, user_note="typed")
    write_stats(path, SESSION, session_path=f"/images/{SESSION}")
    assert service.delete_metadata(SESSION) is True
    assert row(path, "session_stats", SESSION) is not None


def test_deleting_no_metadata_leaves_the_stats(service: SessionMetadataService, path: Path) -> None:
    write_stats(path, SESSION)
    assert service.delete_metadata(SESSION) is False
    assert row(path, "session_stats", SESSION) is not None


def test_what_was_deleted_can_be_undone(service: SessionMetadataService, path: Path, images_dir: Path) -> None:
    make_session(images_dir)
    library = SessionLibrary(images_dir, path)
    library.compute()
    write_metadata(path, SESSION, **FULL)
    before = stored(path)
    assert service.delete_metadata(SESSION) is True
    (change,) = library.undo().changes
    assert (change.before, change.after.user_note) == (None, "a note")
    assert stored(path) == before


@pytest.mark.parametrize("session_id", ["'; DROP TABLE session_metadata; --", "../../etc/passwd", "", "ñ\n\x1b[31m"])
def test_any_text_is_only_an_id(service: SessionMetadataService, path: Path, session_id: str) -> None:
    assert service.add_tags(session_id, "/images", ["a"]).session_id == session_id
    assert service.get_metadata(session_id) is not None
    assert service.delete_metadata(session_id) is True
    assert rows(path, "session_metadata") == []
