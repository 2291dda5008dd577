"""A library with one session about which something was typed."""

from pathlib import Path

import pytest

from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.services.freshness import TYPED


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of `images_dir` is."""
    return tmp_path / "metadata" / "sessions.db"


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library with one complete session about which the person said something, all settled and computed."""
    make_session(images_dir)
    library = SessionLibrary(images_dir)
    library.update_metadata(SESSION, TYPED)
    library.compute()
    return library


@pytest.fixture
def folder(library: SessionLibrary, images_dir: Path) -> Path:
    """The folder of that session."""
    return images_dir / SESSION
