"""A library of one session, whose database is not made yet."""

from pathlib import Path

import pytest

from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library that waits for a lock for a moment only."""
    make_session(images_dir)
    return SessionLibrary(images_dir, lock_timeout=0.05)


@pytest.fixture
def path(library: SessionLibrary) -> Path:
    """Its database."""
    return Path(library.db_path)
