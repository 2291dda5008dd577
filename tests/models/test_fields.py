"""Every field of a session once, with its names, its kind and its place in a record."""

from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import given, strategies as st

from sdgen_admin.errors import InvalidFieldError
from sdgen_admin.models.base import Model
from sdgen_admin.models.enums import Confidence, RunStatus, SessionStatus, Source
from sdgen_admin.models.fields import BY_NAME, FIELDS, Field, Home, Kind, field_named, sort_field
from sdgen_admin.models.metadata import SessionMetadata
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.stats import SessionStats

MOMENT = datetime(2025, 11, 7, 12)
PROPERTIES = {"complete": bool | None, "images_per_minute": float | None}
"""Fields of a record that follow from others."""

STATS: dict[str, Any] = {
    "session_id": "x",
    "session_path": "/x",
    "sd_model": "pony",
    "template_version": "2.0",
    "generation_mode": "random",
    "seed_mode": "fixed",
    "seed_base": 7,
    "resolved_prompt": "a portrait",
    "negative_prompt": "blurry",
    "width": 832,
    "height": 1216,
    "steps": 28,
    "cfg_scale": 6.5,
    "sampler_name": "Euler a",
    "images_expected": 20,
    "images_actual": 19,
    "completion_percentage": 95.0,
    "is_seed_sweep": True,
    "placeholders": {"Hair": 2},
    "variations_summary": {"Hair": ("bob", "bun")},
    "session_created_at": MOMENT,
    "manifest_generated_at": MOMENT.replace(second=1),
    "first_image_created_at": MOMENT.replace(second=2),
    "last_image_created_at": MOMENT.replace(second=3),
    "stats_computed_at": MOMENT.replace(second=4),
    "stats_version": 9,
}
METADATA: dict[str, Any] = {
    "session_id": "x",
    "session_path": "/x",
    "is_test": True,
    "is_complete": False,
    "is_favorite": True,
    "user_rating": "like",
    "user_note": "a note",
    "tags": ("a", "b"),
    "auto_metadata": {"score": 1},
    "created_at": MOMENT.replace(second=5),
    "updated_at": MOMENT.replace(second=6),
}
RECORD: dict[str, Any] = {
    "session_id": "x",
    "session_path": "/x",
    "root": "images",
    "created_at": MOMENT.replace(second=7),
    "status": SessionStatus.STALLED,
    "run_status": RunStatus.ONGOING,
    "source": Source.MANIFEST,
    "confidence": Confidence.HIGH,
    "problem": "It is odd.",
    "outdated": True,
    "missing": True,
    "scheduler": "karras",
    "theme": "cyberpunk",
    "style": "default",
    "seed_list": (1, 2),
    "images_recorded": 18,
    "seed_min": 1,
    "seed_max": 2,
    "seed_run": "progressive",
    "pools": {"Hair": 5},
    "duration": 60.0,
}
COMPUTED = {"complete": True, "images_per_minute": 18.0}
WHOLE = SessionRecord(**RECORD, stats=SessionStats(**STATS), metadata=SessionMetadata(**METADATA))
BARE = SessionRecord(session_id="x", session_path="/x")

KINDS: dict[object, Kind] = {
    str: Kind.TEXT,
    SessionStatus: Kind.TEXT,
    RunStatus: Kind.TEXT,
    Source: Kind.TEXT,
    Confidence: Kind.TEXT,
    int: Kind.INTEGER,
    float: Kind.REAL,
    bool: Kind.FLAG,
    datetime: Kind.TIME,
    tuple: Kind.LIST,
    dict: Kind.OBJECT,
    Any: Kind.OBJECT,
}


def fields_of(home: Home) -> list[str]:
    """Return the names of the attributes that the registry finds in one part of a record."""
    return [field.attribute or field.name for field in FIELDS if field.home is home]


def kind_of(annotation: object) -> Kind:
    """Return the kind that a model's annotation is."""
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return KINDS[get_origin(annotation) or annotation]


def names_of(field: Field) -> set[str]:
    return {field.name, field.label, *field.aliases}


def test_every_field_is_registered_once() -> None:
    record = set(SessionRecord.model_fields) - {"stats", "metadata"} | set(PROPERTIES)
    shared = {"session_id", "session_path"}

    assert sorted(fields_of(Home.RECORD)) == sorted(record)
    assert sorted(fields_of(Home.STATS)) == sorted(set(SessionStats.model_fields) - shared)
    assert sorted(fields_of(Home.METADATA)) == sorted(set(SessionMetadata.model_fields) - shared)
    assert len({field.name for field in FIELDS}) == len(FIELDS) == len(BY_NAME)


