"""Completion, as the shells themselves do it: a real bash, zsh or fish, and the Tab key."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdgen_admin.models.fields import FIELDS
from tests.builders import make_manifest, make_session
from tests.cli.harness import environment, ok, read_all, run
from tests.neighbour import write_metadata

ODD = "20260101_120000-it's $HOME & a (b) *"
SEEDS = "2025-10-20_091500_seed_study.prompt"
UNIQUE = [
    ("show 2025-", SEEDS),
    ("tag 20251101", "20251101_220000-landscapes"),
    ("list --tag port", "portfolio"),
    ("tag latest --remove red", "redo"),
    ("list --model pony", "ponyDiffusionV6XL.safetensors"),
    ("list --columns session_id,wid", "session_id,width"),
    ("list --sort upd", "updated_at"),
    ("list --sort lik", "liked"),
    ("list --where sche", "scheduler"),
    ("refresh --status sta", "stalled"),
    ("list --rating dis", "dislike"),
    ("warm", "warm-cache"),
    ("list --seed-s", "--seed-sweep"),
]


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed here")


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """A folder with an `sdgen-admin` that completes as it should, and otherwise shows what it was given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "sdgen-admin"
    script.write_text(
        f'#!/bin/sh\nif [ -n "$_SDGEN_ADMIN_COMPLETE" ]; then exec "{sys.executable}" -m sdgen_admin "$@"; fi\n'
        'printf "<%s>" "$@"\n'
    )
    script.chmod(0o755)
    return folder


def source(shell: str) -> str:
    """Return the script that the program gives a shell."""
    return run(env={"_SDGEN_ADMIN_COMPLETE": f"source_{shell}"}).out


def environment_of(bin_dir: Path) -> dict[str, str]:
    changes = {"TERM": "dumb", "PATH": f"{bin_dir}{os.pathsep}{os.environ['PATH']}", "HOME": str(bin_dir), "PS1": "% "}
    return environment({**changes, "COLUMNS": None, "LC_ALL": "C.UTF-8"})


def press_tab(shell: list[str], setup: str, line: str, bin_dir: Path) -> list[str]:
    """Type a line and Tab and Enter in an interactive shell; return the arguments that the program was then given."""
    import pty

    script = bin_dir / "setup"
    script.write_text(f"{setup}\n")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        shell, stdin=theirs, stdout=theirs, stderr=theirs, env=environment_of(bin_dir), start_new_session=True
    ) as running:
        os.close(theirs)
        os.write(ours, f". {script}; echo READ''Y\n".encode())
        chunks = read_all(ours)
        seen = _until(b"READY\r\n", chunks)
        os.write(ours, f"sdgen-admin {line}\t\nexit\n".encode())
        seen += b"".join(chunks)
        running.wait(20)
    os.close(ours)
    return re.findall("<([^<>]*)>", seen.decode().partition("READY\r\n")[2])


def _until(mark: bytes, chunks: Iterator[bytes]) -> bytes:
    seen = b""
    for chunk in chunks:
        seen += chunk
        if mark in seen:
            break
    return seen


def bash(line: str, bin_dir: Path) -> list[str]:
    return press_tab(["bash", "--norc", "--noprofile", "-i"], source("bash"), line, bin_dir)


def zsh(line: str, bin_dir: Path) -> list[str]:
    setup = f"autoload -U compinit; compinit -u -D\n{source('zsh')}"
    return press_tab(["zsh", "-f", "-i"], setup, line, bin_dir)


