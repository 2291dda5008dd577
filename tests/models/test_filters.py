"""The query validates itself, and takes every field as people and programs write it."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from sdgen_admin.models.conditions import Condition, Operator, parse_condition
from sdgen_admin.models.enums import RatingFilter, Source, StatusFilter
from sdgen_admin.models.fields import FIELDS
from sdgen_admin.models.filters import SessionFilter

DAY = date(2025, 11, 7)
MORNING = datetime(2025, 11, 7)
EVENING = datetime(2025, 11, 7, 23, 59, 59, 999999)


def ask(**values: Any) -> SessionFilter:
    """Return a filter of raw values, as a web request or a command line gives them."""
    return SessionFilter.model_validate(values)


def test_nothing_asked() -> None:
    query = SessionFilter()

    assert query.model_dump(exclude_defaults=True) == {}
    assert (query.limit, query.offset, query.sort, query.reverse) == (100, 0, "created_at", False)
    assert (query.liked, query.test, query.complete, query.seed_sweep, query.problem) == (None,) * 5
    assert (query.from_date, query.to_date, query.rating, query.status, query.source, query.search) == (None,) * 6
    assert (query.model, query.tag, query.where) == ((), (), ())
    assert not query.missing
    assert not query.untagged


@pytest.mark.parametrize(
    ("values", "is_valid"),
    [
        ({"limit": 1}, True),
        ({"limit": 500}, True),
        ({"limit": None}, True),
        ({"limit": 0}, False),
        ({"limit": -1}, False),
        ({"limit": 501}, False),
        ({"limit": "many"}, False),
        ({"offset": 0}, True),
        ({"offset": 2**63 - 1}, True),
        ({"offset": -1}, False),
        ({"offset": 2**63}, False),
        ({"offset": None}, False),
        ({"liked": True, "test": False, "complete": None, "seed_sweep": True}, True),
        ({"liked": "maybe"}, False),
        ({"model": "100%_"}, True),
        ({"model": ["pony", "illustrious"]}, True),
        ({"model": "caf\udce9"}, False),
        ({"model": 5}, False),
        ({"search": "caf\udce9"}, False),
        ({"search": '"two words" three'}, True),
        ({"tag": ["caf\udce9"]}, False),
        ({"rating": "dislike"}, True),
        ({"rating": "none"}, True),
        ({"rating": "love"}, False),
        ({"status": "aborted"}, True),
        ({"status": "running"}, True),
        ({"status": "finished"}, False),
        ({"source": "manifest"}, True),
        ({"source": "folder"}, True),
        ({"source": "guesswork"}, False),
        ({"where": "steps>=30"}, True),
        ({"where": ["steps>=30", "sampler~euler"]}, True),
        ({"where": "steps"}, False),
        ({"where": "colour=red"}, False),
        ({"where": "steps>=many"}, False),
        ({"where": 5}, False),
        ({"where": [None]}, False),
        ({"sort": "completion"}, True),
        ({"sort": "colour"}, False),
        ({"sort": "tags"}, False),
        ({"sort": None}, False),
        ({"from_date": "2025-11"}, True),
        ({"from_date": "soon"}, False),
        ({"to_date": "caf\udce9"}, False),
        ({"likd": True}, False),
    ],
)
def test_a_filter_validates_itself(values: dict[str, Any], is_valid: bool) -> None:
    try:
        ask(**values)
        accepted = True
    except ValidationError:
        accepted = False

    assert accepted is is_valid


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"limit": 501}, "limit"),
        ({"from_date": "soon"}, "Invalid date 'soon'"),
        ({"where": "stpes>=30"}, "There is no field 'stpes'"),
        ({"where": "steps>=many"}, "Invalid value 'many' for steps: a number is expected"),
        ({"sort": "tags"}, "Sessions cannot be sorted by tags"),
    ],
)
def test_a_refused_filter_is_a_value_error_that_says_why(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(**values)


@pytest.mark.parametrize("values", ["liked", 5, None, ["liked"]])
def test_what_has_no_fields_is_not_a_filter(values: object) -> None:
    with pytest.raises(ValidationError):
        SessionFilter.model_validate(values)


def test_words_become_members() -> None:
    query = ask(rating="none", status="ongoing", source="manifest")

    assert query.rating is RatingFilter.NONE
    assert query.status is StatusFilter.ONGOING
    assert query.source is Source.MANIFEST


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("created", "created_at"),
        ("updated", "updated_at"),
        ("name", "session_id"),
        ("id", "session_id"),
        ("model", "sd_model"),
        ("sd_model", "sd_model"),
        ("images", "images_actual"),
        ("completion", "completion_percentage"),
        ("duration", "duration"),
        ("Last Image", "last_image_created_at"),
        ("marked-complete", "is_complete"),
    ],
)
def test_a_sort_takes_any_name_of_a_field(sort: str, expected: str) -> None:
    assert ask(sort=sort).sort == expected


def test_every_field_with_an_order_can_be_sorted_by() -> None:
    assert [ask(sort=field.name).sort for field in FIELDS if field.is_sortable] == [
        field.name for field in FIELDS if field.is_sortable
    ]


@pytest.mark.parametrize("name", ["tag", "model"])
@pytest.mark.parametrize(
    ("given", "expected"), [("a", ("a",)), (["a", "b"], ("a", "b")), (("a",), ("a",)), ([], ()), (None, ())]
)
def test_one_text_is_a_list_of_one(name: str, given: object, expected: tuple[str, ...]) -> None:
    assert getattr(ask(**{name: given}), name) == expected


STEPS = Condition(field="steps", operator=Operator.AT_LEAST, value=30)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("steps>=30", (STEPS,)),
        (STEPS, (STEPS,)),
        ([STEPS, "liked=yes"], (STEPS, parse_condition("is_favorite=yes"))),
        (("steps >= 30",), (STEPS,)),
        ([], ()),
        (None, ()),
    ],
)
def test_conditions_are_texts_or_ready_made(given: object, expected: tuple[Condition, ...]) -> None:
    assert ask(where=given).where == expected


def test_a_filter_is_frozen() -> None:
    query = SessionFilter()

    with pytest.raises(ValidationError):
        query.limit = 5  # type: ignore[misc]

    assert query.limit == 100


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-11-07", MORNING, EVENING),
        ("2025-11", datetime(2025, 11, 1), datetime(2025, 11, 30, 23, 59, 59, 999999)),
        ("2025-11-07T18:30", datetime(2025, 11, 7, 18, 30), datetime(2025, 11, 7, 18, 30)),
    ],
)
def test_dates_include_all_of_a_bare_day_or_month(text: str, first: datetime, last: datetime) -> None:
    query = ask(from_date=text, to_date=text)

    assert (query.from_date, query.to_date) == (first, last)


@pytest.mark.usefixtures("india")
def test_python_dates_and_times() -> None:
    query = SessionFilter(from_date=DAY, to_date=DAY)
    assert (query.from_date, query.to_date) == (MORNING, EVENING)

    noon = datetime(2025, 11, 7, 12)
    assert SessionFilter(to_date=noon).to_date == noon
    assert SessionFilter(to_date=noon.replace(tzinfo=UTC)).to_date == datetime(2025, 11, 7, 17, 30)
    east = timezone(timedelta(hours=9))
    assert SessionFilter(from_date=noon.replace(tzinfo=east)).from_date == datetime(2025, 11, 7, 8, 30)


def test_a_time_that_has_no_local_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="cannot be converted"):
        SessionFilter(from_date=datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"sort": "model"},
        {"reverse": True},
        {"limit": 5},
        {"limit": None},
        {"offset": 7},
        {"liked": None, "tag": [], "model": None, "missing": False},
    ],
)
def test_order_and_page_ask_for_every_session(values: dict[str, Any]) -> None:
    assert not ask(**values).narrows


NARROWING: list[dict[str, Any]] = [
    {"liked": False},
    {"test": True},
    {"complete": True},
    {"seed_sweep": False},
    {"model": "pony"},
    {"from_date": "today"},
    {"to_date": "today"},
    {"tag": "a"},
    {"untagged": True},
    {"rating": "none"},
    {"status": "unknown"},
    {"problem": False},
    {"source": "folder"},
    {"missing": True},
    {"search": "hair"},
    {"where": "steps>=30"},
]


@pytest.mark.parametrize("values", NARROWING)
def test_every_other_field_narrows(values: dict[str, Any]) -> None:
    assert ask(**values, sort="model", limit=5).narrows


def test_every_field_that_narrows_is_above() -> None:
    order_and_page = {"sort", "reverse", "limit", "offset"}

    assert {name for values in NARROWING for name in values} == set(SessionFilter.model_fields) - order_and_page
