"""Any filter on any collection finds what plain Python finds, and shows what was written."""

import json
import time
from datetime import datetime
from typing import Any

from hypothesis import example, given, settings, strategies as st

from sdgen_admin.db.facts import NO_STATE
from sdgen_admin.models.conditions import Condition, Operator
from sdgen_admin.models.enums import Source, StatusFilter
from sdgen_admin.models.fields import BY_NAME, FIELDS, Field, Kind
from sdgen_admin.models.filters import SessionFilter
from tests.db.plain_find import expected, key_of
from tests.db.uses import PHASES
from tests.db.written import CONFIGURED, ROOTS, Said, Written, collection_of

TEXTS = [
    "", "pony", "PONY_v6", "pony%", "a_b", "aXb", "Été", "E\u0301te\u0301", "éTE 100%", "unknown", 'q"\\', "straße",
    "STRASSE", "\u212a", "k", "*[?", "a\0b", "x\x1fy", "none", "[red]",
]  # fmt: skip
TAGS = ["a", "b", "Été", "E\u0301te\u0301", "red-hair", "b c", "pony"]
TIMES = [
    ("2025-11-01T00:00:00", datetime(2025, 11, 1)),
    ("2025-11-02T00:00:00.5", datetime(2025, 11, 2, microsecond=500_000)),
    ("2025-11-02 00:00:00", datetime(2025, 11, 2)),
    (b"2025-11-02T00:00:00.25", datetime(2025, 11, 2, microsecond=250_000)),
    ("last tuesday", None),
    ("", None),
]
"""Times as other programs wrote them, with what they mean."""
NS = 1_000_000_000
NOON = int(datetime(2025, 11, 3, 12).timestamp()) * NS

