"""Where the database belongs, a library for it, and the process from which the program is forked."""

import multiprocessing
import os
import sys
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
