"""Running the command line: in this process, in one of its own, and on a terminal."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest
import typer
from typer.testing import CliRunner

from sdgen_admin.cli.app import app

PROGRAM = [sys.executable, "-m", "sdgen_admin"]
PLAIN = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": None, "FORCE_COLOR": None, "TTY_COMPATIBLE": None}
"""What keeps a screen the same on every machine."""

SESSIONS = (
    "20251107_120000-長い髪",
    "20251106_143000-cut_short",
    "20251105_101530-quick_try",
    "20251103_064500-one_face_many_seeds",
    "20251101_220000-landscapes",
    "20251028_201145-portrait_lighting",
    "2025-10-20_091500_seed_study.prompt",
    "20251014_173320-facial_expressions",
)
"""The demo's session ids, newest first."""
MOST_LINES = 11
"""Of an error: what failed, what to type next, eight names, and how many more there are."""
FORMATS = ("table", "json", "jsonl", "csv", "tsv", "ids")

needs_pty = pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals here")


@dataclass(frozen=True)
class Outcome:
    """How a command line ended."""

    status: int
    out: str
    err: str


def run(*arguments: str | Path, stdin: str | bytes = "", env: Mapping[str, str | None] | None = None) -> Outcome:
    """Run a command line in this process. A traceback is this test's own."""
    line = [str(argument) for argument in arguments]
    result = CliRunner().invoke(
        app, line, input=stdin, env={**PLAIN, **(env or {})}, catch_exceptions=False, prog_name="sdgen-admin"
    )
    return Outcome(result.exit_code, result.stdout_bytes.decode(), result.stderr_bytes.decode())


def ok(*arguments: str | Path, stdin: str | bytes = "", env: Mapping[str, str | None] | None = None) -> str:
    """Run a command line that succeeds, and return its stdout."""
    outcome = run(*arguments, stdin=stdin, env=env)
    assert outcome.status == 0, outcome.err
    return outcome.out


def fails(status: int, *arguments: str | Path, stdin: str | bytes = "") -> str:
    """Run a command line that fails with `status` without any data, and return its stderr: an error and its hint."""
    outcome = run(*arguments, stdin=stdin)
    assert (outcome.status, outcome.out) == (status, "")
    assert 1 <= len(outcome.err.splitlines()) <= MOST_LINES
    assert outcome.err.startswith("Error: ")
    assert outcome.err.count("Error: ") == 1
    return outcome.err


def flags_of(command: str) -> dict[str, list[str]]:
    """Return the flags of each option of a command, as Typer knows them."""
    program: Any = typer.main.get_command(app)
    return {option.name: [*option.opts, *option.secondary_opts] for option in program.commands[command].params}


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return this process's environment, changed; None takes a variable away."""
    merged: dict[str, str | None] = {**os.environ, **PLAIN, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


def process(
    *arguments: str | Path, stdin: bytes = b"", env: Mapping[str, str | None] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command line as a process of its own."""
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, env=environment(env), input=stdin, capture_output=True, check=False, timeout=60)


def shell(line: str, env: Mapping[str, str | None] | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run a line of sh in which `sdgen-admin` is the program."""
    function = f'sdgen_admin() {{ "{sys.executable}" -m sdgen_admin "$@"; }}\n'
    line = function + line.replace("sdgen-admin", "sdgen_admin")
    return subprocess.run(["sh", "-c", line], env=environment(env), capture_output=True, check=False, timeout=60)


def on_terminal(*arguments: str | Path, columns: int = 80, env: Mapping[str, str | None] | None = None) -> str:
    """Run a command line in this process with a terminal as stdout and stderr; return all that it sent there."""
    import pty

    ours, theirs = pty.openpty()
    changes = {"COLUMNS": str(columns), "TERM": "xterm-256color", **(env or {})}
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: b"".join(read_all(ours)))
        with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
            run_into(terminal, terminal, *arguments, env=changes)
    os.close(ours)
    return sent.result().decode(errors="surrogateescape").replace("\r\n", "\n")


def run_into(
    stdout: TextIO, stderr: TextIO, *arguments: str | Path, env: Mapping[str, str | None] | None = None
) -> int:
    """Run a command line in this process with two real files as its streams; return its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**PLAIN, **(env or {})}.items():
            patch.delenv(name, raising=False)
            if value is not None:
                patch.setenv(name, value)
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "stderr", stderr)
        patch.setattr(sys, "argv", ["sdgen-admin", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            app(prog_name="sdgen-admin")
    return int(end.value.code or 0)


def process_on_terminal(*arguments: str | Path, columns: int, env: Mapping[str, str | None] | None = None) -> str:
    """Run a command line as a process whose three streams are a terminal; return all that it sent there."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    merged = environment({"COLUMNS": None, "TERM": "xterm-256color", **(env or {})})
    command = [*PROGRAM, *map(str, arguments)]
    with subprocess.Popen(command, env=merged, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        sent = b"".join(read_all(ours))
        running.wait(60)
    os.close(ours)
    return sent.decode(errors="surrogateescape").replace("\r\n", "\n")


def read_all(terminal: int) -> Iterator[bytes]:
    """Yield what is sent to a terminal until nobody has it open any more."""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side is closed
            return
        if not data:
            return
        yield data


def copy_collection(source: Path, target: Path) -> Path:
    """Copy a collection with its modification times, as if it had been made in `target`; return its images root.

    The database is told the new place: a copy whose original is still there would be a second collection to it.
    """
    shutil.copytree(source, target, symlinks=True)
    paths = {"sdgen_admin_roots": ("path", "prefix", "real_path"), "session_metadata": ("session_path",)}
    with closing(sqlite3.connect(target / "metadata" / "sessions.db")) as connection, connection:
        for table, columns in paths.items():
            for column in columns:
                new_place = (str(source), str(target))
                connection.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", new_place)
    return target / "images"
