"""A list of nothing says why."""

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
        ("--tag fases", ["None has the tag 'fases'. Did you mean faces or seeds?"]),
        ("--tag faces --tag zzz", ["None has the tag 'zzz'. See them all with: sdgen-admin tag --list"]),
        ("--model ponny --cached", [f"No model has 'ponny' in its name. There are: {MODELS}."]),
        ("--search nowhere -q", None),
    ],
)
def test_what_no_session_has_is_told(shared: Path, filters: str, reasons: list[str] | None) -> None:
    outcome = run("list", *filters.split())

    assert outcome.status == 0
    assert outcome.err.splitlines() == ([] if reasons is None else ["No session matches.", *reasons])


def test_those_that_have_lost_their_folder_are_not_forgotten(demo: Path) -> None:
    shutil.rmtree(demo / FACES)
    run("list")

    for flags in (["--tag", "portfolio"], ["--search", "portfolio", "--cached", "--sort", "updated"]):
        assert run("list", *flags).err.splitlines() == [
            "No session matches.",
            "1 whose folder is gone would. See them with: --missing",
        ]
        assert run("list", *flags, "--missing", "--format", "ids", "-q").out.split() == [FACES]
    assert run("list", "--missing", "--tag", "seeds").err == "No session matches.\n"
