"""Where the database belongs, a library for it, and the process from which the program is forked."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tests
from sdgen_admin.services.library import SessionLibrary
from tests.trust.collections import make_bare


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> None:
    if os.name == "nt":
        return
    from multiprocessing import forkserver

    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.trust.program"])
    with pytest.MonkeyPatch.context() as patch:
        home = str(Path(tests.__file__).parent.parent)
        patch.setenv("PYTHONPATH", os.pathsep.join([home, *sys.path]))
        forkserver.ensure_running()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of `images_dir` belongs."""
    return tmp_path / "metadata" / "sessions.db"


@pytest.fixture
def names(images_dir: Path) -> list[str]:
    """The ids of three sessions without anything in their folders."""
    return make_bare(images_dir, 3)


@pytest.fixture
def library(images_dir: Path, path: Path) -> SessionLibrary:
    """A library that waits for a lock for a moment only."""
    return SessionLibrary(images_dir, path, lock_timeout=0.05)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount small file systems in memory, with the options that are given."""
    points: list[Path] = []

    def mount(options: str) -> Path:
        point = tmp_path / f"mounted-{len(points)}"
        point.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(point)]
        if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
            pytest.skip("only root on Linux can mount a file system, and not everywhere")
        points.append(point)
        return point

    yield mount
    for point in points:
        subprocess.run(["umount", "-l", str(point)], check=True)
