"""Every order that a list has is an index's, so that a page ends early; and nothing is sorted where indexes are."""

from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.db.queries import build
from sdgen_admin.models.enums import SortKey
from sdgen_admin.models.filters import SessionFilter

ORDERS = [(sort, reverse) for sort in SortKey for reverse in (False, True)]
WALKED = {
    SortKey.CREATED: ["session_stats USING COVERING INDEX sdgen_admin_stats_created"],
    SortKey.UPDATED: [
        "session_stats USING COVERING INDEX sdgen_admin_stats_created",
        "session_metadata USING COVERING INDEX sdgen_admin_metadata_updated",
    ],
    SortKey.NAME: ["session_stats USING COVERING INDEX sdgen_admin_stats_by_id"],
    SortKey.MODEL: ["session_stats USING COVERING INDEX sdgen_admin_stats_model"],
    SortKey.IMAGES: ["session_stats USING COVERING INDEX sdgen_admin_stats_images"],
    SortKey.COMPLETION: ["session_stats USING COVERING INDEX sdgen_admin_stats_completion"],
}
FEW = {"loose", "unreadable", "untouched"}
"""What is sorted: sessions without stats, of which there are hardly any, and no more than the page can reach."""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "sessions.db")


def page_plan(database: Database, query: SessionFilter) -> list[str]:
    """Return the steps of SQLite's plan that make the page, each indented by one space a level."""
    statement, parameters = build(query)
    depths, steps = {0: 0}, []
    with database.open() as connection:
        for step, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
            depths[step] = depths[parent] + 1
            steps.append((depths[step], detail))
    start = steps.index((1, "MATERIALIZE page"))
    end = next((at for at, (depth, _) in enumerate(steps) if at > start and depth == 1), len(steps))
    return [" " * depth + detail for depth, detail in steps[start:end]]


def sorted_tables(plan: list[str]) -> set[str]:
    """Return what is sorted as a whole: the scan that stands before the sorting, at its level."""
    found = set()
    for at, step in enumerate(plan):
        if step.strip() == "USE TEMP B-TREE FOR ORDER BY":
            level = step[: len(step) - len(step.lstrip())]
            scans = [above for above in plan[:at] if above.startswith((f"{level}SCAN ", f"{level}SEARCH "))]
            found.add(scans[-1].split()[1])
    return found


@pytest.mark.parametrize(("sort", "reverse"), ORDERS)
def test_an_order_is_walked_along_its_index(database: Database, sort: SortKey, reverse: bool) -> None:
    plan = page_plan(database, SessionFilter(sort=sort, reverse=reverse))

    scans = [step.strip().removeprefix("SCAN ") for step in plan if step.strip().startswith("SCAN ")]
    for walked in WALKED[sort]:
        assert walked in scans
    assert sorted_tables(plan) <= FEW


@pytest.mark.parametrize(("sort", "reverse"), ORDERS)
@pytest.mark.parametrize(
    "asked", [{"liked": False}, {"model": "pony"}, {"complete": True}, {"untagged": True}], ids=str
)
def test_a_filter_leaves_the_order_to_the_index(
    database: Database, sort: SortKey, reverse: bool, asked: dict[str, object]
) -> None:
    plan = page_plan(database, SessionFilter.model_validate({"sort": sort, "reverse": reverse, **asked}))

    assert "session_stats" not in sorted_tables(plan)


def test_metadata_without_stats_is_found_by_merging_two_indexes(database: Database) -> None:
    plan = [step.strip() for step in page_plan(database, SessionFilter())]

    merged = plan[plan.index("MERGE (EXCEPT)") :][:5]
    assert [step.split(" USING COVERING INDEX ")[0].split()[-1] for step in merged[2::2]] == [
        "session_metadata",
        "session_stats",
    ]
