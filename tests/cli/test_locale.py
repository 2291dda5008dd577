"""Locales that are not UTF-8: names on disk are UTF-8 all the same; what a person reads is in the locale's encoding."""

import json
import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_manifest, make_session
from tests.cli.harness import process
from tests.neighbour import rows

CAFE, HAIR = "20260101_120000-café", "20260102_120000-長い髪"


def is_known(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return True


GERMAN = next(filter(is_known, ("de_DE.ISO-8859-1", "de_DE.ISO8859-1")), "")
needs_german = pytest.mark.skipif(not GERMAN, reason="the locale is not installed here")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": None}
LATIN = {"LC_ALL": GERMAN, "PYTHONUTF8": None, "PYTHONIOENCODING": None}
LOCALES = [
    pytest.param(LATIN, id="latin", marks=needs_german),
    pytest.param(ASCII, id="ascii"),
    pytest.param(ASCII | {"LC_ALL": "POSIX"}, id="posix"),
]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="names are never in the locale's encoding here")


@pytest.fixture
def named(images_dir: Path) -> Path:
    """A collection with two names that are not ASCII, known to the database."""
    for name in (CAFE, HAIR):
        make_session(images_dir, name, manifest=make_manifest())
    SessionLibrary(images_dir).compute()
    return images_dir


@pytest.mark.parametrize("env", LOCALES)
def test_sessions_are_the_same(named: Path, env: dict[str, str | None]) -> None:
    database = named.parent / "metadata" / "sessions.db"
    before = rows(database, "sdgen_admin_sessions")
    page = json.loads(process("list", "--json", "--images-dir", named, env=env).stdout)

    assert [record["session_id"] for record in page["sessions"]] == [HAIR, CAFE]
    assert not any(record["missing"] for record in page["sessions"])
    assert rows(database, "sdgen_admin_sessions") == before


@pytest.mark.parametrize("env", LOCALES)
def test_what_is_computed_there_is_known_everywhere(images_dir: Path, env: dict[str, str | None]) -> None:
    root = images_dir / "où"
    make_session(root, CAFE, manifest=make_manifest())
    done = process("compute-stats", CAFE, "--images-dir", root, env=env)
    assert (done.returncode, done.stderr.splitlines()[1:]) == (0, [])

    record = SessionLibrary(root).get(CAFE, fresh=False)
    assert record.session_path == str(root / CAFE)
    assert record.stats is not None
    assert record.stats.images_actual == 6


@pytest.mark.parametrize(
    ("env", "cafe", "hair"),
    [
        pytest.param(LATIN, CAFE.encode("latin-1"), rb"-\u9577\u3044\u9aea", id="latin", marks=needs_german),
        pytest.param(ASCII, rb"-caf\xe9", rb"-\u9577\u3044\u9aea", id="ascii"),
    ],
)
def test_what_the_terminal_cannot_show_is_spelled_out(
    named: Path, env: dict[str, str | None], cafe: bytes, hair: bytes
) -> None:
    done = process("list", "--images-dir", named, env=env)

    assert done.returncode == 0
    assert cafe in done.stdout
    assert hair in done.stdout


@pytest.mark.parametrize("env", LOCALES)
def test_what_programs_read_is_utf_8(named: Path, env: dict[str, str | None]) -> None:
    for form in ("ids", "csv", "tsv", "jsonl"):
        assert HAIR in process("list", "--format", form, "--images-dir", named, env=env).stdout.decode()


@pytest.mark.parametrize("env", LOCALES)
@pytest.mark.parametrize(
    "code",
    [
        "from sdgen_admin import SessionLibrary; SessionLibrary(sys.argv[1]).compute()",
        "from sdgen_admin.__main__ import main; sys.argv[1:1] = ['list', '--images-dir']; main()",
    ],
    ids=["library", "main"],
)
def test_a_process_of_somebody_else_refuses(images_dir: Path, env: dict[str, str | None], code: str) -> None:
    """It cannot start again. Before anything is stored under a wrong name, it says what to do."""
    make_session(images_dir, CAFE, manifest=make_manifest())
    given = {name: value for name, value in {**os.environ, **env}.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}", str(images_dir)],
        env=given,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode != 0
    assert b"start it with PYTHONUTF8=1." in done.stderr
    assert not (images_dir.parent / "metadata").exists()
