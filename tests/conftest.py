"""What every test stands on: an images root, a clean environment, a clock in a zone of its own."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.odd_drive import MakeDrive, drives

settings.register_profile("sdgen-admin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sdgen-admin")

SETTINGS = ("SDGEN_IMAGES_DIR", "SDGEN_DB", "SDGEN_CONFIG_PATH", "IMAGE_FOLDERS")


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Interrupts interrupt, also if the tests were started where they are ignored: in the background, under `nohup`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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


@pytest.fixture
def odd_drive(tmp_path: Path) -> Iterator[MakeDrive]:
    """Mount drives with odd habits: `odd_drive(fold_case=True).path` is a folder on one; see `tests/odd_drive.py`."""
    with drives(tmp_path) as make:
        yield make
