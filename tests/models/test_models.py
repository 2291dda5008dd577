"""What all models share."""

import json
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from sdgen_admin.models import enums
from sdgen_admin.models.base import Model
from sdgen_admin.models.conditions import Condition, Operator
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.history import HistoryEntry, UndoReport
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata, SessionMetadataUpdate
from sdgen_admin.models.records import SessionPage, SessionRecord
from sdgen_admin.models.reports import (
    SILENT,
    BackupReport,
    ComputeReport,
    DatabaseReport,
    Listener,
    RestoreReport,
    SessionProblem,
)
from sdgen_admin.models.stats import COMPLETE_FROM, STATS_VERSION, SessionStats

STATS = SessionStats(session_id="x", session_path="/x")
METADATA = SessionMetadata(session_id="x", session_path="/x")
RECORD = SessionRecord(session_id="x", session_path="/x", stats=STATS, metadata=METADATA)

EVERY_MODEL: list[Model] = [
    STATS,
    METADATA,
    RECORD,
    SessionFilter(),
    SessionMetadataUpdate(),
    MetadataChange(session_id="x", before=None, after=METADATA),
    SessionPage(sessions=(RECORD,), total_count=1, limit=100, offset=0),
    SessionProblem(session_id="x", problem="There is no manifest.json in the folder."),
    ComputeReport(computed=1, fresh=0, failed=0, problems=(), seconds=0.1),
    HistoryEntry(group=1, session_id="x", field="tags", old=None, new=["a"]),
    UndoReport(undone=1, group=2, changes=()),
    BackupReport(path="/x", size=1),
    RestoreReport(path="/x", restored_from="/y", previous=None, was_damaged=False),
    DatabaseReport(layout="own"),
    Condition(field="steps", operator=Operator.EQUAL, value=30),
]

STATS_FIELDS = """
    session_id session_path sd_model template_version generation_mode seed_mode seed_base resolved_prompt
    negative_prompt width height steps cfg_scale sampler_name images_expected images_actual completion_percentage
    is_seed_sweep placeholders variations_summary session_created_at manifest_generated_at first_image_created_at
    last_image_created_at stats_computed_at stats_version
"""
METADATA_FIELDS = """
    session_id session_path is_test is_complete is_favorite user_rating user_note tags auto_metadata
    created_at updated_at
"""


def test_every_model_is_here() -> None:
    assert {type(model) for model in EVERY_MODEL} == set(Model.__subclasses__())


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: type(model).__name__)
def test_models_are_frozen(model: Model) -> None:
    for name in type(model).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(model, name, getattr(model, name))

    assert type(model).model_config["frozen"] is True


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: type(model).__name__)
def test_models_come_back_from_json(model: Model) -> None:
    text = model.model_dump_json()
    fields = [name for name, field in type(model).model_fields.items() if not field.exclude]

    assert type(model).model_validate_json(text) == model
    assert list(json.loads(text)) == fields


@pytest.mark.parametrize(("model", "fields"), [(STATS, STATS_FIELDS), (METADATA, METADATA_FIELDS)])
def test_fields_are_the_columns_in_their_order(model: Model, fields: str) -> None:
    assert list(type(model).model_fields) == fields.split()


def test_stats_that_nothing_is_known_of() -> None:
    known = STATS.model_dump(exclude_none=True)

    assert known == {"session_id": "x", "session_path": "/x", "images_actual": 0, "stats_version": 3}
    assert (STATS_VERSION, COMPLETE_FROM) == (3, 95)


def record(*, completion: float | None = None, images: int = 0, duration: float | None = None) -> SessionRecord:
    stats = SessionStats(session_id="x", session_path="/x", completion_percentage=completion, images_actual=images)
    return SessionRecord(session_id="x", session_path="/x", duration=duration, stats=stats)


@pytest.mark.parametrize(
    ("completion", "expected"), [(None, None), (0.0, False), (94.99, False), (95.0, True), (100.0, True), (150.0, True)]
)
def test_complete_is_95_per_cent(completion: float | None, expected: bool | None) -> None:
    assert record(completion=completion).complete is expected


@pytest.mark.parametrize(
    ("images", "duration", "expected"),
    [(7, 60.0, 6.0), (2, 60.0, 1.0), (10, 0.5, 1080.0), (1, 0.0, None), (5, 0.0, None), (0, None, None)],
)
def test_images_per_minute_counts_the_gaps(images: int, duration: float | None, expected: float | None) -> None:
    assert record(images=images, duration=duration).images_per_minute == expected


def test_without_stats_neither_is_known() -> None:
    bare = SessionRecord(session_id="x", session_path="/x", duration=60.0)

    assert (bare.complete, bare.images_per_minute) == (None, None)


def test_the_listener_is_silent_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    told = [name for name in vars(Listener) if not name.startswith("_")]
    for name in told:
        getattr(SILENT, name)("/x")

    assert {"created", "waiting", "backed_up", "in_memory"} <= set(told)
    assert type(SILENT) is Listener
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("india")
def test_times_are_local_and_without_offset() -> None:
    values: dict[str, Any] = {"session_id": "x", "session_path": "/x", "session_created_at": "2025-11-07T18:30:00Z"}

    stats = SessionStats.model_validate(values)

    assert stats.session_created_at == datetime(2025, 11, 8)
    assert json.loads(stats.model_dump_json())["session_created_at"] == "2025-11-08T00:00:00"


def test_unknown_fields_of_later_versions_are_passed_over() -> None:
    values = {"session_id": "x", "session_path": "/x", "colour": "red"}

    assert SessionRecord.model_validate(values) == SessionRecord(session_id="x", session_path="/x")


@pytest.mark.parametrize(
    ("members", "values"),
    [
        (enums.Rating, ["like", "dislike"]),
        (enums.RatingFilter, ["like", "dislike", "none"]),
        (enums.RunStatus, ["ongoing", "completed", "aborted"]),
        (enums.SessionStatus, ["running", "stalled", "completed", "aborted", "unknown"]),
        (enums.StatusFilter, ["running", "stalled", "ongoing", "completed", "aborted", "unknown"]),
        (enums.Source, ["manifest", "folder"]),
        (enums.Confidence, ["high", "medium", "low"]),
    ],
)
def test_the_closed_sets(members: type[enums.Rating], values: list[str]) -> None:
    assert [str(member) for member in members] == values
