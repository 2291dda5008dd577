"""A library of one session, whose database is not made yet, and one of many sessions."""

import shutil
from pathlib import Path

import pytest

from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.db.many import MANY, sessions_of, write
from tests.db.plain_find import Session


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library that waits for a lock for a moment only."""
    make_session(images_dir)
    return SessionLibrary(images_dir, lock_timeout=0.05)


@pytest.fixture
def path(library: SessionLibrary) -> Path:
    return Path(library.database.path)


@pytest.fixture(scope="session")
def many() -> list[Session]:
    return sessions_of(MANY)


@pytest.fixture(scope="session")
def many_path(tmp_path_factory: pytest.TempPathFactory, many: list[Session]) -> Path:
    """Their database, not to be changed: it has no index for a search yet."""
    path = tmp_path_factory.mktemp("many") / "sessions.db"
    write(path, many)
    return path


@pytest.fixture
def unindexed(tmp_path: Path, many_path: Path) -> SessionLibrary:
    """A copy of it for a test of its own."""
    return SessionLibrary(tmp_path, shutil.copy(many_path, tmp_path))
