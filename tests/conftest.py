"""What every test stands on: an images root, a clean environment, a clock in a zone of its own."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("sdgen-admin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sdgen-admin")

SETTINGS = ("SDGEN_IMAGES_DIR", "SDGEN_DB", "SDGEN_CONFIG_PATH", "IMAGE_FOLDERS")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what the person who runs the tests has configured, and where, out of them."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def images_dir(tmp_path: Path) -> Path:
    """An empty images root; its database belongs at `tmp_path / "metadata" / "sessions.db"`."""
    root = tmp_path / "images"
    root.mkdir()
    return root


@pytest.fixture
def india() -> Iterator[None]:
    """Local time is five and a half hours ahead of UTC, without summer time."""
    if not hasattr(time, "tzset"):
        pytest.skip("this platform cannot change its time zone for one process")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", "XST-05:30")
        time.tzset()
        yield
    time.tzset()
