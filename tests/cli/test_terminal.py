"""On a real terminal, of several widths: everything fits, ids are whole, and hostile text stays text."""

import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.cells import cell_len

from sdgen_admin.cli import terminal
from sdgen_admin.cli.text import escaped_json, visible, visible_lines
from tests.builders import make_manifest, make_session
from tests.cli.harness import FORMATS, SESSIONS, needs_pty, ok, on_terminal, process_on_terminal, read_all
from tests.neighbour import write_metadata

WIDTHS = (60, 80, 120, 200)
STYLE = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "[red]x[/red] [/x] \x1b[31m\x1b]0;title\x07 \x9b2J \x7f \u202ereversed\u2066 \u200b\ufeff tab\t nl\n end"
EVIL_NAME = "20250101_000000-[b]evil[i] \x1b[2J\u202e"
LONG_NAME = "20250102_000000-" + "a_very_long_name_" * 5 + "顔"
COMBINING = "20250103_000000-e\u0301te\u0301-नमस्ते"

pytestmark = needs_pty


def screen(*arguments: str | Path, columns: int = 80, env: dict[str, str | None] | None = None) -> list[str]:
    return STYLE.sub("", on_terminal(*arguments, columns=columns, env=env)).splitlines()


@pytest.fixture
def wild(images_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An images root of hostile, long, wide and combining text, in names, manifests and metadata."""
    variations = {HOSTILE: {"used": [HOSTILE, "b"]}}
    snapshot = {
        "runtime_info": {"sd_model_checkpoint": HOSTILE},
        "resolved_template": {"prompt": HOSTILE, "negative": HOSTILE},
        "version": HOSTILE,
        "theme_name": HOSTILE,
    }
    manifest = make_manifest(snapshot=snapshot, variations=variations, api={"sampler_name": HOSTILE})
    for name in (EVIL_NAME, LONG_NAME, COMBINING):
        make_session(images_dir, name, manifest=manifest, images=2)
        write_metadata(tmp_path / "metadata" / "sessions.db", name, user_note=HOSTILE, tags=f'["{"t" * 40}", "[/x]"]')
    make_session(images_dir, "20250104_000000-broken", manifest="{")
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    ok("compute-stats", "--all")
    return images_dir


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("arguments", ["list", "list --liked", "tag --list", "show facial", "show cut_short"])
def test_no_line_is_wider_than_the_terminal(shared: Path, arguments: str, columns: int) -> None:
    for line in screen(*arguments.split(), columns=columns):
        assert cell_len(line) <= columns or line.startswith("  folder  ")
        assert line == line.rstrip()


@pytest.mark.parametrize("columns", WIDTHS)
def test_no_session_id_is_cut_or_wrapped(shared: Path, columns: int) -> None:
    assert [line.split("  ")[0] for line in screen("list", columns=columns)[1:-1]] == list(SESSIONS)
    for name in SESSIONS[::3]:
        lines = screen("show", name, columns=columns)
        assert lines[0].split("  ")[0] == name
        assert any(line.endswith(name) for line in lines if line.startswith("  folder"))


@pytest.mark.parametrize("columns", WIDTHS)
def test_long_wide_and_combining_names_are_whole(wild: Path, columns: int) -> None:
    text = "\n".join(screen("list", columns=columns))

    assert LONG_NAME in text
    assert COMBINING in text
    assert "20250101_000000-[b]evil[i] \\x1b[2J\\u202e" in text
    needed = cell_len(LONG_NAME)
    assert all(cell_len(line) <= max(columns, needed) for line in text.splitlines())


def test_columns_stand_one_below_the_other(wild: Path) -> None:
    header, *lines = screen("list", columns=200)[:-1]
    starts = {cell_len(line[: line.index("2025-01-")]) for line in lines}

    assert starts == {cell_len(header[: header.index("created")])}


@pytest.mark.parametrize(
    ("columns", "header"),
    [
        (60, "session images completion"),
        (80, "session images completion flags"),
        (120, "session created model images completion flags tags"),
        (200, "session created model images completion flags tags problem"),
    ],
)
def test_a_wider_terminal_shows_more(shared: Path, columns: int, header: str) -> None:
    assert screen("list", columns=columns)[0].split() == header.split()


def test_what_is_wrong_stays_where_only_that_is_listed(demo: Path) -> None:
    ok("tag", "cut_short", "quick_try", "--add", "again")

    header, cut, _, _ = screen("list", "--problem", columns=80)
    assert header.split() == ["session", "images", "problem"]
    assert cut.endswith("  manifest.json is not complete, or not a JSON…")
    header, cut, *_ = screen("list", "--problem", columns=44)
    assert header.split() == ["session", "problem"]
    assert cut.endswith("  manifest.json is…")


def test_many_changes_are_told_of_the_first(images_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [make_session(images_dir, f"20250101_0000{number:02}-a").name for number in range(25)]
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))

    lines = screen("tag", *names, "--liked")

    assert lines[-2:] == ["… and 5 more sessions", "25 of 25 sessions"]
    assert sum(line.startswith("2025") for line in lines) == 20
    assert len(ok("history", "--format", "ids").splitlines()) == 25


def test_columns_that_do_not_fit_are_named(shared: Path) -> None:
    lines = screen("list", "--columns", "sd_model,resolved_prompt,session_id,user_note,tags,width,steps", columns=80)

    assert lines[-1] == "1–8 of 8 (no room: resolved_prompt, user_note, tags, width, steps)"
    assert [name for name in SESSIONS if any(name in line for line in lines)] == list(SESSIONS)
    assert screen("list", columns=80)[-1] == "1–8 of 8 (no room: created, model, tags, problem)"
    assert screen("list", "--columns", "session_id,width", columns=80)[-1] == "1–8 of 8"


def test_the_width_of_a_dumb_terminal_is_its_own(shared: Path) -> None:
    dumb = process_on_terminal("list", columns=60, env={"TERM": "dumb"})

    assert "\x1b" not in dumb
    assert dumb.splitlines() == screen("list", columns=60)


@pytest.mark.parametrize("columns", [60, 120])
def test_a_process_sees_its_terminal(shared: Path, columns: int) -> None:
    for command in (["list"], ["show", "facial"]):
        assert process_on_terminal(*command, columns=columns) == on_terminal(*command, columns=columns)


def test_colour_is_never_the_only_carrier(shared: Path) -> None:
    coloured = on_terminal("list", columns=120)
    without = on_terminal("list", columns=120, env={"NO_COLOR": "1"})

    assert re.search(r"\x1b\[3[0-9]m", coloured)
    assert not re.search(r"\x1b\[3[0-9]m", without)
    assert STYLE.sub("", coloured) == STYLE.sub("", without)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", ["list", "show [b]evil", "tag [b]evil --note new --dry-run", "refresh --all"])
def test_hostile_text_never_reaches_a_terminal_raw(wild: Path, command: str, form: str) -> None:
    sent = on_terminal(*command.split(), "--format", form, columns=120)

    assert "[b]evil[i]" in sent or command.startswith("refresh")
    left = STYLE.sub("", sent) if form == "table" else sent
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", left)


def test_markup_is_text(wild: Path) -> None:
    lines = screen("show", "[b]evil", columns=200)

    assert any("[red]x[/red] [/x] \\x1b[31m" in line for line in lines)
    assert any(line.startswith("  tags") and line.endswith("[/x]") for line in lines)


def test_errors_are_made_visible_too(shared: Path) -> None:
    assert screen("show", "\x1b[31mred", columns=120)[0] == "Error: There is no session '\\x1b[31mred'."
    assert "\\x1b" in screen("list", "--model", "x", "--\x1b[31m", columns=120)[0]


def sent_to_stderr(work: Callable[[], None], term: str = "xterm-256color") -> str:
    """Do some work while stderr is a terminal; return all that was sent there."""
    import pty

    ours, theirs = pty.openpty()
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        sent = pool.submit(lambda: b"".join(read_all(ours)))
        with os.fdopen(theirs, "w", encoding="utf-8") as stream:
            patch.setattr(sys, "stderr", stream)
            patch.setattr(terminal, "PROGRESS_AFTER", 0.05)
            patch.setenv("TERM", term)
            work()
        text = sent.result(10).decode()
    os.close(ours)
    return text


def compute_forty(*, quiet: bool) -> None:
    with terminal.progress_bar(quiet=quiet) as bar:
        bar(1, 40)
        time.sleep(0.06)
        bar(2, 40)
        bar(30, 40)
        time.sleep(0.15)
        bar(40, 40)


def test_a_bar_shows_work_that_takes_long() -> None:
    sent = sent_to_stderr(lambda: compute_forty(quiet=False))
    text = STYLE.sub("", sent)

    assert "Computing stats" in text
    assert "40/40" in text
    assert re.search(r"\d+/s", text)
    assert re.search(r"\d:\d\d:\d\d", text)
    assert "\x1b[2K" in sent[sent.rindex("40/40") :]  # and is taken away


def test_no_bar_where_it_is_not_welcome() -> None:
    assert sent_to_stderr(lambda: compute_forty(quiet=True)) == ""
    assert sent_to_stderr(lambda: compute_forty(quiet=False), term="dumb") == ""


def test_making_text_visible() -> None:
    assert visible("plain") == "plain"
    assert visible("a\tb\nc\x1b") == "a\\x09b\\x0ac\\x1b"
    assert visible_lines("a\tb\nc\x1b\r") == "a\tb\nc\\x1b\\x0d"
    assert visible("\u2028\u202e\ufeff") == "\\u2028\\u202e\\ufeff"
    assert visible("नमस्ते 👩\u200d👩 क\u200cष") == "नमस्ते 👩\u200d👩 क\u200cष"
    assert escaped_json('"\x7f\x9b\u202e\\n"') == '"\\u007f\\u009b\\u202e\\n"'


def test_a_long_note_goes_on_below_itself(demo: Path) -> None:
    note = ("the light falls in from the left " * 4).strip()

    for command in (["tag", "latest", "--note", note], ["history", "--limit", "1"]):
        lines = screen(*command, columns=60)
        at = next(at for at, line in enumerate(lines) if line.lstrip().startswith("note: none → the light"))
        indent = len(lines[at]) - len(lines[at].lstrip())
        below = [line for line in lines[at + 1 :] if line.startswith(" " * (indent + 2))]
        assert len(below) == 2
        assert " ".join([lines[at], *below]).split()[3:] == note.split()
