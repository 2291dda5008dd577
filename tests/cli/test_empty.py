"""An empty list says why it is empty."""

import shutil
from pathlib import Path

import pytest

from tests.cli.harness import run

FACES = "20251014_173320-facial_expressions"
MODELS = "illustriousXL_v01.safetensors [abc123def4], ponyDiffusionV6XL.safetensors [67ab2fd8ec]"


@pytest.mark.parametrize(
    ("filters", "reasons"),
    [
        ("--model pony --liked", []),
        ("--tag faces --no-liked --cached", []),
        ("--tag fases", ["No session is tagged 'fases'. Did you mean faces or seeds?"]),
        ("--tag faces --tag zzz", ["No session is tagged 'zzz'. List the tags with: sdgen-admin tag --list"]),
        ("--model ponny --cached", [f"No model has 'ponny' in its name. The models are: {MODELS}."]),
        ("--model ponny --model PONEY", [f"No model has 'ponny' or 'PONEY' in its name. The models are: {MODELS}."]),
        ("--model ponny --model PONY --liked", []),
        ("--where steps<3", []),
        ("--search nowhere -q", None),
    ],
)
def test_what_no_session_has_is_said(shared: Path, filters: str, reasons: list[str] | None) -> None:
    outcome = run("list", *filters.split())

    assert outcome.status == 0
    assert outcome.err.splitlines() == ([] if reasons is None else ["No session matches.", *reasons])


def test_sessions_without_a_folder_are_not_forgotten(demo: Path) -> None:
    shutil.rmtree(demo / FACES)
    run("list")

    for flags in (["--tag", "portfolio"], ["--search", "portfolio", "--cached", "--sort", "updated"]):
        assert run("list", *flags).err.splitlines() == [
            "No session matches.",
            "1 session without a folder matches. To see what is recorded, add: --missing",
        ]
        assert run("list", *flags, "--missing", "--format", "ids", "-q").out.split() == [FACES]
    assert run("list", "--missing", "--tag", "seeds").err == "No session matches.\n"
