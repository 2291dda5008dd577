"""The demo's collection: made once, copied for each test that changes it. And one that the web UI knows."""

import shutil
from pathlib import Path

import pytest

from sdgen_admin.services.demo import make_demo
from tests.cli.harness import copy_collection
from tests.samples import make_combi_capped, make_seed_sweep

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images root of a demo that no test changes."""
    return Path(make_demo(tmp_path_factory.mktemp("collection") / "sdgen-demo"))


@pytest.fixture
def demo(collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The images root of a demo of the test's own, which every command works on."""
    images_dir = copy_collection(collection.parent, tmp_path / "sdgen-demo")
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    return images_dir


@pytest.fixture
def shared(collection: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The images root of the demo that all tests share, which every command works on and none changes."""
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(collection))
    return collection


@pytest.fixture
def web_ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The images root of a real generator run, with the database that the web UI made beside it."""
    database = SAMPLES / "webui-v1.db"
    if not database.exists():
        pytest.skip("the web UI's database is not here")
    images_dir = tmp_path / "images"
    make_combi_capped(images_dir)
    make_seed_sweep(images_dir)
    (tmp_path / "metadata").mkdir()
    shutil.copyfile(database, tmp_path / "metadata" / "sessions.db")
    monkeypatch.setenv("SDGEN_IMAGES_DIR", str(images_dir))
    return images_dir
