"""Manners: what goes to which stream, how much is said, closed pipes, colour, encodings, a bare environment."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdgen_admin import __version__
from sdgen_admin.cli.terminal import is_reader_gone, prepare_streams
from tests.cli.harness import SESSIONS, environment, fails, ok, process, run, run_into, shell

needs_sh = pytest.mark.skipif(os.name == "nt", reason="there is no sh here")
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")


def test_version_and_help() -> None:
    assert ok("--version") == f"sdgen-admin {__version__}\n"
    assert ok() == ok("--help") == ok("-h")
    assert process("--version").stdout.decode() == f"sdgen-admin {__version__}{os.linesep}"


def test_data_goes_to_stdout_and_talk_to_stderr(shared: Path) -> None:
    outcome = run("list")

    assert [line.split("  ")[0] for line in outcome.out.splitlines()] == ["session", *SESSIONS]
    assert outcome.err == "1–8 of 8\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--limit", "3", "--offset", "2"], "3–5 of 8\n"),
        (["--offset", "50"], "There are only 8 sessions.\n"),
        (["--limit", "3", "--model", "pony", "--liked"], "No session matches.\n"),
        (["--json"], ""),
        (["--format", "csv"], "1–8 of 8\n"),
        (["--quiet"], ""),
        (["-q", "--model", "none such"], ""),
        (["--columns", "session_id"], "1–8 of 8\n"),
    ],
)
def test_what_a_list_says_below_itself(shared: Path, arguments: list[str], said: str) -> None:
    assert run("list", *arguments).err == said


@pytest.mark.parametrize(
    ("number", "of_the_system", "here", "on_windows"),
    [
        (errno.EPIPE, False, True, True),
        (errno.EINVAL, False, False, True),
        (errno.EINVAL, True, False, False),  # as of a name that Windows does not allow
        (errno.ENOSPC, False, False, False),
    ],
)
def test_how_a_closed_pipe_is_known(*, number: int, of_the_system: bool, here: bool, on_windows: bool) -> None:
    error = OSError(number, "")
    if of_the_system:
        error.winerror = 123  # type: ignore[attr-defined,unused-ignore]

    assert is_reader_gone(error, on_windows=False) == here
    assert is_reader_gone(error, on_windows=True) == on_windows


def test_verbose_says_where_and_why(shared: Path) -> None:
    outcome = run("list", "--verbose")

    assert outcome.err.splitlines()[:3] == [
        f"images root images: {shared} (from SDGEN_IMAGES_DIR)",
        f"database: {shared.parent / 'metadata' / 'sessions.db'} (from beside the images root)",
        "0 computed, 8 fresh, 1 entry that is not a session skipped",
    ]
    assert outcome.out == ok("list")
    assert "1 entry that is not a session skipped" in run("compute-stats", "--all", "--verbose").err


def test_a_new_database_is_announced_once(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "typo.db"

    assert run("list", "--db", path).err == f"Created a new database: {path}\n1–8 of 8\n"
    assert run("list", "--db", path).err == "1–8 of 8\n"
    assert run("list", "--db", tmp_path / "another.db", "--quiet").err == ""


def test_quiet_leaves_errors_alone(shared: Path) -> None:
    assert fails(1, "show", "qqqq", "--quiet") == fails(1, "show", "qqqq")


def test_a_traceback_only_when_asked_for(shared: Path) -> None:
    plain, verbose = run("show", "qqqq"), run("show", "qqqq", "--verbose")

    assert "Traceback" not in plain.err
    assert verbose.err.count("Traceback") == 1
    assert verbose.err.endswith(plain.err)
    assert "Traceback" in process("show", "qqqq", "--verbose").stderr.decode()


@pytest.mark.parametrize("line", [["tag", "nosuch", "--note", "--verbose"], ["tag", "--add", "x", "--", "--verbose"]])
def test_the_word_is_not_the_option(shared: Path, line: list[str]) -> None:
    for error in (run(*line).err, process(*line).stderr.decode()):
        assert "Error: There is no session" in error
        assert "Traceback" not in error


def test_a_traceback_cannot_steer_a_terminal(shared: Path) -> None:
    error = run("show", "\x1b[31mred", "--verbose").err

    assert "Traceback" in error
    assert "\x1b" not in error


@needs_sh
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "ids"])
def test_a_closed_pipe_ends_without_a_word(images_dir: Path, form: str) -> None:
    for number in range(600):  # more than a pipe holds
        (images_dir / f"20250101_00{number // 60:02}{number % 60:02}-{'x' * 120}").mkdir()
    listing = f"sdgen-admin list --all -q --format {form} --images-dir '{images_dir}'"
    done = shell(f"{{ {listing}; echo $? > '{images_dir}/status'; }} | head -n 1; sdgen-admin --version")

    assert done.stderr == b""
    assert done.stdout.decode().splitlines()[1:] == [f"sdgen-admin {__version__}"]
    assert (images_dir / "status").read_text() == "0\n"


@needs_full
@pytest.mark.parametrize("form", ["table", "json", "ids"])
def test_a_full_disk_is_an_error_of_its_own(shared: Path, tmp_path: Path, form: str) -> None:
    with (tmp_path / "stderr").open("w") as stderr, open("/dev/full", "w", encoding="utf-8") as full:
        status = run_into(full, stderr, "list", "--format", form, "-q")

    assert status == 1
    assert (tmp_path / "stderr").read_text() == "Error: Cannot write output: no space left on device.\n"


def test_a_reader_that_is_gone_is_no_error(shared: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with (tmp_path / "stderr").open("w") as stderr, os.fdopen(writer, "w", encoding="utf-8") as closed:
        status = run_into(closed, stderr, "list", "-q")

    assert (status, (tmp_path / "stderr").read_text()) == (0, "")


@pytest.mark.parametrize("there_is_one", [False, True])
def test_closed_streams_lead_nowhere(monkeypatch: pytest.MonkeyPatch, *, there_is_one: bool) -> None:
    """As in a program without a console, and in one that has closed them."""
    for name in ("stdin", "stdout", "stderr"):
        closed = io.StringIO()
        closed.close()
        monkeypatch.setattr(sys, name, closed if there_is_one else None)
    prepare_streams()
    streams = (sys.stdin, sys.stdout, sys.stderr)
    monkeypatch.undo()

    assert [stream.name for stream in streams] == [os.devnull] * 3
    for stream in streams:
        stream.close()


@needs_sh
@needs_full
@pytest.mark.parametrize("form", ["table", "json"])
def test_a_full_disk_behind_stdout_is_an_error(shared: Path, form: str) -> None:
    done = shell(f"sdgen-admin list --format {form} > /dev/full")

    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == "Error: Cannot write output: no space left on device."
    assert b"Traceback" not in done.stderr


@needs_sh
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_borne(shared: Path, closed: str) -> None:
    done = shell(f"sdgen-admin list {closed}")

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"of 8" not in done.stdout  # what is said on stderr never lands among the data
    assert (SESSIONS[0].encode() in done.stdout) == (">&-" not in closed.replace("2>&-", ""))


@needs_sh
def test_a_closed_stdin_holds_no_ids(shared: Path) -> None:
    done = shell("sdgen-admin show - <&-")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"show takes one session" in done.stderr


def test_piped_there_is_no_escape_sequence_and_nothing_is_cut(shared: Path) -> None:
    for env in ({}, {"COLUMNS": "40"}, {"TERM": "xterm-256color", "COLUMNS": "20"}):
        done = process("list", env=env)
        assert done.stdout == process("list").stdout
        assert b"\x1b" not in done.stdout + done.stderr
        assert b"manifest.json is not complete, or not a JSON object." in done.stdout
        assert len(done.stdout.splitlines()) == 9
        assert all(line == line.rstrip() for line in done.stdout.decode().splitlines())


def test_force_color_counts_and_no_color_counts(shared: Path) -> None:
    forced = process("list", env={"FORCE_COLOR": "1", "TERM": "xterm"}).stdout
    refused = process("list", env={"NO_COLOR": "1", "TERM": "xterm"}).stdout

    assert b"\x1b[" in forced
    assert b"\x1b[" not in refused
    assert b"\x1b" not in process("list", "--json", env={"FORCE_COLOR": "1"}).stdout


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": None, "USERPROFILE": None},
        {"TERM": None},
        {"TERM": "dumb"},
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["list", "show latest", "tag --list", "tag latest --note x --dry-run", "config"])
def test_poor_environments_are_borne(shared: Path, env: dict[str, str | None], command: str) -> None:
    done = process(*command.split(), env=env)

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    encoding = str(env.get("PYTHONIOENCODING", "utf-8"))
    assert "\ufffd" not in done.stdout.decode(encoding)
    if encoding == "ascii":  # own signs get plain ones
        assert b"\\u2013" not in done.stderr
        assert b"\\u2192" not in done.stdout
        assert b"\\xd7" not in done.stdout


def test_a_screen_that_lacks_signs(shared: Path, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+", encoding="ascii") as file:
        assert run_into(file, file, "list", "--columns", "session_id,is_favorite,completion_percentage") == 0
        assert run_into(file, file, "list") == 0
    text = (tmp_path / "out").read_text("ascii")

    assert "1-8 of 8\n" in text
    assert "\\u9577\\u3044\\u9aea" in text
    assert "####....  50%" in text
    assert "liked" in text


def test_own_signs_in_plain_letters(shared: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii"}

    assert process("list", env=env).stderr.split() == [b"1-8", b"of", b"8"]
    assert b"note: none -> x" in process("tag", "facial", "--note", "x", "--dry-run", env=env).stdout
    assert b"832 x 1216" in process("show", "facial", env=env).stdout
    assert b"####.... " in process("list", env=env).stdout
    assert b"20251107_120000-\\u9577\\u3044\\u9aea" in process("list", env=env).stdout


def test_json_is_utf8_whatever_the_encoding(shared: Path) -> None:
    done = process("list", "--json", env={"PYTHONIOENCODING": "ascii"})

    assert json.loads(done.stdout.decode("utf-8"))["sessions"][0]["session_id"] == SESSIONS[0]


def test_a_home_that_is_not_there_is_no_error(shared: Path) -> None:
    assert process("list", env={"HOME": "/nonexistent"}).returncode == 0


def test_the_module_is_the_command(shared: Path) -> None:
    script = Path(sys.executable).with_name("sdgen-admin")
    if not script.exists():
        pytest.skip("the project is not installed as a script here")
    done = subprocess.run([script, "list"], capture_output=True, check=True, env=environment())
    assert done.stdout == process("list").stdout
