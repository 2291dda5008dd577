"""Rows about whole processes: what a command takes, against imports that it cannot do without."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.bench import Bench, Result, ms
from tests.benchmarks.child import measure

ROUNDS = 12
LIST_NEEDS = """
import typer, rich.table, pydantic, sqlite3
class Model(pydantic.BaseModel):
    name: str
Model(name="")
"""
COMPLETION = {"_SDGEN_ADMIN_COMPLETE": "complete_bash", "COMP_WORDS": "sdgen-admin\nshow\n2025", "COMP_CWORD": "2"}
PROGRAM = [sys.executable, "-c", "from sdgen_admin.__main__ import program; program()"]
"""What the script `sdgen-admin` does."""


def list_sessions(bench: Bench) -> Iterator[Result]:
    """`list` of 100 sessions out of 1,000, all fresh."""
    root, db = bench.collection(1_000), bench.new_database()
    measure("compute", root, db)
    command = [*PROGRAM, "list", "--images-dir", root, "--db", db]
    ours, bare = _compare(bench, command, [sys.executable, "-c", LIST_NEEDS], {})
    yield Result("list of 100 out of 1,000", ms(ours), f"its imports {ms(bare)}", ours / bare, 1.25)


def start(bench: Bench) -> Iterator[Result]:
    """`--version` and completion."""
    root, db = bench.collection(1_000), bench.new_database()
    measure("compute", root, db)
    where = {"SDGEN_IMAGES_DIR": root, "SDGEN_DB": db}
    for what, command, extra in (
        ("--version", [*PROGRAM, "--version"], {}),
        ("completion", PROGRAM, where | COMPLETION),
    ):
        ours, bare = _compare(bench, command, [sys.executable, "-c", "import typer"], extra)
        yield Result(what, ms(ours), f"import typer {ms(bare)}", ours / bare, 1.15)


def _compare(bench: Bench, command: list[str], other: list[str], extra: dict[str, str]) -> tuple[float, float]:
    """Return the best time of each, measured by turns, with all modules compiled as pip leaves them."""
    environment = {**os.environ, **extra, "PYTHONPYCACHEPREFIX": bench.path("compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times = [(_seconds(command, environment), _seconds(other, environment)) for _ in range(ROUNDS)]
    ours, bare = map(min, zip(*times, strict=True))
    return ours, bare


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin
