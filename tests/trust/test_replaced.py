"""The database vanishes or is replaced while we use it: an error, and never a write that is lost without a word."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.db.transaction import transaction
from sdgen_admin.errors import DatabaseReplacedError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.db.uses import Heard
from tests.neighbour import digest, make_database, plain, rows, write_metadata
from tests.trust.collections import make_bare

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a file that is open stays where it is here")

modes = pytest.mark.parametrize("mode", ["wal", "delete"])


def vanish(path: Path) -> None:
    path.unlink()


def vanish_with_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def be_renamed(path: Path) -> None:
    path.rename(path.with_suffix(".old"))


def be_replaced(path: Path) -> None:
    path.with_suffix(".new").replace(path)


FATES = [vanish, vanish_with_its_folder, be_renamed, be_replaced]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    make_bare(images_dir, 5)
    return SessionLibrary(images_dir)


class Fated:
    """A database that has outdated facts and meets its fate at the first session that is computed."""

    def __init__(self, library: SessionLibrary, mode: str, fate: Callable[[Path], None]) -> None:
        self.path = Path(library.db_path)
        self._fate = fate
        make_database(self.path, journal_mode=mode)
        library.compute()
        with plain(self.path) as other:
            other.execute("UPDATE sdgen_admin_sessions SET stats_version = 0")
        make_database(self.path.with_suffix(".new"))
        write_metadata(self.path.with_suffix(".new"), "theirs")
        self._theirs = digest(self.path.with_suffix(".new"))

    def strike(self, done: int, total: int) -> None:
        if done == 1:
            self._fate(self.path)

    def assert_untouched(self) -> None:
        if self._fate is be_replaced:
            assert digest(self.path) == self._theirs
        else:
            assert not self.path.exists()


@modes
@pytest.mark.parametrize("fate", FATES)
def test_while_stats_are_computed(library: SessionLibrary, mode: str, fate: Callable[[Path], None]) -> None:
    fated = Fated(library, mode, fate)
    with pytest.raises(DatabaseReplacedError, match="removed or replaced") as caught:
        library.compute(progress=fated.strike)
    assert caught.value.code == "database-replaced"
    assert caught.value.details == {"path": str(fated.path)}
    fated.assert_untouched()


@modes
@pytest.mark.parametrize("fate", FATES)
def test_a_reader_goes_on_with_what_it_has(
    library: SessionLibrary, images_dir: Path, mode: str, fate: Callable[[Path], None]
) -> None:
    library.update_metadata(library.resolve(["latest"]), SessionMetadataUpdate(add_tags=("typed",)))
    heard = Heard()
    fated = Fated(library, mode, fate)
    page = SessionLibrary(images_dir, listener=heard).find(progress=fated.strike)
    assert page.total_count == len(page.sessions) == 5
    assert not any(record.outdated for record in page.sessions)
    assert [record.metadata.tags for record in page.sessions if record.metadata] == [("typed",)]
    assert len(heard.why) == 1
    assert "removed or replaced" in heard.why[0]
    fated.assert_untouched()


@modes
@pytest.mark.parametrize("fate", FATES)
def test_inside_a_transaction(library: SessionLibrary, mode: str, fate: Callable[[Path], None]) -> None:
    path = Path(library.db_path)
    make_database(path, journal_mode=mode)
    make_database(path.with_suffix(".new"))
    library.compute()

    def write() -> None:
        with Database(path).open(for_writing=True) as connection, transaction(connection):
            connection.execute("DELETE FROM sdgen_admin_sessions")
            fate(path)

    with pytest.raises(DatabaseReplacedError):
        write()
    if fate is be_renamed and mode == "delete":
        assert len(rows(path.with_suffix(".old"), "sdgen_admin_sessions")) == 5


def test_the_next_run_works_on_what_is_there_then(library: SessionLibrary, images_dir: Path) -> None:
    path = Path(library.db_path)
    library.compute()
    make_session(images_dir)
    with pytest.raises(DatabaseReplacedError):
        library.compute(progress=lambda done, total: path.unlink(missing_ok=True))
    assert library.compute().computed == 6
