"""Conditions as people type them: `FIELD OPERATOR VALUE`."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st
from pydantic import ValidationError

from sdgen_admin.errors import InvalidConditionError, InvalidFieldError
from sdgen_admin.models.conditions import Condition, Operator, parse_condition
from sdgen_admin.models.fields import FIELDS, Kind

BY_KIND = {kind: [field.name for field in FIELDS if field.kind is kind] for kind in Kind}
MORNING = datetime(2025, 11, 7)
EVENING = datetime(2025, 11, 7, 23, 59, 59, 999999)


def condition(field: str, operator: str, value: Any, until: Any = None) -> Condition:
    return Condition(field=field, operator=Operator(operator), value=value, until=until)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("steps=30", condition("steps", "=", 30)),
        ("steps!=30", condition("steps", "!=", 30)),
        ("steps<30", condition("steps", "<", 30)),
        ("steps<=30", condition("steps", "<=", 30)),
        ("steps>30", condition("steps", ">", 30)),
        ("steps>=30", condition("steps", ">=", 30)),
        ("sampler~euler", condition("sampler_name", "~", "euler")),
        ("  steps  >=  30  ", condition("steps", ">=", 30)),
        ("STEPS>=30", condition("steps", ">=", 30)),
        ("seed_base=42", condition("seed_base", "=", 42)),
        ("base seed=-1", condition("seed_base", "=", -1)),
        ("images<10", condition("images_actual", "<", 10)),
        ("cfg=6.5", condition("cfg_scale", "=", 6.5)),
        ("marked complete=yes", condition("is_complete", "=", True)),
        ("marked-complete=no", condition("is_complete", "=", False)),
        ("model=Pony XL v6", condition("sd_model", "=", "Pony XL v6")),
        ('note~"quoted"', condition("user_note", "~", '"quoted"')),
        ("note=a=b", condition("user_note", "=", "a=b")),
        ("note~<b>", condition("user_note", "~", "<b>")),
        ("note=two\nlines", condition("user_note", "=", "two\nlines")),
        ("note=", condition("user_note", "=", "")),
        ("prompt~長い髪", condition("resolved_prompt", "~", "長い髪")),
        ("tag=portfolio", condition("tags", "=", "portfolio")),
        ("tags!=portfolio", condition("tags", "!=", "portfolio")),
        ("tags~port", condition("tags", "~", "port")),
        ("pools~Hair", condition("pools", "~", "Hair")),
        ("status=running", condition("status", "=", "running")),
        ("status>a", condition("status", ">", "a")),
    ],
)
def test_what_a_condition_says(text: str, expected: Condition) -> None:
    assert parse_condition(text) == expected


@pytest.mark.parametrize("operator", Operator)
@pytest.mark.parametrize("name", BY_KIND[Kind.INTEGER] + BY_KIND[Kind.REAL])
def test_numbers_know_all_operators_but_contains(name: str, operator: Operator) -> None:
    text = f"{name}{operator}5"
    if operator is Operator.CONTAINS:
        with pytest.raises(InvalidConditionError, match="is not text: '~' does not apply"):
            parse_condition(text)
    else:
        assert parse_condition(text) == condition(name, operator, 5)


@pytest.mark.parametrize("operator", Operator)
@pytest.mark.parametrize("name", BY_KIND[Kind.TEXT])
def test_text_knows_all_operators(name: str, operator: Operator) -> None:
    assert parse_condition(f"{name} {operator} x") == condition(name, operator, "x")


@pytest.mark.parametrize("operator", Operator)
@pytest.mark.parametrize("name", BY_KIND[Kind.LIST] + BY_KIND[Kind.OBJECT])
def test_lists_and_objects_have_no_order(name: str, operator: Operator) -> None:
    if operator in (Operator.EQUAL, Operator.UNEQUAL, Operator.CONTAINS):
        assert parse_condition(f"{name}{operator}x") == condition(name, operator, "x")
    else:
        with pytest.raises(InvalidConditionError, match=f"{name} has no order: '{operator}' does not apply"):
            parse_condition(f"{name}{operator}x")


@pytest.mark.parametrize("operator", Operator)
@pytest.mark.parametrize("name", BY_KIND[Kind.FLAG])
def test_flags_are_equal_or_not(name: str, operator: Operator) -> None:
    if operator in (Operator.EQUAL, Operator.UNEQUAL):
        assert parse_condition(f"{name}{operator}yes") == condition(name, operator, True)
    else:
        with pytest.raises(InvalidConditionError, match="does not apply"):
            parse_condition(f"{name}{operator}yes")


@pytest.mark.parametrize("operator", Operator)
@pytest.mark.parametrize("name", BY_KIND[Kind.TIME])
def test_times_are_ranges(name: str, operator: Operator) -> None:
    if operator is Operator.CONTAINS:
        with pytest.raises(InvalidConditionError, match="is not text"):
            parse_condition(f"{name}{operator}2025-11-07")
    else:
        assert parse_condition(f"{name}{operator}2025-11-07") == condition(name, operator, MORNING, EVENING)


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2025-11", datetime(2025, 11, 1), datetime(2025, 11, 30, 23, 59, 59, 999999)),
        ("2025-11-07T18:30", datetime(2025, 11, 7, 18, 30), datetime(2025, 11, 7, 18, 30)),
        (" 2025-11-07 ", MORNING, EVENING),
    ],
)
def test_a_bare_month_is_all_of_it_and_a_moment_just_that(value: str, first: datetime, last: datetime) -> None:
    assert parse_condition(f"created={value}") == condition("created_at", "=", first, last)


@pytest.mark.parametrize(("word", "days"), [("today", 1), ("yesterday", 1), ("7d", 1), ("1y", 1)])
def test_words_and_ages_are_days(word: str, days: int) -> None:
    parsed = parse_condition(f"updated>={word}")

    assert parsed.until - parsed.value == timedelta(days) - timedelta(microseconds=1)


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
@pytest.mark.parametrize("word", ["none", "None", "NONE", " none "])
def test_none_is_null_for_every_field(name: str, word: str) -> None:
    assert parse_condition(f"{name}={word}") == condition(name, "=", None)
    assert parse_condition(f"{name}!={word}") == condition(name, "!=", None)


def test_none_is_only_a_word_where_null_has_no_meaning() -> None:
    assert parse_condition("note~none") == condition("user_note", "~", "none")
    assert parse_condition("note>none") == condition("user_note", ">", "none")
    for text in ("steps>=none", "created<none"):
        with pytest.raises(InvalidConditionError, match="Invalid value 'none'"):
            parse_condition(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("30", 30),
        ("-1", -1),
        ("+5", 5),
        ("30.0", 30.0),
        ("6.5", 6.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        (str(2**63 - 1), 2**63 - 1),
        ("9" * 30, 1e30),
        ("-" + "9" * 30, -1e30),
        ("9" * 400, math.inf),
        ("-" + "9" * 5000, -math.inf),
        ("1e400", math.inf),
    ],
)
@pytest.mark.parametrize("name", ["steps", "cfg_scale"])
def test_numbers(name: str, value: str, expected: float) -> None:
    found = parse_condition(f"{name}={value}").value

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("value", ["yes", "Yes", "true", "1"])
def test_flags_say_yes(value: str) -> None:
    assert parse_condition(f"liked={value}").value is True


@pytest.mark.parametrize("value", ["no", "NO", "false", "0"])
def test_flags_say_no(value: str) -> None:
    assert parse_condition(f"liked={value}").value is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps>=many", "Invalid value 'many' for steps: a number is expected."),
        ("steps=", "Invalid value '' for steps: a number is expected."),
        ("steps==30", "Invalid condition 'steps==30': use one '='."),
        ("steps=30 40", "Invalid value '30 40' for steps: a number is expected."),
        ("steps=nan", "Invalid value 'nan' for steps: a number is expected."),
        ("cfg=yes", "Invalid value 'yes' for cfg_scale: a number is expected."),
        ("liked=maybe", "Invalid value 'maybe' for is_favorite: yes or no is expected."),
        ("liked=", "Invalid value '' for is_favorite: yes or no is expected."),
        ("liked=2", "Invalid value '2' for is_favorite: yes or no is expected."),
        ("created>soon", "Invalid value 'soon' for created_at: a date is expected."),
        ("created=20251107", "Invalid value '20251107' for created_at: a date is expected."),
        ("created=", "Invalid value '' for created_at: a date is expected."),
        ("note=caf\udce9", "Invalid value 'caf\\udce9' for user_note: valid text is expected."),
        ("steps~3", "steps is not text: '~' does not apply."),
        ("created~2025", "created_at is not text: '~' does not apply."),
        ("liked~y", "is_favorite is not text: '~' does not apply."),
        ("liked>no", "is_favorite has no order: '>' does not apply."),
        ("tags>=a", "tags has no order: '>=' does not apply."),
        ("", "Invalid condition ''."),
        ("steps", "Invalid condition 'steps'."),
        ("=30", "Invalid condition '=30'."),
        ("  = 30", "Invalid condition '  = 30'."),
        ("steps is 30", "Invalid condition 'steps is 30'."),
        ("steps:30", "Invalid condition 'steps:30'."),
        ("a.b=30", "Invalid condition 'a.b=30'."),
        ("(steps=30)", "Invalid condition '(steps=30)'."),
    ],
)
def test_bad_conditions_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(InvalidConditionError) as raised:
        parse_condition(text)

    assert raised.value.message == message
    assert (raised.value.code, raised.value.details) == ("invalid-condition", {"condition": text})
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(
    ("text", "field", "near"), [("stpes>=30", "stpes", ["steps", "is_test"]), ("steps and cfg=30", "steps and cfg", [])]
)
def test_an_unknown_field_is_an_error_of_its_own(text: str, field: str, near: list[str]) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        parse_condition(text)

    assert raised.value.details == {"field": field, "near": near}


@given(st.text(max_size=30) | st.from_regex(r"[a-z_]{1,8} ?(=|!=|<=|>=|<|>|~) ?.{0,10}", fullmatch=True))
def test_any_text_is_a_condition_or_an_error_with_a_code(text: str) -> None:
    try:
        parsed = parse_condition(text)
    except (InvalidConditionError, InvalidFieldError):
        parsed = condition("steps", "=", 30)

    assert parsed.field in {field.name for field in FIELDS}
    assert parsed.value is None or parsed.value == parsed.value


@given(st.sampled_from(BY_KIND[Kind.TEXT]), st.sampled_from(Operator), st.text(max_size=20))
def test_any_text_can_be_compared_with(name: str, operator: Operator, value: str) -> None:
    assume(not value.startswith("="))  # which would make another operator
    expected = None if value.strip().lower() == "none" and operator in ("=", "!=") else value.strip()

    assert parse_condition(f"{name}{operator}{value}") == condition(name, operator, expected)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
def test_any_number_can_be_compared_with(number: int, operator: str) -> None:
    assert parse_condition(f"seed_base{operator}{number}") == condition("seed_base", operator, number)


def test_a_condition_is_frozen() -> None:
    parsed = parse_condition("steps=30")

    with pytest.raises(ValidationError, match="frozen"):
        parsed.value = 31  # type: ignore[misc]

    assert parsed.value == 30


def test_a_condition_made_by_a_program_holds_what_the_database_can_be_asked_for() -> None:
    assert condition("steps", "<", 10**30).value == 1e30
    assert condition("steps", "<", -(10**400)).value == -math.inf
    with pytest.raises(ValueError, match="compares with nothing"):
        condition("steps", "<", math.nan)
    assert condition("steps", ">", -(10**30)).value == -1e30
    moment = MORNING.astimezone(UTC)
    assert condition("created_at", "=", moment, moment).value == MORNING
    assert condition("created_at", "=", moment, moment).until == MORNING
    with pytest.raises(ValidationError, match="UTF-8"):
        condition("sd_model", "=", "\ud800")
