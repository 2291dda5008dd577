"""Every command that prints data, in every format."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.cli.columns import USUAL
from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.formats.interface import Renderer, cell
from sdgen_admin.models.fields import FIELDS, Field
from tests.cli import shapes
from tests.cli.harness import FORMATS, SESSIONS, fails, ok, run
from tests.cli.shapes import mismatch

COMMANDS: dict[str, tuple[list[str], Any, int]] = {
    "list": (["list"], shapes.PAGE, 8),
    "show": (["show", "seed_study"], shapes.RECORD, 1),
    "tag": (["tag", "landscapes", "cut_short", "--add", "new"], shapes.CHANGED, 2),
    "tag --list": (["tag", "--list"], shapes.TAGS, 4),
    "refresh": (["refresh", "--all"], shapes.REFRESHED, 8),
    "compute-stats": (["compute-stats", "--all"], shapes.REPORT, 1),
    "warm-cache": (["warm-cache"], shapes.REPORT, 1),
    "history": (["history"], shapes.HISTORY, 10),
    "undo": (["undo"], shapes.UNDONE, 1),
    "backup": (["backup", "copy.db"], shapes.BACKUP, 1),
    "config": (["config"], shapes.SETTINGS, 2),
    "config --check": (["config", "--check"], shapes.SETTINGS, 2),
}
"""Command line, the shape of its JSON, and how many items it shows of the demo."""

each_command = pytest.mark.parametrize("name", COMMANDS)


def items(document: Any, shape: Any) -> list[Any]:
    """Return the items of a JSON document: its list, or itself."""
    name = next(iter(shape))
    return list(document[name]) if isinstance(shape[name], list) else [document]


@each_command
def test_json_is_one_document_of_its_shape(demo: Path, name: str) -> None:
    arguments, shape, count = COMMANDS[name]
    document = json.loads(ok(*arguments, "--json"))

    assert mismatch(document, shape) == ""
    assert len(items(document, shape)) == count


@each_command
def test_jsonl_is_the_same_items_one_a_line(demo: Path, name: str) -> None:
    arguments, shape, count = COMMANDS[name]
    lines = ok(*arguments, "--format", "jsonl").splitlines()
    inner = shape[next(iter(shape))]
    item_shape = inner[0] if isinstance(inner, list) else shape

    assert [mismatch(json.loads(line), item_shape) for line in lines] == [""] * count


@each_command
@pytest.mark.parametrize(("form", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_csv_and_tsv_have_a_header_and_a_line_an_item(demo: Path, name: str, form: str, delimiter: str) -> None:
    arguments, _, count = COMMANDS[name]
    rows = list(csv.reader(io.StringIO(ok(*arguments, "--format", form)), delimiter=delimiter))

    assert len(rows) == 1 + count
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(column.isidentifier() for column in rows[0])


@each_command
def test_ids_are_bare_lines(demo: Path, name: str) -> None:
    lines = ok(*COMMANDS[name][0], "--format", "ids").splitlines()

    assert lines
    assert all(line == line.strip() and line for line in lines)


@each_command
def test_the_default_is_the_table(demo: Path, name: str) -> None:
    arguments = COMMANDS[name][0]
    table = ok(*arguments, "--format", "table")

    assert table
    if name in (
        "list",
        "show",
        "tag --list",
        "history",
        "config",
    ):  # the others tell what they did, or how long it took
        assert ok(*arguments) == table


def test_jsonl_and_json_say_the_same(shared: Path) -> None:
    page = json.loads(ok("list", "--json"))
    lines = [json.loads(line) for line in ok("list", "--format", "jsonl").splitlines()]

    assert page["sessions"] == lines
    assert ok("list", "--format", "json") == ok("list", "--json")
    assert [session["session_id"] for session in lines] == list(SESSIONS)
    assert (page["total_count"], page["limit"], page["offset"]) == (8, 100, 0)
    assert json.loads(ok("show", "seed_study", "--json")) == lines[6]
    assert json.loads(ok("list", "--json", "--all"))["limit"] is None


def test_programs_get_raw_values(shared: Path) -> None:
    header, *lines = csv.reader(io.StringIO(ok("list", "--format", "csv")))
    first, portrait = (dict(zip(header, lines[index], strict=True)) for index in (0, 5))

    assert header == [field.name for field in USUAL]
    assert first["sd_model"] == "illustriousXL_v01.safetensors [abc123def4]"
    assert first["created_at"] == "2025-11-07T12:00:00"
    assert (first["completion_percentage"], first["is_favorite"], first["user_note"]) == ("100.0", "false", "")
    assert (portrait["images_actual"], portrait["images_expected"]) == ("9", "18")


def test_csv_of_show_has_every_field(shared: Path) -> None:
    header, values = csv.reader(io.StringIO(ok("show", "seed_study", "--format", "csv")))
    record = dict(zip(header, values, strict=True))

    assert header == [field.name for field in FIELDS]
    assert record["seed_list"] == "1000,1001,1002,1003"
    assert json.loads(record["placeholders"]) == {"Light": 2}


def test_columns_choose_and_order(shared: Path) -> None:
    lines = ok("list", "--columns", "user_note, session_id", "--format", "tsv", "--model", "illustrious").splitlines()

    assert lines[0] == "user_note\tsession_id"
    assert "1002 is the best of them\t2025-10-20_091500_seed_study.prompt" in lines
    assert ok("list", "--columns", "width,steps", "--limit", "1").split() == ["width", "steps", "832", "28"]
    assert ok("list", "--columns", "width,theme", "--limit", "1").split() == ["width", "theme", "832"]


def test_a_mistyped_column_names_near_ones() -> None:
    assert "Did you mean sampler_name" in fails(2, "list", "--columns", "sampler_")
    assert "Did you mean seed_list" in fails(2, "list", "--columns", "seedlist")
    assert "Did you mean tags?" in fails(2, "list", "--columns", "tgas")
    assert "The fields are: session_id, session_path" in fails(2, "list", "--columns", "???")
    assert "The fields are: session_id" in fails(2, "list", "--columns", ",")


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_field_is_a_column_by_any_of_its_names(shared: Path, field: Field) -> None:
    columns = ok("list", "--cached", "--format", "csv", "--columns", field.name)

    assert columns.splitlines()[0] == field.name
    for name in (field.label, *field.aliases):
        assert ok("list", "--cached", "--format", "csv", "--columns", name) == columns


@pytest.mark.parametrize("form", ["json", "jsonl", "ids"])
def test_columns_are_for_tables(shared: Path, form: str) -> None:
    outcome = run("list", "--columns", "width", "--format", form)

    assert "--columns applies to table, csv and tsv only." in outcome.err
    assert outcome.out == run("list", "--format", form).out


def test_two_formats_are_one_too_many() -> None:
    assert "two formats" in fails(2, "config", "--images-dir", ".", "--json", "--format", "csv")
    assert "is not one of" in fails(2, "list", "--format", "xml")


def test_every_format_has_a_renderer_of_its_own() -> None:
    kinds = {type(renderer(form)) for form in OutputFormat}

    assert len(kinds) == len(OutputFormat) == len(FORMATS)
    assert all(issubclass(kind, Renderer) for kind in kinds)
    with pytest.raises(AssertionError, match="xml"):
        renderer("xml")  # type: ignore[arg-type]


def test_an_empty_root_is_an_empty_document(tmp_path: Path) -> None:
    where = ("--images-dir", str(tmp_path))

    assert json.loads(ok("list", "--json", *where)) == {"sessions": [], "total_count": 0, "limit": 100, "offset": 0}
    assert ok("list", *where, "--format", "ids") == ok("list", *where, "--format", "jsonl") == ok("list", *where) == ""
    assert ok("list", *where, "--format", "csv").count("\n") == 1


def test_cells_are_text() -> None:
    values = [None, True, 1.5, "a", ("x", "y"), [1, 2], {"a": "é"}]

    assert [cell(value) for value in values] == ["", "true", "1.5", "a", "x,y", "1,2", '{"a":"é"}']


def test_a_list_is_written_item_by_item(shared: Path) -> None:
    """A reader that leaves early ends the program at once: nothing waits for the whole."""
    lines = ok("list", "--json").splitlines()

    assert lines[0] == '{"sessions": ['
    assert len(lines) == 8 + 2
    assert lines[-1].startswith("]")
    assert os.linesep not in lines[1]


def test_refresh_reports_beside_its_sessions(demo: Path) -> None:
    outcome = run("refresh", "cut_short", "landscapes", "--json")
    document = json.loads(outcome.out)

    assert [session["session_id"] for session in document["sessions"]] == [SESSIONS[1], SESSIONS[4]]
    assert (document["computed"], document["fresh"], document["failed"]) == (2, 0, 0)
    assert [problem["session_id"] for problem in document["problems"]] == [SESSIONS[1]]
