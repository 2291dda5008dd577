"""A library with one session about which something was typed."""

from pathlib import Path

import pytest

from sdgen_admin.services.library import SessionLibrary
from tests.builders import SESSION, make_session
from tests.services.freshness import TYPED


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library with one complete session about which the person said something, all settled and computed."""
    make_session(images_dir)
    library = SessionLibrary(images_dir)
    library.update_metadata(SESSION, TYPED)
    library.compute()
    return library


@pytest.fixture
def folder(library: SessionLibrary) -> Path:
    return Path(library.images_dir) / SESSION


@pytest.fixture
def path(library: SessionLibrary) -> Path:
    return Path(library.database.path)
