"""What a filter finds, in plain Python: slow and obviously right."""

from dataclasses import dataclass
from typing import Any

from sdgen_admin.disk.root import created_at
from sdgen_admin.models.filters import SessionFilter

Columns = dict[str, Any]


@dataclass
class Session:
    session_id: str
    stats: Columns | None
    metadata: Columns | None
    own: Columns | None

    def of(self, part: str, name: str) -> Any:
        return (getattr(self, part) or {}).get(name)


def expected(sessions: list[Session], query: SessionFilter) -> tuple[int, list[str]]:
    """Return how many sessions match, and the ids of those of the page."""
    matching = [session for session in sessions if is_listed(session, query) and matches(session, query)]
    end = None if query.limit is None else query.offset + query.limit
    return len(matching), [session.session_id for session in in_order(matching, query)[query.offset : end]]


def is_listed(session: Session, query: SessionFilter) -> bool:
    known = session.stats or session.metadata or session.of("own", "problem")
    return bool(known) and bool(session.of("own", "missing")) == query.missing


def matches(session: Session, query: SessionFilter) -> bool:
    created = created_at(session.session_id)
    assert created is not None
    completion, tags = session.of("stats", "completion_percentage"), session.of("metadata", "tags") or []
    searched = [
        session.session_id,
        *(session.of("stats", name) for name in ("resolved_prompt", "negative_prompt")),
        session.of("metadata", "user_note"),
        *tags,
    ]
    return all(
        (
            query.liked in (None, bool(session.of("metadata", "is_favorite"))),
            query.test in (None, bool(session.of("metadata", "is_test"))),
            query.complete is None or (completion is not None and query.complete == (completion >= 95)),
            query.seed_sweep is None
            or (session.stats is not None and query.seed_sweep == bool(session.stats["is_seed_sweep"])),
            query.model is None or contains(session.of("stats", "sd_model"), query.model),
            query.from_date is None or created >= query.from_date,
            query.to_date is None or created <= query.to_date,
            all(tag in tags for tag in query.tag),
            not query.untagged or not tags,
            query.rating is None or (session.of("metadata", "user_rating") or "none") == query.rating,
            query.status is None or session.of("own", "status") == query.status,
            query.problem in (None, bool(session.of("own", "problem"))),
            query.search is None or any(contains(text, query.search) for text in searched),
        )
    )


def contains(text: str | None, part: str) -> bool:
    return text is not None and part.casefold() in text.casefold()


def in_order(sessions: list[Session], query: SessionFilter) -> list[Session]:
    def key(session: Session) -> tuple[bool, Any]:
        match query.sort:
            case "updated":
                value = session.of("metadata", "updated_at")
            case "model":
                model = session.of("stats", "sd_model")
                value = None if model is None else model.encode().lower()
            case "images":
                value = session.of("stats", "images_actual")
            case "completion":
                value = session.of("stats", "completion_percentage")
            case "name":
                value = session.session_id.encode()
            case _:
                value = None
        return value is None if query.sort == "model" else value is not None, value

    ordered = sorted(sessions, key=lambda session: session.session_id.encode())
    ordered.sort(key=lambda session: str(created_at(session.session_id)), reverse=True)
    ordered.sort(key=lambda session: Nullable(key(session)), reverse=query.sort not in ("name", "model"))
    return ordered[::-1] if query.reverse else ordered


class Nullable:
    """A value that may be null, which comes before all others."""

    def __init__(self, key: tuple[bool, Any]) -> None:
        self.key = key

    def __lt__(self, other: "Nullable") -> bool:
        ours, theirs = self.key[1], other.key[1]
        return self.key[0] < other.key[0] if ours is None or theirs is None else ours < theirs