def fish(line: str, bin_dir: Path) -> list[str]:
    """Ask fish itself what it would offer."""
    script = bin_dir / "setup.fish"
    script.write_text(source("fish"))
    command = [
        "fish",
        "--no-config",
        "-c",
        'source $argv[1]; complete -C "$argv[2]"',
        str(script),
        f"sdgen-admin {line}",
    ]
    done = subprocess.run(command, env=environment_of(bin_dir), capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return [offer.split("\t")[0] for offer in done.stdout.decode().splitlines()]


@needs("bash")
@pytest.mark.parametrize(("line", "expected"), UNIQUE)
def test_bash(shared: Path, bin_dir: Path, line: str, expected: str) -> None:
    assert bash(line, bin_dir) == [*line.split()[:-1], expected]


@needs("zsh")
@pytest.mark.parametrize(("line", "expected"), UNIQUE)
def test_zsh(shared: Path, bin_dir: Path, line: str, expected: str) -> None:
    assert zsh(line, bin_dir) == [*line.split()[:-1], expected]


@needs("fish")
@pytest.mark.parametrize(("line", "expected"), UNIQUE)
def test_fish(shared: Path, bin_dir: Path, line: str, expected: str) -> None:
    assert fish(line, bin_dir) == [expected]


@needs("fish")
def test_fish_offers_all_that_fit(shared: Path, bin_dir: Path) -> None:
    assert len(fish("show 2025", bin_dir)) == 8
    assert set(fish("list --sort ", bin_dir)) == {field.name for field in FIELDS if field.is_sortable}
    assert set(fish("list --tag ", bin_dir)) == {"faces", "portfolio", "redo", "seeds"}


@pytest.fixture
def odd(demo: Path) -> Path:
    """A collection with a model and a session id that a shell must quote."""
    manifest = make_manifest(snapshot={"runtime_info": {"sd_model_checkpoint": "my model $1 v2.safetensors [abc]"}})
    make_session(demo, ODD, manifest=manifest)
    ok("compute-stats", "--all", env={"SDGEN_IMAGES_DIR": str(demo)})
    write_metadata(demo.parent / "metadata" / "sessions.db", ODD, tags='["evil\\u001b[31m", "évident"]')
    return demo


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_what_a_shell_must_quote_arrives_whole(odd: Path, bin_dir: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    complete = {"bash": bash, "zsh": zsh}[shell]

    assert complete("list --model my", bin_dir) == ["list", "--model", "my model $1 v2.safetensors"]
    assert complete("list --tag év", bin_dir) == ["list", "--tag", "évident"]
    if shell == "bash":
        assert complete("show 2026", bin_dir) == ["show", ODD]


@needs("bash")
def test_a_part_from_the_middle_is_left_as_it_was_typed(shared: Path, bin_dir: Path) -> None:
    """In its place bash would put what all that have it begin with: a date, and the part would be lost."""
    assert bash("show seed", bin_dir) == ["show", "seed"]


def offered(line: str, env: dict[str, str | None] | None = None) -> list[str]:
    """Return what the program answers bash."""
    words = {"COMP_WORDS": f"sdgen-admin {line}", "COMP_CWORD": str(len(line.split(" ")))}
    outcome = run(env={"_SDGEN_ADMIN_COMPLETE": "complete_bash", **words, **(env or {})})
    assert (outcome.err, outcome.status) == ("", 0)
    return outcome.out.split("\n")[: -1 if outcome.out.strip() else 0]


def test_what_a_shell_must_quote_is_quoted_for_bash(odd: Path) -> None:
    assert offered("list --model my") == [r"my\ model\ \$1\ v2.safetensors"]
    assert offered("list --columns sd_model,hei") == ["sd_model,height"]


def test_the_newest_come_first(shared: Path) -> None:
    assert offered("show 2025110")[0] == "20251107_120000-長い髪"
    assert len(offered("show ")) == 8


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("list --sort comp", ["complete", "completion_percentage"]),
        ("list --sort mod", ["model", "mode"]),  # no field has such a name of its own
        ("list --sort tag", []),  # cannot be sorted by
        ("list --columns steps,tag", ["steps,tags"]),
        ("list --where seed_l", ["seed_list"]),
        ("tag --where seed_l", ["seed_list"]),
        ("list --where xyz", []),
    ],
)
def test_fields_by_any_of_their_names(line: str, expected: list[str]) -> None:
    assert offered(line) == expected


def test_the_names_of_images_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [{"name": "home", "path": "/a"}, {"name": "my nas", "path": "/b"}]
    monkeypatch.setenv("IMAGE_FOLDERS", json.dumps(folders))

    assert offered("list --root ") == ["home", r"my\ nas"]
    assert offered("list --root m") == [r"my\ nas"]
    assert offered("list --images-dir /x/one --images-dir /x/two --root ") == ["one", "two"]


def test_flags_on_the_line_count(shared: Path, tmp_path: Path) -> None:
    assert offered(f"list --images-dir {tmp_path} --tag ") == []
    assert offered(f"list --images-dir {shared} --tag red", {"SDGEN_IMAGES_DIR": str(tmp_path)}) == ["redo"]
    assert offered(f"list --db {tmp_path}/other.db --tag red") == []
    assert offered("list --root images --tag red") == ["redo"]
    assert offered("list --root other --tag red") == []


def test_control_characters_are_never_offered(odd: Path) -> None:
    assert offered("list --tag evil") == []
    assert offered("list --tag é") == ["évident"]


@pytest.mark.parametrize("what", ["show ", "list --tag ", "list --model "])
def test_without_a_database_there_is_silence(tmp_path: Path, what: str) -> None:
    assert offered(what) == []
    assert offered(what, {"SDGEN_IMAGES_DIR": str(tmp_path)}) == []
    (tmp_path / "no.db").write_bytes(b"this is no database at all, but some text")
    assert offered(what, {"SDGEN_IMAGES_DIR": str(tmp_path), "SDGEN_DB": str(tmp_path / "no.db")}) == []
    assert offered(what, {"IMAGE_FOLDERS": "{"}) == []


def test_the_script_names_the_program() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_SDGEN_ADMIN_COMPLETE" in source(shell)
        assert "sdgen-admin" in source(shell)
