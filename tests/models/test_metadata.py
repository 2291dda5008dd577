"""Tags, and changes of metadata."""

from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from sdgen_admin.errors import InvalidTagError
from sdgen_admin.models.enums import Rating
from sdgen_admin.models.metadata import MetadataChange, SessionMetadata, SessionMetadataUpdate, check_tag, check_tags


def update(**values: Any) -> SessionMetadataUpdate:
    return SessionMetadataUpdate.model_validate(values)


@pytest.mark.parametrize(
    "tag",
    [
        "a",
        "facial-expressions",
        "snake_case",
        "2025",
        "-",
        "_",
        "ÄÖÜß",
        "портрет",
        "長い髪",
        "หญิงสาว",
        "हिन्दी",
        "العربية",
        "١٢٣",
        "a" * 50,
        "長" * 50,
    ],
)
def test_tags(tag: str) -> None:
    assert check_tag(tag) == tag


@pytest.mark.parametrize(
    "tag",
    [
        "",
        " ",
        "two words",
        " lead",
        "trail ",
        "a,b",
        "a.b",
        "a/b",
        "#tag",
        "[red]",
        "tab\t",
        "line\n",
        "nul\0",
        "esc\x1b",
        "½",
        "Ⅷ",
        "🙂",
        "\u0301",
        "\u0301a",
        "zero\u200bwidth",
        "right\u202eleft",
        "caf\udce9",
        "a" * 51,
    ],
)
def test_what_is_not_a_tag(tag: str) -> None:
    with pytest.raises(InvalidTagError) as raised:
        check_tag(tag)
    with pytest.raises(ValidationError):
        update(add_tags=[tag])

    assert raised.value.message == f"Invalid tag {raised.value.details['tag']!r}."
    assert (raised.value.code, raised.value.details["longest"]) == ("invalid-tag", 50)
    assert isinstance(raised.value, ValueError)


def test_one_word_is_one_tag_on_every_keyboard() -> None:
    composed, with_combining_mark = "café", "cafe\u0301"

    assert check_tag(with_combining_mark) == composed
    assert check_tags([composed, with_combining_mark]) == (composed,)


def test_fifty_letters_are_counted_in_composed_form() -> None:
    assert check_tag("e\u0301" * 50) == "é" * 50


@pytest.mark.parametrize(
    ("tags", "expected"), [([], ()), (["b", "a"], ("b", "a")), (["a", "b", "a"], ("a", "b")), (["a", "A"], ("a", "A"))]
)
def test_tags_keep_their_order_each_once(tags: list[str], expected: tuple[str, ...]) -> None:
    assert check_tags(tags) == expected
    assert update(tags=tags).tags == expected


@given(st.text(st.characters(), max_size=60))
def test_any_text_is_a_tag_that_can_be_stored_or_none(text: str) -> None:
    try:
        tag = check_tag(text)
    except InvalidTagError:
        tag = "none"

    assert 1 <= len(tag.encode().decode()) <= 50
    assert tag.isprintable()
    assert check_tag(tag) == tag


@pytest.mark.parametrize(
    ("values", "given_fields"),
    [
        ({}, set()),
        ({"is_favorite": True}, {"is_favorite"}),
        ({"is_favorite": False, "is_test": True, "is_complete": False}, {"is_favorite", "is_test", "is_complete"}),
        ({"user_rating": None}, {"user_rating"}),
        ({"user_note": None}, {"user_note"}),
        ({"user_note": ""}, {"user_note"}),
        ({"tags": []}, {"tags"}),
        ({"add_tags": ["a"], "remove_tags": ["b"]}, {"add_tags", "remove_tags"}),
    ],
)
def test_an_update_knows_what_was_given(values: dict[str, Any], given_fields: set[str]) -> None:
    change = update(**values)

    assert change.model_fields_set == given_fields
    for name, value in values.items():
        assert getattr(change, name) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    "values",
    [
        {"user_rating": "love"},
        {"user_rating": "none"},
        {"user_note": 5},
        {"user_note": "caf\udce9"},
        {"tags": ["two words"]},
        {"tags": "a"},
        {"add_tags": None},
        {"is_favorite": "maybe"},
    ],
)
def test_an_update_refuses_what_the_database_must_not_hold(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        update(**values)

    assert raised.value.error_count() == 1


def test_a_rating_is_one_of_two() -> None:
    assert update(user_rating="like").user_rating is Rating.LIKE
    assert update(user_rating="dislike").user_rating is Rating.DISLIKE


def test_odd_tags_of_other_programs_can_be_removed() -> None:
    assert update(remove_tags=["two words", ""]).remove_tags == ("two words", "")


@given(st.text(st.characters(), max_size=40))
def test_any_note_can_be_stored_or_is_refused(note: str) -> None:
    try:
        stored = update(user_note=note).user_note
    except ValidationError:
        stored = note.encode("utf-8", "replace").decode()
        assert stored != note

    assert stored is not None
    assert stored.encode().decode() == stored


def test_a_session_nobody_touched() -> None:
    metadata = SessionMetadata(session_id="20251107_120000-a", session_path="/images/20251107_120000-a")

    assert (metadata.is_test, metadata.is_complete, metadata.is_favorite) == (False, True, False)
    assert (metadata.user_rating, metadata.user_note, metadata.tags) == (None, None, ())


def test_metadata_shows_what_other_programs_wrote() -> None:
    metadata = SessionMetadata(
        session_id="x", session_path="/x", user_rating="five stars", tags=("two words",), auto_metadata={"nsfw": 0.1}
    )

    assert (metadata.user_rating, metadata.tags, metadata.auto_metadata) == (
        "five stars",
        ("two words",),
        {"nsfw": 0.1},
    )


def test_a_change_has_a_before_and_an_after() -> None:
    after = SessionMetadata(session_id="x", session_path="/x", is_favorite=True)
    change = MetadataChange(session_id="x", before=None, after=after)

    assert change.model_dump(exclude_unset=True)["after"]["is_favorite"] is True
