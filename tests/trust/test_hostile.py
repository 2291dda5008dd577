"""Hostile text: in every field of a query it is only text, and in every column of a row it stops nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from sdgen_admin.errors import InvalidTagError, SessionNotFoundError
from sdgen_admin.models.conditions import Operator, parse_condition
from sdgen_admin.models.fields import BY_NAME
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadata, SessionMetadataUpdate
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.models.text import fold, search_words
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from sdgen_admin.services.stats import SessionStatsService
from tests.builders import SESSION, make_session
from tests.cli.harness import run
from tests.neighbour import plain, row, rows, write_metadata, write_stats
from tests.trust.mirror import assert_mirrored
from tests.trust.odd import anything, odd_metadata, odd_mirror_row, temporary_database

INJECTIONS = (
    "'; DROP TABLE session_metadata; --",
    '"; DELETE FROM session_stats; --',
    "' OR 1=1 --",
    "') OR ('a'='a",
    "' UNION SELECT * FROM session_metadata --",
    "%' OR 1 --",
    "x') UNION ALL SELECT 1,2,3 --",
    "\\' OR 1=1 --",
    "?1",
    ":model",
    "@x $y",
    "/* */",
    "x'41'",
    "%_%",
    "[a-z]*",
    "NULL",
    "\0'; DROP TABLE session_stats",
)
SQLISH = st.one_of(st.sampled_from(INJECTIONS), st.text("'\";-%_?:@()[]*\\\0 ORx1=", min_size=1, max_size=30))
TEXT_FIELDS = ("model", "tag", "search")
TEXTS_OF_WHERE = ("session_id", "sampler_name", "resolved_prompt", "user_note", "problem", "root")
PARSED_FIELDS = (
    "from_date", "to_date", "rating", "status", "source", "sort", "limit", "offset", "liked", "where",
)  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> SessionLibrary:
    images_dir = tmp_path_factory.mktemp("hostile") / "images"
    make_session(images_dir)
    library = SessionLibrary(images_dir)
    library.compute()
    library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("a",), user_note="plain"))
    return library


def everything(library: SessionLibrary) -> list[Any]:
    path = Path(library.db_path)
    with plain(path) as connection:
        schema = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    return [schema, *(rows(path, table) for table in ("session_metadata", "session_stats", "sdgen_admin_sessions"))]


def of_session(library: SessionLibrary) -> tuple[SessionStats, SessionMetadata]:
    record = library.get(SESSION, fresh=False)
    assert record.stats is not None
    assert record.metadata is not None
    return record.stats, record.metadata


@settings(max_examples=150)
@given(field=st.sampled_from(TEXT_FIELDS), text=SQLISH)
def test_filters_are_bound(library: SessionLibrary, field: str, text: str) -> None:
    before = everything(library)
    page = library.find(SessionFilter.model_validate({field: text}), fresh=False)
    stats, metadata = of_session(library)
    expected = {
        "model": fold(text) in fold(stats.sd_model or ""),
        "tag": text in metadata.tags,
        "search": all(
            any(word in fold(place) for place in (SESSION, stats.resolved_prompt or "", "blurry", "plain", "a"))
            for word in search_words(text)
        ),
    }
    assert page.total_count == int(expected[field])
    assert everything(library) == before


@settings(max_examples=150)
@given(field=st.sampled_from(TEXTS_OF_WHERE), operator=st.sampled_from(["=", "!=", "~", "<", ">="]), text=SQLISH)
def test_values_of_conditions_are_bound(library: SessionLibrary, field: str, operator: str, text: str) -> None:
    before = everything(library)
    condition = parse_condition(f"{field} {operator} {text}")
    page = library.find(SessionFilter(where=(condition,)), fresh=False)
    (record,) = library.find(fresh=False).sessions
    held = BY_NAME[condition.field].get(record)
    if condition.value is None:
        expected = (not held) is (condition.operator is Operator.EQUAL)
    elif held is None:
        expected = condition.operator is Operator.UNEQUAL
    else:
        left, right = fold(held), fold(str(condition.value))
        expected = {
            Operator.EQUAL: left == right,
            Operator.UNEQUAL: left != right,
            Operator.CONTAINS: right in left,
            Operator.LESS: left < right,
            Operator.AT_MOST: left <= right,
            Operator.MORE: left > right,
            Operator.AT_LEAST: left >= right,
        }[condition.operator]
    assert page.total_count == int(expected)
    assert everything(library) == before


@given(field=st.sampled_from(PARSED_FIELDS), text=SQLISH)
def test_what_is_not_text_is_parsed_and_never_passed_on(library: SessionLibrary, field: str, text: str) -> None:
    try:
        query = SessionFilter.model_validate({field: text})
    except ValidationError:
        return  # refused before the database is opened
    assert library.find(query, fresh=False).total_count in (0, 1)


@settings(max_examples=60)
@given(text=SQLISH)
def test_notes_tags_and_ids_are_bound(library: SessionLibrary, text: str) -> None:
    path = Path(library.db_path)
    schema = everything(library)[0]
    library.update_metadata(SESSION, SessionMetadataUpdate(user_note=text, remove_tags=(text,)))
    stored = row(path, "session_metadata", SESSION)
    assert stored is not None
    assert stored["user_note"] == text
    assert stored["tags"] == '["a"]'
    try:
        library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=(text,)))
    except ValidationError as error:
        assert "tag" in str(error)  # noqa: PT017 -- some are tags
    for use in (library.get, library.history, SessionMetadataService(path).delete_metadata):
        try:
            assert not use(text)
        except SessionNotFoundError as error:
            assert repr(text) in error.message  # noqa: PT017 -- two of the three look and find nothing
    library.update_metadata(SESSION, SessionMetadataUpdate(user_note="plain", tags=("a",)))
    assert everything(library)[0] == schema


@pytest.mark.parametrize("text", INJECTIONS[:-1])
def test_on_the_command_line(library: SessionLibrary, text: str) -> None:
    before = everything(library)
    place = ["--images-dir", library.roots[0].path]
    for flag in (
        "--model", "--tag", "--search", "--sort", "--rating", "--status", "--from-date", "--columns", "--where",
        "--root",
    ):  # fmt: skip
        assert run("list", "--cached", f"{flag}={text}", *place).status in (0, 2)
    for line in ("show", "history", "tag --liked", "compute-stats"):
        assert run(*line.split(), *place, "--", text).status == 1
    is_tag = text == "NULL"
    assert run("tag", SESSION, f"--add={text}", *place).status == (0 if is_tag else 2)
    if is_tag:
        library.undo()
    assert everything(library)[0] == before[0]
    assert everything(library)[1][0]["tags"] == before[1][0]["tags"]


@settings(max_examples=60)
@given(metadata=odd_metadata, mirror=odd_mirror_row, computed_at=anything.filter(lambda value: value is not None))
def test_nonsense_is_shown_by_every_command_and_survives_computing(
    metadata: dict[str, Any], mirror: dict[str, Any], computed_at: Any
) -> None:
    """All metadata survives. The mirror is put right, so that the web UI's list opens again."""
    with temporary_database() as path:
        images_dir = path.parent / "images"
        make_session(images_dir)
        write_metadata(path, SESSION, **metadata)
        mirror["stats_computed_at"] = "NaN" if computed_at != computed_at else computed_at  # noqa: PLR0124 -- NaN is null
        for name in (SESSION, "theirs"):
            write_stats(path, name, **mirror)
        place = ["--images-dir", str(images_dir), "--db", str(path)]
        for line in ("list", "list --cached --json", f"show {SESSION} --cached", "tag --list", "config"):
            outcome = run(*line.split(), *place)
            assert outcome.status == 0
            assert "\x1b" not in outcome.out
        before = row(path, "session_metadata", SESSION)
        library = SessionLibrary(images_dir, path)
        record = library.get(SESSION)
        assert record.stats is not None
        assert record.stats.images_actual == 6
        assert row(path, "session_metadata", SESSION) == before
        assert len(SessionStatsService(path, images_dir).list_all_stats()) == 1
        library.update_metadata(SESSION, SessionMetadataUpdate(add_tags=("ours",)))
        assert json.loads(library.history()[0].model_dump_json())["field"] == "tags"
        library.undo()
        assert row(path, "session_metadata", SESSION) == before
        with plain(path) as other:
            assert other.execute("SELECT count(*) FROM session_stats WHERE session_name = 'theirs'").fetchone() == (1,)
            other.execute("DELETE FROM session_stats WHERE session_name = 'theirs'")
        assert_mirrored(library)


@given(text=st.text(max_size=60))
def test_a_tag_is_a_word_or_refused(text: str) -> None:
    try:
        (tag,) = SessionMetadataUpdate(add_tags=(text,)).add_tags
    except (ValidationError, InvalidTagError):
        return
    assert tag
    assert not set(tag) & set("'\"\\;,[]{} \t\n\0\x1b%$`<>")
