"""Some screens, as snapshots: what a person sees of the demo collection."""

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.harness import needs_pty, ok, on_terminal
from tests.cli.test_help import TextFile


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


@needs_pty
@pytest.mark.parametrize("columns", [80, 160])
def test_list(shared: Path, picture: SnapshotAssertion, columns: int) -> None:
    assert re.sub(r"\x1b\[\d+m", "", on_terminal("list", columns=columns)) == picture


def test_show(shared: Path, picture: SnapshotAssertion) -> None:
    text = ok("show", "portrait_lighting").replace(str(shared), "IMAGES_DIR")

    assert re.sub(r"(updated +).*", r"\1NOW", text) == picture


def test_tag(shared: Path, picture: SnapshotAssertion) -> None:
    edits = ["--set", "faces", "--no-liked", "--rating", "dislike", "--note", "look again"]

    assert ok("tag", "facial", "landscapes", "cut_short", *edits, "--dry-run") == picture
