"""The floor: the least time that any program needs, measured in C where there is a compiler."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Literal

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON_TO_C = 155 / 278
"""What C took of the time of a plain Python loop, measured on 1,162 sessions."""


@cache
def compiled(source: str, folder: str, *options: str) -> str | None:
    """Compile a C file of this folder, once; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform == "win32":
        return None
    target = os.path.join(folder, source.removesuffix(".c"))
    subprocess.run([compiler, "-O2", "-o", target, os.path.join(HERE, source), *options], check=True)
    return target


def floor(kind: Literal["cold", "warm"], root: str, folder: str, rounds: int = 3) -> float:
    """Return the floor of an images root in seconds: the best of some rounds.

    Args:
        kind: `cold` lists folders, stats images and reads manifests; `warm` stats folders and manifests.
        root: The images root.
        folder: Where the compiled program goes.
        rounds: How often to measure.
    """
    program = compiled("floor.c", folder)
    if program is not None:
        done = subprocess.run([program, kind, root, str(rounds)], check=True, capture_output=True, text=True)
        return float(done.stdout)
    loop = _read_all if kind == "cold" else _stat_all
    return min(_seconds(loop, root) for _ in range(rounds)) * PYTHON_TO_C


def _seconds(loop: Callable[[str], None], root: str) -> float:
    start = time.perf_counter()
    loop(root)
    return time.perf_counter() - start


def _read_all(root: str) -> None:
    for session in os.scandir(root):
        for entry in os.scandir(session.path):
            if entry.name.endswith(".png"):
                entry.stat()
        with open(os.path.join(session.path, "manifest.json"), "rb", buffering=0) as file:
            file.readall()


def _stat_all(root: str) -> None:
    for session in os.scandir(root):
        os.stat(session.path)
        os.stat(os.path.join(session.path, "manifest.json"))
