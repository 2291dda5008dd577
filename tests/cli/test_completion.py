"""Completion, as the shells themselves do it: a real bash, zsh or fish, and the Tab key."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sdgen_admin.cli import completion, shells, words
from sdgen_admin.models.fields import FIELDS
from tests.builders import make_manifest, make_session
from tests.cli.harness import environment, ok, read_all, run
from tests.cli.words import commands, program_options
from tests.neighbour import write_metadata

ODD = """20260101_120000-it's a  "b" $HOME `c` \\d *? [e] {f,g} !h ; & | <i> (j) ~ # k:l=m@n%o^p, é -q"""
SEEDS = "2025-10-20_091500_seed_study.prompt"
_PATIENCE = 20
"""Seconds until a shell counts as stuck."""
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
        'printf "%s\\036" "$@"\n'
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
        stuck = threading.Timer(_PATIENCE, running.kill)  # in a quote that is not closed
        stuck.start()
        os.write(ours, f". {script}; echo READ''Y\n".encode())
        chunks = read_all(ours)
        seen = _until(b"READY\r\n", chunks)
        os.write(ours, f"sdgen-admin {line}\t\nexit\n".encode())
        seen += b"".join(chunks)
        stuck.cancel()
    os.close(ours)
    return re.findall("([^\x1e\n]*)\x1e", seen.decode().partition("READY\r\n")[2])


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


INTERACTIVE = [pytest.param(bash, marks=needs("bash"), id="bash"), pytest.param(zsh, marks=needs("zsh"), id="zsh")]


@pytest.mark.parametrize("shell", INTERACTIVE)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("list --model my", ["list", "--model", "my model $1 v2.safetensors"]),
        ("list --model=my", ["list", "--model=my model $1 v2.safetensors"]),
        ("list --tag év", ["list", "--tag", "évident"]),
        ("show 2026", ["show", ODD]),
        ("show '2026", ["show", ODD]),
        ('show "2026', ["show", ODD]),
        (r"show 20260101_120000-it\'s\ a", ["show", ODD]),
        ("show \"20260101_120000-it's", ["show", ODD]),
        ("tag latest 2026", ["tag", "latest", ODD]),
    ],
)
def test_what_a_shell_must_quote_arrives_whole(
    odd: Path, bin_dir: Path, shell: Callable[[str, Path], list[str]], line: str, expected: list[str]
) -> None:
    assert shell(line, bin_dir) == expected


@needs("fish")
@pytest.mark.parametrize("typed", ["2026", r"20260101_120000-it\'s\ a", "'2026", '"2026'])
def test_fish_is_given_names_as_they_are(odd: Path, bin_dir: Path, typed: str) -> None:
    assert fish(f"show {typed}", bin_dir) == [ODD]


@pytest.mark.parametrize("shell", INTERACTIVE)
@pytest.mark.parametrize(("typed", "expected"), [("many_se", "20251103_064500-one_face_many_seeds"), ("seed", "seed")])
def test_part_of_a_name(
    shared: Path, bin_dir: Path, shell: Callable[[str, Path], list[str]], typed: str, expected: str
) -> None:
    """One name takes its place. If there are several, it stays: what they all begin with is a date."""
    assert shell(f"show {typed}", bin_dir) == ["show", expected]


@needs("bash")
@pytest.mark.parametrize("typed", ["20260102_120000-a:b=", "20260102_120000-a:b", "20260102_120000-a:", "20260102"])
def test_where_bash_takes_words_apart(demo: Path, bin_dir: Path, typed: str) -> None:
    name = "20260102_120000-a:b=c@d"
    make_session(demo, name)
    ok("compute-stats", "--all")

    assert bash(f"show {typed}", bin_dir) == ["show", name]


def offered(line: str, env: dict[str, str] | None = None) -> list[str]:
    """Return what the program answers bash."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        words = {"COMP_WORDS": f"sdgen-admin {line}".replace(" ", "\n"), "COMP_CWORD": str(len(line.split(" ")))}
        answer, status = shells.bash(words)
    assert status == 0
    return answer.splitlines()


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


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lis", ["list"]),
        ("--ver", ["--version"]),
        ("frobnicate ", []),
        ("list --no-l", ["--no-liked"]),
        ("list --format js", ["json", "jsonl"]),
        ("list --format=js", ["--format=json", "--format=jsonl"]),  # as a word of its own it is whole
        ("list --rating = dis", ["dislike"]),
        ("list --liked=", []),  # a flag
        ("list --limit ", []),
        ("list --nonsense ", []),
        ("show latest ", []),  # takes one session
        ("show -- --", []),  # is no option there
        ("tag latest la", ["latest"]),
        ("tag - la", ["latest"]),
        ("list --note --tag ", []),
    ],
)
def test_words(line: str, expected: list[str]) -> None:
    assert offered(line) == expected


def test_the_words_are_those_of_the_program() -> None:
    """If this fails: `python -m tests.cli.words` brings the file up to date."""
    assert program_options() == words.PROGRAM
    assert commands() == words.COMMANDS
    assert set(completion.NAMES) <= {
        name.removesuffix("...") for _, arguments, options in words.COMMANDS.values() for name in (*arguments, *options)
    }


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_words_come_with_their_help(shell: str) -> None:
    environment = {"_TYPER_COMPLETE_ARGS": "sdgen-admin hist"}

    assert shells.SHELLS[shell](environment)[0].replace(r"\x20", " ").count("Show the changes that this tool made") == 1


def test_powershell() -> None:
    typed = {"_TYPER_COMPLETE_ARGS": "sdgen-admin list --sta", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "--sta"}
    assert shells.powershell(typed)[0].startswith("--status:::running")
    typed = {"_TYPER_COMPLETE_ARGS": "sdgen-admin list --status "}
    assert "stalled::: \n" in shells.powershell(typed)[0]


def test_what_powershell_must_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_FOLDERS", json.dumps([{"name": "Jo's nas", "path": "/a"}]))

    assert shells.powershell({"_TYPER_COMPLETE_ARGS": "sdgen-admin list --root "})[0] == "'Jo''s nas'::: \n"


def test_the_script_names_the_program() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_SDGEN_ADMIN_COMPLETE" in source(shell)
        assert "sdgen-admin" in source(shell)
