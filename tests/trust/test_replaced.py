"""The database vanishes or is replaced while we use it: an error, and never a write that is lost without a word."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.db.connection import Database
from sdgen_admin.db.transaction import transaction
from sdgen_admin.errors import DatabaseReplacedError
from sdgen_admin.models.reports import ProgressListener
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
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


USES: dict[str, Callable[[SessionLibrary, ProgressListener], object]] = {
    "compute": lambda library, strike: library.compute(progress=strike),
    "find": lambda library, strike: library.find(progress=strike),
}


@modes
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_while_stats_are_computed(
    library: SessionLibrary,
    mode: str,
    fate: Callable[[Path], None],
    use: Callable[[SessionLibrary, ProgressListener], object],
) -> None:
    path = Path(library.db_path)
    make_database(path, journal_mode=mode)
    library.compute()
    with plain(path) as other:
        other.execute("UPDATE sdgen_admin_sessions SET stats_version = 0")
    make_database(path.with_suffix(".new"))
    write_metadata(path.with_suffix(".new"), "theirs")
    theirs = digest(path.with_suffix(".new"))

    def strike(done: int, total: int) -> None:
        if done == 1:
            fate(path)

    with pytest.raises(DatabaseReplacedError, match="removed or replaced") as caught:
        use(library, strike)
    assert caught.value.code == "database-replaced"
    assert caught.value.details == {"path": str(path)}
    if fate is be_replaced:
        assert digest(path) == theirs
    else:
        assert not path.exists()


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