def test_every_field_has_the_kind_of_its_model() -> None:
    models: dict[Home, type[Model]] = {
        Home.RECORD: SessionRecord,
        Home.STATS: SessionStats,
        Home.METADATA: SessionMetadata,
    }
    for field in FIELDS:
        known = models[field.home].model_fields.get(field.attribute or field.name)
        annotation = PROPERTIES[field.name] if known is None else known.annotation

        assert field.kind is kind_of(annotation), field.name


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_can_be_got(field: Field) -> None:
    values = {Home.RECORD: RECORD | COMPUTED, Home.STATS: STATS, Home.METADATA: METADATA}

    assert field.get(WHOLE) == values[field.home][field.attribute or field.name]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_what_a_record_lacks_is_null_or_untouched(field: Field) -> None:
    expected = {
        "session_id": "x",
        "session_path": "/x",
        "root": "",
        "status": "unknown",
        "outdated": False,
        "missing": False,
        "is_favorite": False,
        "is_test": False,
        "tags": (),
    }

    assert field.get(BARE) == expected.get(field.name)


def test_what_is_untouched_is_what_new_metadata_says() -> None:
    new = SessionMetadata(session_id="x", session_path="/x")

    untouched = {field.name: field.untouched for field in FIELDS if field.untouched is not None}

    assert untouched == {name: getattr(new, name) for name in ("is_favorite", "is_test", "tags")}


def test_every_name_is_one_fields() -> None:
    names = [name for field in FIELDS for name in {name.replace(" ", "_") for name in names_of(field)}]

    assert sorted(names) == sorted(set(names))


def test_a_label_is_not_given_twice() -> None:
    assert len({field.label for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_name_is_accepted_in_any_spelling(field: Field) -> None:
    for name in names_of(field):
        spellings = (name, name.upper(), f" {name}\n", name.replace("_", "-"), name.replace(" ", "_"), name.title())
        assert {field_named(spelling) for spelling in spellings} == {field}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id", "session_id"),
        ("name", "session_id"),
        ("created", "created_at"),
        ("updated", "updated_at"),
        ("model", "sd_model"),
        ("images", "images_actual"),
        ("completion", "completion_percentage"),
        ("complete", "complete"),
        ("marked complete", "is_complete"),
        ("liked", "is_favorite"),
        ("test", "is_test"),
        ("rating", "user_rating"),
        ("note", "user_note"),
        ("sampler", "sampler_name"),
        ("cfg", "cfg_scale"),
        ("seed sweep", "is_seed_sweep"),
        ("prompt", "resolved_prompt"),
        ("duration", "duration"),
        ("status", "status"),
        ("run-status", "run_status"),
        ("path", "session_path"),
        ("tag", "tags"),
    ],
)
def test_what_people_type(text: str, name: str) -> None:
    assert field_named(text) is BY_NAME[name]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("modle", "sd_model"),
        ("sd_modle", "sd_model"),
        ("samplr", "sampler_name"),
        ("completeness", "complete"),
        ("hight", "height"),
        ("Stpes", "steps"),
        ("lik", "is_favorite"),
        ("seed", "seed_base"),
        ("negative_promp", "negative_prompt"),
    ],
)
def test_an_unknown_name_is_an_error_with_near_ones(text: str, near: str) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        field_named(text)

    assert raised.value.message == f"There is no field {text!r}."
    assert (raised.value.code, raised.value.details["field"]) == ("invalid-field", text)
    assert near in raised.value.details["near"]


@pytest.mark.parametrize("text", ["", " ", "-", "xyzzy", "長い髪", "\0", "sd_model sd_model"])
def test_a_name_that_is_like_none_has_no_near_ones(text: str) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        field_named(text)

    assert all(name in BY_NAME for name in raised.value.details["near"])


@given(st.text(max_size=20))
def test_any_text_is_a_field_or_an_error_with_three_near_ones_at_most(text: str) -> None:
    try:
        near = [field_named(text).name]
    except InvalidFieldError as error:
        near = error.details["near"]

    assert len(near) <= 3
    assert len(set(near)) == len(near)
    assert set(near) <= set(BY_NAME)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_sessions_can_be_sorted_by_all_but_lists_and_objects(field: Field) -> None:
    is_list = field.name in ("seed_list", "pools", "placeholders", "variations_summary", "tags", "auto_metadata")
    if is_list:
        with pytest.raises(InvalidFieldError) as raised:
            sort_field(field.label)
        assert raised.value.message == f"Sessions cannot be sorted by {field.name}."
        assert raised.value.details == {"field": field.label, "near": []}
    else:
        assert sort_field(field.label) is field

    assert field.is_sortable is not is_list


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("session_id", False),
        ("sd_model", False),
        ("user_note", False),
        ("status", False),
        ("created_at", True),
        ("images_actual", True),
        ("cfg_scale", True),
        ("is_favorite", True),
        ("duration", True),
    ],
)
def test_dates_and_numbers_are_largest_first(name: str, expected: bool) -> None:
    assert BY_NAME[name].is_largest_first is expected


def test_a_sort_by_an_unknown_name_is_an_error() -> None:
    with pytest.raises(InvalidFieldError, match="There is no field 'colour'"):
        sort_field("colour")


def test_every_field_has_a_label_that_is_not_code() -> None:
    assert [field.name for field in FIELDS if "_" in field.label or field.label != field.label.strip().lower()] == []
