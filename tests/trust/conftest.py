"""The process from which the program is forked."""

import multiprocessing
import os
import sys
from pathlib import Path

import pytest

import tests


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
