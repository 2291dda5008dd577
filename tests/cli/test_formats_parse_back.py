"""Every output format parses back: a standard reader gets the cells that the JSON has, whatever the text holds."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from sdgen_admin.cli.formats import OutputFormat, renderer
from sdgen_admin.cli.formats.interface import View, cell
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_manifest, make_session
from tests.cli.harness import needs_pty, ok, on_terminal, process
from tests.neighbour import write_metadata

COLUMNS = ("text", "number", "list", "object")
DELIMITERS = {OutputFormat.CSV: ",", OutputFormat.TSV: "\t"}
HOSTILE = (
    "", " ", '"', "\t", "\n", "\r", "\r\n", "\0", "a,b", '"quoted"', "\N{ZERO WIDTH NO-BREAK SPACE}first",
    "a\u2028b\x85c",
    "=1+1", "@cmd", "+1", "-1", "\\x09", "\\", "'", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "e\N{COMBINING ACUTE ACCENT}",
    "\N{FACE WITH TEARS OF JOY}", "\U000e0041", "\uffff", "\x7f\x9b",
)  # fmt: skip
any_text = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.sampled_from('",\t\r\n\\ a\0\u2028')),
)
items = st.lists(
    st.fixed_dictionaries(
        {
            "text": any_text | st.none(),
            "number": st.none() | st.integers() | st.floats() | st.booleans(),
            "list": st.lists(any_text),
            "object": st.dictionaries(any_text, any_text | st.integers() | st.floats()),
        }
    ),
    max_size=4,
)
Item = dict[str, Any]


class AnyView(View[Item]):
    """Items of any content, as the commands' own views put theirs."""

    list_name = "items"
    columns: tuple[str, ...] = COLUMNS

    def json(self, item: Item) -> str:
        return json.dumps({name: finite(value) for name, value in item.items()}, ensure_ascii=False)

    def row(self, item: Item) -> Iterable[Any]:
        return (item[name] for name in COLUMNS)

    def ids(self, item: Item) -> Iterable[str]:
        return (item["text"],)

    def print(self, items: Iterator[Item]) -> None:
        raise AssertionError("not a format that parses back")


def finite(value: Any) -> Any:
    """Return what JSON has of a value: it has no number that is not finite."""
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    return None if isinstance(value, float) and value - value != 0 else value


def written(form: OutputFormat, view: View[Any]) -> bytes:
    """Return what a format writes of a view to a pipe."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        renderer(form).render(view)
    buffer = stdout.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()


def read_cells(data: bytes, delimiter: str) -> list[list[str]]:
    """Read as Python's documentation says: `open(…, newline="")`, `csv.reader`."""
    return list(csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline=""), delimiter=delimiter))


@pytest.mark.parametrize(("form", "delimiter"), DELIMITERS.items())
@given(shown=items)
def test_a_standard_reader_gets_every_cell_back(form: OutputFormat, delimiter: str, shown: list[Item]) -> None:
    header, *lines = read_cells(written(form, AnyView(shown)), delimiter)

    assert header == list(COLUMNS)
    assert lines == [[cell(item[name]) for name in COLUMNS] for item in shown]


@given(shown=items)
def test_cells_have_the_values_that_json_has(shown: list[Item]) -> None:
    documents = json.loads(written(OutputFormat.JSON, AnyView(shown)))["items"]
    rows = read_cells(written(OutputFormat.CSV, AnyView(shown)), ",")[1:]

    assert len(documents) == len(rows)
    for document, row in zip(documents, rows, strict=True):
        cells = dict(zip(COLUMNS, row, strict=True))
        assert cells["text"] == (document["text"] or "")
        assert cells["number"] == ("" if document["number"] is None else cell(document["number"]))
        assert read_list(cells["list"]) == document["list"]
        assert json.loads(cells["object"]) == document["object"]


def read_list(text: str) -> Any:
    """Read a list as the README says: JSON if it begins with a bracket, otherwise items between commas."""
    if text.startswith("["):
        return json.loads(text)
    return text.split(",") if text else []


@given(shown=items)
@example([{"text": "\x85\u2028\r\n", "number": 1, "list": ["\u2029"], "object": {"\x0b": "\x0c"}}])
def test_json_lines_are_lines_for_every_reader(shown: list[Item]) -> None:
    """`splitlines` breaks at far more characters than a reader of bytes does; neither finds one inside a record."""
    data = written(OutputFormat.JSONL, AnyView(shown))
    lines = data.decode("utf-8").splitlines()

    assert data.count(b"\n") == len(lines) == len(shown)
    assert [json.loads(line) for line in lines] == json.loads(written(OutputFormat.JSON, AnyView(shown)))["items"]