texts = st.sampled_from(TEXTS)
moments = st.sampled_from(
    [datetime(2025, 11, 2, 23, 59, 59, 999_999), datetime(2025, 11, 3), datetime(2025, 11, 3, 12)]
)
numbers = st.sampled_from([0, 1, 2, 28, 2**40])
planned = st.fixed_dictionaries(
    {
        "placeholders": st.just({"Hair": 2, "q": 0}),
        "variations_summary": st.sampled_from([{}, {"Hair": ("bob", "Été")}]),
        "pools": st.sampled_from([{}, {"Hair": 7}]),
    }
)
prompts = st.fixed_dictionaries({"resolved_prompt": texts, "negative_prompt": texts})
optional_facts = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(Source),
        "confidence": st.sampled_from(["high", "medium", "low"]),
        "problem": st.just("It is broken."),
        "run_status": st.sampled_from([None, "ongoing", "ongoing", "completed", "aborted"]),
        "scheduler": st.none() | texts,
        "theme": st.none() | texts,
        "seed_list": st.sampled_from([None, (1, 2), (1000,)]),
        "images_recorded": st.none() | numbers,
        "sd_model": st.none() | texts,
        "seed_base": st.sampled_from([None, -1, 42]),
        "steps": st.none() | numbers,
        "cfg_scale": st.sampled_from([None, 7.0, 6.5]),
        "images_expected": st.none() | numbers,
        "images_actual": st.integers(0, 3),
        "completion_percentage": st.sampled_from([None, 0.0, 50.0, 94.99, 95.0, 100.0, 120.0]),
        "is_seed_sweep": st.sampled_from([None, False, True]),
        "manifest_generated_at": st.none() | moments,
        "stats_version": st.sampled_from([1, 2, 99]),
    },
)
some_facts = st.builds(
    lambda *parts: {name: value for part in parts for name, value in part.items()},
    st.just(dict.fromkeys(("placeholders", "variations_summary", "pools"))) | planned,
    st.just(dict.fromkeys(("resolved_prompt", "negative_prompt"))) | prompts,
    optional_facts,
)
states = st.builds(
    lambda first, length, silent, gap: NO_STATE._replace(
        first_image_ns=first,
        last_image_ns=first and first + length,
        changed_ns=silent and time.time_ns() - silent,
        gap_ns=gap,
    ),
    st.sampled_from([None, NOON, NOON + NS // 2, NOON - 86_400 * NS, NOON - 40 * 86_400 * NS]),
    st.sampled_from([0, 30 * NS, 90 * NS, 30 * 86_400 * NS, 31 * 86_400 * NS]),
    st.sampled_from([None, NS, 700 * NS, 3600 * NS]),
    st.sampled_from([None, NS, 100 * NS, 1000 * NS]),
)
session_ids = st.sampled_from(
    [f"{day}-{name}" for day in ("20251101_000000", "20251101_120000", "2025-11-02_235959") for name in ("a", "B", "é")]
)
sessions = st.builds(
    Written,
    session_ids,
    st.sampled_from([ROOTS[0], *ROOTS]),
    st.none() | some_facts,
    problem=st.none(),
    state=states,
    is_missing=st.sampled_from([False, False, True]),
    is_outdated=st.booleans(),
)

flags = st.sampled_from(
    [
        (0, False),
        (1, True),
        ("false", False),
        (" No ", False),
        ("\toff\n", False),
        (b"0", False),
        ("yes", True),
        (-1, True),
    ]
)
tag_lists = st.lists(st.sampled_from(TAGS), unique=True, max_size=3).map(tuple)
stored_tags = (
    tag_lists.map(lambda tags: (json.dumps(tags, ensure_ascii=False), tags))
    | tag_lists.map(lambda tags: (json.dumps(tags), tags))
    | st.sampled_from([(None, ()), ("a, b c", ("a", "b c")), ('"a"', ("a",)), (b'["b"]', ("b",)), ("null", ())])
)
notes = texts.map(lambda text: (text, text)) | st.sampled_from(
    [(b"\xc3\xa9t\xc3\xa9", "été"), (b"p\xffony", "p\ufffdony")]
)
columns = st.fixed_dictionaries(
    {},
    optional={
        "is_favorite": flags | st.just((None, False)),
        "is_test": flags | st.just((None, False)),
        "is_complete": flags | st.just((None, True)),
        "user_rating": st.sampled_from(
            [(None, None), ("like", "like"), (" Like", "like"), ("dislike", "dislike"), ("love", "love"), ("", None)]
        ),
        "user_note": st.just((None, None)) | notes,
        "tags": stored_tags,
        "auto_metadata": st.sampled_from([(None, None), ('{"é": [1, "b"]}', {"é": [1, "b"]}), ("{}", {})]),
        "created_at": st.sampled_from(TIMES),
        "updated_at": st.sampled_from(TIMES),
    },
)
said = st.builds(
    lambda name, root, found: Said(
        name,
        root,
        {column: stored for column, (stored, _) in found.items()},
        {column: meant for column, (_, meant) in found.items()},
    ),
    session_ids,
    st.sampled_from([None, *ROOTS]),
    columns,
)
collections = st.tuples(
    st.lists(sessions, max_size=9, unique_by=lambda session: (session.session_id, session.root)),
    st.lists(said, max_size=6, unique_by=lambda row: row.session_id),
    st.sampled_from([None, None, *CONFIGURED]),
)

WHENS = ["2025-11-01", "2025-11-01T12:00:00", "2025-11-02", "2025-11", "2025-11-03T12:00:00", "2025-11-02T00:00:00.5"]


def _values(field: Field) -> st.SearchStrategy[str]:
    match field.kind:
        case Kind.FLAG:
            return st.sampled_from(["yes", "no"])
        case Kind.TIME:
            return st.sampled_from(WHENS)
        case Kind.INTEGER | Kind.REAL:
            return st.sampled_from(["0", "1", "2", "28", "95", "94.99", "30", "-1", "42", "1e300"])
        case _:
            return texts | st.sampled_from(["a", "É", "running", "stalled", "manifest", *CONFIGURED, "-B", "1", "Hair"])


def _conditions(name: str) -> st.SearchStrategy[str]:
    field = BY_NAME[name]
    if field.kind is Kind.TEXT:
        operators = list(Operator)
    elif field.kind in (Kind.LIST, Kind.OBJECT):
        operators = [*EQUALITY, Operator.CONTAINS]
    elif field.kind is Kind.FLAG:
        operators = EQUALITY
    else:
        operators = [operator for operator in Operator if operator is not Operator.CONTAINS]
    values = st.builds("{}{}{}".format, st.just(name), st.sampled_from(operators), _values(field))
    return values | st.builds("{}{}none".format, st.just(name), st.sampled_from(EQUALITY))


EQUALITY = [Operator.EQUAL, Operator.UNEQUAL]
conditions = st.sampled_from([field.name for field in FIELDS]).flatmap(_conditions)
words = texts | st.sampled_from(["2025110", "-b", "-É", "red", "broken", '"b c"', "a b", '"x\x1fy"', "k pony"])
queries = st.fixed_dictionaries(
    {},
    optional={
        "liked": st.booleans(),
        "test": st.booleans(),
        "complete": st.booleans(),
        "seed_sweep": st.booleans(),
        "model": st.lists(texts, max_size=2).map(tuple),
        "from_date": st.sampled_from(WHENS),
        "to_date": st.sampled_from(WHENS),
        "tag": st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple),
        "untagged": st.booleans(),
        "rating": st.sampled_from(["like", "dislike", "none"]),
        "status": st.sampled_from(StatusFilter),
        "problem": st.booleans(),
        "source": st.sampled_from(Source),
        "missing": st.booleans(),
        "search": words,
        "where": st.lists(conditions, max_size=2).map(tuple),
        "sort": st.sampled_from([field.name for field in FIELDS if field.is_sortable]),
        "reverse": st.booleans(),
        "limit": st.sampled_from([None, 1, 2, 500]),
        "offset": st.integers(0, 4),
    },
).map(SessionFilter.model_validate)


@settings(max_examples=100, phases=PHASES)
@given(written=collections, asked=st.lists(queries, min_size=1, max_size=15))
def test_find_is_what_python_finds(written: Any, asked: list[SessionFilter]) -> None:
    with collection_of(*written) as (library, records, _):
        by_key = {key_of(record): record for record in records}
        for query in asked:
            page = library.find(query, fresh=False)
            count, keys = expected(records, query)
            assert (page.total_count, [key_of(record) for record in page.sessions]) == (count, keys)
            assert list(page.sessions) == [by_key[key] for key in keys]


@settings(max_examples=60, phases=PHASES)
@given(written=collections, asked=st.lists(conditions, min_size=10, max_size=30))
def test_a_condition_finds_what_python_finds(written: Any, asked: list[str]) -> None:
    with collection_of(*written) as (library, records, _):
        for condition in asked:
            for missing in (False, True):
                query = SessionFilter.model_validate({"where": condition, "missing": missing})
                found = library.find(query, fresh=False)
                assert [key_of(record) for record in found.sessions] == expected(records, query)[1], condition


@settings(max_examples=25, phases=PHASES)
@given(written=collections)
def test_every_order_is_that_of_python(written: Any) -> None:
    with collection_of(*written) as (library, records, _):
        for field in FIELDS:
            for reverse in (False, True) if field.is_sortable else ():
                query = SessionFilter(sort=field.name, reverse=reverse)
                found = library.find(query, fresh=False)
                assert [key_of(record) for record in found.sessions] == expected(records, query)[1], query


@settings(max_examples=75, phases=PHASES)
@example("a\x1fb")
@example("\0")
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_only_text(text: str) -> None:
    name = "20251107_120000-a"
    plain = text.replace('"', "")  # which would end the words that belong together
    written = Written(name, facts={"sd_model": f"<{text}>", "resolved_prompt": f"({plain})", "negative_prompt": ""})
    row = Said(name, CONFIGURED[0], {"tags": json.dumps([text]), "user_note": f"<{plain}>"}, {"tags": (text,)})
    with collection_of([written], [row]) as (library, _, _):
        for query, count in (
            ({"model": text}, 1),
            ({"model": f"{text}>>"}, 0),
            ({"search": f'"{plain}"'}, 1),
            ({"search": f'"({plain})"'}, 1),
            ({"search": f'"<{plain}>"'}, 1),
            ({"search": f'"<<{plain}"'}, 0),
            ({"search": f'"<{plain}>>"'}, 0),
            ({"search": f'"({plain})<{plain}>"'}, 0),
            ({"search": f'"(({plain}"'}, 0),
            ({"tag": text}, int(text != "")),
            ({"tag": f"{text}x"}, 0),
            ({"where": f"model=<{text}>"}, 1),
            ({"where": f"model!=<{text}>"}, 0),
            ({"where": f"model~<{text}>"}, 1),
            ({"where": f"note~<{plain}>"}, 1),
            ({"where": f"prompt=({plain})"}, 1),
            ({"where": f"prompt<({plain})"}, 0),
            ({"where": Condition(field="tags", operator=Operator.EQUAL, value=text)}, int(text != "")),
        ):
            found = library.find(SessionFilter.model_validate(query), fresh=False)
            assert found.total_count == count, query
