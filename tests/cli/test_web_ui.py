"""On a database that the web UI created, every command works and the web UI's rows stay what it can read."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.harness import ok, run

SWEEP, CAPPED = "20261121_044819-seed_sweep", "20261121_044741-combi_capped"


def mirrored(images_dir: Path) -> Iterator[dict[str, Any]]:
    path = images_dir.parent / "metadata" / "sessions.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        yield from map(dict, connection.execute("SELECT * FROM session_stats ORDER BY session_name"))


@pytest.mark.parametrize(
    "line",
    [
        "list", "list --liked", "list --cached --search portrait", "show latest", "tag --list", "compute-stats --all",
        "refresh --all", "refresh --where steps=28", "tag latest --add x", "tag --where steps=28 --liked", "history",
        "warm-cache --prune", "backup copy.db", "config", "config --check",
    ],
)  # fmt: skip
def test_every_command_works(web_ui: Path, line: str) -> None:
    ok(*line.split())


def test_undo_works(web_ui: Path) -> None:
    ok("tag", "seed_sweep", "--add", "x")
    ok("undo")

    assert json.loads(ok("show", "seed_sweep", "--json"))["metadata"]["tags"] == ["seeds"]


def test_what_the_web_ui_knows_is_listed(web_ui: Path) -> None:
    assert ok("list", "--format", "ids").split() == [SWEEP, CAPPED]
    assert ok("list", "--liked", "--tag", "seeds", "--format", "ids").split() == [SWEEP]


def test_its_rows_keep_their_form(web_ui: Path) -> None:
    ok("compute-stats", "--all")

    capped, sweep = mirrored(web_ui)
    assert (capped["session_name"], capped["images_requested"], capped["images_actual"]) == (CAPPED, 12, 12)
    assert capped["completion_percent"] == 1.0  # a fraction
    assert json.loads(capped["placeholders"]) == ["Expression", "Hair"]
    assert json.loads(capped["variations_summary"]) == {"Expression": 5, "Hair": 4}
    assert capped["variations_theoretical"] == 20
    assert (sweep["seed_min"], sweep["seed_max"]) == (1000, 1003)
    assert (sweep["session_type"], sweep["is_seed_sweep"]) == ("seed-sweep", 1)


def test_the_first_write_is_announced(web_ui: Path) -> None:
    said = run("tag", "latest", "--liked").err

    assert "Backed up the database" in said
    assert "Created a new database" not in said
    assert run("tag", "latest", "--no-liked").err == ""