@given(shown=items)
def test_json_holds_nothing_that_steers_a_terminal(shown: list[Item]) -> None:
    for form in (OutputFormat.JSON, OutputFormat.JSONL):
        text = written(form, AnyView(shown)).decode("utf-8")
        assert not set(text) & {*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u202e"} - {"\n"}


@pytest.mark.parametrize("form", [OutputFormat.JSON, OutputFormat.JSONL, *DELIMITERS])
@given(text=st.text(st.characters(categories=["Cs", "L", "P"]), min_size=1))
def test_what_is_not_utf_8_is_spelled_out_alike_everywhere(form: OutputFormat, text: str) -> None:
    spelled = "".join(map(spelled_out, text))
    data = written(form, AnyView([{"text": text, "number": 1, "list": [], "object": {}}]))

    if form in DELIMITERS:
        assert read_cells(data, DELIMITERS[form])[1][0] == spelled
    else:
        document = json.loads(data)
        assert document.get("items", [document])[0]["text"] == spelled


def spelled_out(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else character


@pytest.mark.parametrize("form", DELIMITERS)
@pytest.mark.parametrize("value", ["", None, "a"])
def test_an_only_cell_is_a_record_even_if_it_is_empty(form: OutputFormat, value: str | None) -> None:
    class OneColumn(AnyView):
        columns = ("text",)

        def row(self, item: Item) -> Iterable[Any]:
            return (item["text"],)

    assert read_cells(written(form, OneColumn([{"text": value}])), DELIMITERS[form]) == [["text"], [value or ""]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (("a", "b"), "a,b"),
        ((), ""),
        ((1, 2), "1,2"),
        (("a,b", "c"), '["a,b","c"]'),
        (("[a]",), '["[a]"]'),
        (("", "b"), '["","b"]'),
        ({"a": float("nan"), "b": 1e999}, '{"a":null,"b":null}'),
        (float("inf"), ""),
        (10**30, "1" + "0" * 30),
    ],
)
def test_cells_that_could_be_mistaken(value: object, expected: str) -> None:
    assert cell(value) == expected


NOTE = "".join(text for text in HOSTILE if text != "\0") + "\0 behind"


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An images root whose only session holds hostile text wherever a person or another program can write some."""
    images_dir = tmp_path / "images"
    make_session(images_dir, manifest=make_manifest(snapshot={"theme_name": NOTE, "style": "\r"}))
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    library = SessionLibrary(images_dir)
    library.compute()
    write_metadata(Path(library.db_path), SESSION, tags='["a,b", "c\\td", "[e"]', auto_metadata='{"\\r": "\\u0000"}')
    library.update_metadata(SESSION, SessionMetadataUpdate(user_note=NOTE, is_favorite=True))
    return images_dir


COMMANDS = {
    "list": ["list", "--limit", "5"],
    "show": ["show", SESSION],
    "tag": ["tag", SESSION, "--add", "new"],
    "tag --list": ["tag", "--list"],
    "history": ["history"],
    "undo": ["undo"],
    "refresh": ["refresh", SESSION],
    "compute-stats": ["compute-stats", "--all"],
    "warm-cache": ["warm-cache"],
    "config": ["config", "--check"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("form", "delimiter"), DELIMITERS.items())
def test_every_command_parses_back_through_a_pipe(
    hostile: Path, command: str, form: OutputFormat, delimiter: str
) -> None:
    with_dry_run = ["--dry-run"] if command in ("tag", "undo") else []
    json_lines = process(*COMMANDS[command], *with_dry_run, "--format", "jsonl", "--quiet")
    piped = process(*COMMANDS[command], *with_dry_run, "--format", form, "--quiet")
    documents = [json.loads(line) for line in json_lines.stdout.decode("utf-8").splitlines()]
    header, *lines = read_cells(piped.stdout, delimiter)

    assert (piped.returncode, piped.stderr, json_lines.returncode) == (0, b"", 0)
    assert len(lines) == len(documents) > 0
    for document, line in zip(documents, lines, strict=True):
        found = dict(zip(header, line, strict=True))
        flat = (document.get("metadata") or {}) | (document.get("stats") or {}) | document
        names = set(header) & set(flat) - {"seconds", "problems", "created_at"}
        assert names
        assert {name: found[name] for name in names} == {name: cell(flat[name]) for name in names}


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_a_list_of_every_column_has_the_note_as_it_is(hostile: Path, form: str) -> None:
    columns = "session_id,user_note,theme,style,tags,auto_metadata"
    piped = process("list", "--columns", columns, "--format", form, "--quiet")
    header, row = read_cells(piped.stdout, DELIMITERS[OutputFormat(form)])

    assert row == [SESSION, NOTE, NOTE, "\r", '["a,b","c\\td","[e"]', '{"\\r":"\\u0000"}']
    assert header == columns.split(",")


def test_rfc_4180_ends_lines_as_it_says_and_tsv_as_unix_does(hostile: Path) -> None:
    assert ok("list", "--columns", "session_id", "--format", "csv") == f"session_id\r\n{SESSION}\r\n"
    assert ok("list", "--columns", "session_id,width", "--format", "tsv") == f"session_id\twidth\n{SESSION}\t832\n"


@needs_pty
@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "table"])
def test_a_terminal_gets_no_control_characters(hostile: Path, form: str) -> None:
    columns = ["--columns", "user_note,theme,tags,style"] if form in ("csv", "tsv", "table") else []
    shown = on_terminal("list", *columns, "--format", form, columns=400, env={"TERM": "dumb"})
    controls = {*map(chr, range(0x20)), "\x7f", "\x9b", "\x85", "\u2028", "\u202e", "\ufeff"} - {"\n", "\t"}

    assert not set(shown) & controls


@pytest.mark.skipif(os.name == "nt", reason="every path is text here")
@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv", "ids", "table"])
def test_a_path_that_is_not_utf_8_is_spelled_out(hostile: Path, tmp_path: Path, form: str) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(folder)
    copy = os.fsdecode(folder + b"/copy.db")
    spelled = f"{tmp_path}/\\xff/copy.db"

    out = ok("backup", copy, "--format", form)
    assert os.path.exists(copy)
    assert (json.dumps(spelled) if "json" in form else spelled) in out
    out = ok("config", "--images-dir", os.fsdecode(folder), "--format", form)
    assert json.dumps(f"{tmp_path}/\\xff")[1:-1] in out if "json" in form else f"{tmp_path}/\\xff" in out
