"""The demo's collection: made once, copied for each test that changes it."""

from pathlib import Path

import pytest

from sdgen_admin.services.demo import make_demo
from tests.cli.harness import copy_collection


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
