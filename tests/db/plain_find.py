"""What a filter finds, in plain Python: slow and obviously right."""

import json
from collections.abc import Sequence
from typing import Any
from unicodedata import normalize

from sdgen_admin.models.conditions import Condition, Operator
from sdgen_admin.models.fields import BY_NAME, Field, Kind
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.records import SessionRecord
from sdgen_admin.models.text import search_words

Key = tuple[str, str]
"""A session's root and its id."""


def expected(records: Sequence[SessionRecord], query: SessionFilter) -> tuple[int, list[Key]]:
    """Return how many sessions match, and those of the page.

    Args:
        records: All sessions as they are to be shown, those of the first root first.
        query: The filter.
    """
    matching = [record for record in records if matches(record, query)]
    end = None if query.limit is None else query.offset + query.limit
    return len(matching), [key_of(record) for record in in_order(matching, query)[query.offset : end]]


def key_of(record: SessionRecord) -> Key:
    return record.root, record.session_id


def matches(record: SessionRecord, query: SessionFilter) -> bool:
    created, stats, metadata = record.created_at, record.stats, record.metadata
    assert created is not None
    tags = metadata.tags if metadata else ()
    model = stats.sd_model if stats else None
    searched = [
        record.session_id,
        *((stats.resolved_prompt, stats.negative_prompt) if stats else ()),
        *((metadata.user_note,) if metadata else ()),
        *tags,
    ]
    return all(
        (
            query.missing == record.missing,
            query.liked in (None, bool(metadata and metadata.is_favorite)),
            query.test in (None, bool(metadata and metadata.is_test)),
            query.complete is None or record.complete is query.complete,
            query.seed_sweep in (None, bool(stats and stats.is_seed_sweep)),
            not query.model or any(contains(model, part) for part in query.model),
            query.from_date is None or created >= query.from_date,
            query.to_date is None or created <= query.to_date,
            all(composed(tag) in map(composed, tags) for tag in query.tag),
            not query.untagged or not tags,
            query.rating in (None, (metadata.user_rating if metadata else None) or "none"),
            query.status is None or record.status in STATUSES.get(query.status, (query.status,)),
            query.problem in (None, record.problem is not None),
            query.source in (None, record.source),
            all(fulfils(record, condition) for condition in query.where),
            all(any(contains(text, word) for text in searched) for word in search_words(query.search or "")),
        )
    )


STATUSES = {"ongoing": ("running", "stalled")}


def composed(text: str) -> str:
    return normalize("NFC", text)


def folded(text: str) -> str:
    text = normalize("NFC", normalize("NFD", text).casefold())
    return text.replace("\0", " ").replace("\x1f", " ")


def contains(text: str | None, part: str) -> bool:
    return text is not None and folded(part) in folded(text)


def fulfils(record: SessionRecord, condition: Condition) -> bool:
    """Null fulfils only `= none`, and `!=` anything else; a list of tags fulfils what one of its tags does."""
    field = BY_NAME[condition.field]
    value = field.get(record)
    if condition.operator is Operator.UNEQUAL:
        return not fulfils(record, condition.model_copy(update={"operator": Operator.EQUAL}))
    if condition.value is None:
        return value in (None, "", (), {})
    values = value if field.name == "tags" else [_comparable(value, field)]
    return any(_compares(item, field, condition) for item in values if item is not None)


def _comparable(value: Any, field: Field) -> Any:
    """Return lists and objects as the JSON text that is searched."""
    return json.dumps(value, ensure_ascii=False) if field.kind in (Kind.LIST, Kind.OBJECT) and value else value


def _compares(value: Any, field: Field, condition: Condition) -> bool:
    first, last = condition.value, condition.value
    if field.kind is Kind.TIME:
        last = condition.until
    elif field.kind in (Kind.TEXT, Kind.LIST, Kind.OBJECT):
        value, first = folded(str(value)), folded(str(first))
        last = first
    match condition.operator:
        case Operator.EQUAL:
            return bool(first <= value <= last)
        case Operator.LESS:
            return bool(value < first)
        case Operator.AT_MOST:
            return bool(value <= last)
        case Operator.MORE:
            return bool(value > last)
        case Operator.AT_LEAST:
            return bool(value >= first)
        case Operator.CONTAINS:
            return first in value
        case _:
            raise AssertionError(condition.operator)


def in_order(records: Sequence[SessionRecord], query: SessionFilter) -> list[SessionRecord]:
    """Sort by the field, nulls last; equal ones newest first, then by id, then by root."""
    field = BY_NAME[query.sort]
    ordered = sorted(records, key=lambda record: record.session_id)
    ordered.sort(key=lambda record: str(record.created_at), reverse=True)
    with_value = [record for record in ordered if field.get(record) is not None]
    without = [record for record in ordered if field.get(record) is None]
    with_value.sort(key=lambda record: _sort_key(field, record), reverse=field.is_largest_first)
    ordered = with_value + without
    return ordered[::-1] if query.reverse else ordered


def _sort_key(field: Field, record: SessionRecord) -> Any:
    value = field.get(record)
    return folded(value) if field.kind is Kind.TEXT and field.name != "session_id" else value
