"""The stats of single sessions, cached."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.errors import SessionFolderError, SessionNotFoundError
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.services.stats import SessionStatsService
from tests.builders import SESSION, add_image, make_session, write_manifest
from tests.neighbour import rows, write_metadata, write_stats
from tests.privileges import as_ordinary_user

OTHER = "20251108_120000-other"

Compute = Callable[[SessionStatsService, str], SessionStats]
COMPUTING: dict[str, Compute] = {
    "compute": SessionStatsService.compute_and_cache_stats,
    "refresh": SessionStatsService.refresh_stats,
    "get or compute": SessionStatsService.get_or_compute_stats,
}
computing = pytest.mark.parametrize("compute", COMPUTING.values(), ids=COMPUTING)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metadata" / "sessions.db"


@pytest.fixture
def service(path: Path, images_dir: Path) -> SessionStatsService:
    make_session(images_dir)
    return SessionStatsService(path, images_dir)


@computing
def test_computed_stats_are_cached(service: SessionStatsService, compute: Compute) -> None:
    assert service.get_stats(SESSION) is None
    stats = compute(service, SESSION)
    assert (stats.images_actual, stats.images_expected, stats.placeholders) == (6, 6, {"Expression": 3, "Hair": 2})
    assert service.get_stats(SESSION) == stats
    assert service.list_all_stats() == [stats]


@computing
@pytest.mark.parametrize(
    "session_id", [OTHER, "latest", "", "..", f"../images/{SESSION}", f"{SESSION}/", f"{SESSION}\0"]
)
def test_there_is_no_such_session(service: SessionStatsService, compute: Compute, session_id: str) -> None:
    with pytest.raises(SessionNotFoundError):
        compute(service, session_id)
    assert service.list_all_stats() == []


@computing
def test_a_folder_that_nobody_may_read(service: SessionStatsService, images_dir: Path, compute: Compute) -> None:
    (images_dir / SESSION).chmod(0)
    try:
        with pytest.raises(SessionFolderError, match="cannot be read"):
            as_ordinary_user(lambda: compute(service, SESSION))
    finally:
        (images_dir / SESSION).chmod(0o755)
    assert compute(service, SESSION).images_actual == 6


@computing
def test_a_broken_manifest_leaves_good_stats(service: SessionStatsService, images_dir: Path, compute: Compute) -> None:
    good = compute(service, SESSION)
    write_manifest(images_dir / SESSION, '{"snapshot":')
    assert compute(service, SESSION) == good


def test_fresh_stats_are_given_as_they_are(service: SessionStatsService, images_dir: Path) -> None:
    first = service.get_or_compute_stats(SESSION)
    assert service.get_or_compute_stats(SESSION) == first
    assert service.refresh_stats(SESSION) != first  # at least the time when they were computed
    add_image(images_dir / SESSION, "late.webp")
    stale = service.get_stats(SESSION)
    assert stale is not None
    assert stale.images_actual == 6
    assert service.get_or_compute_stats(SESSION).images_actual == 7


def test_all_stats_newest_session_first(service: SessionStatsService, images_dir: Path, path: Path) -> None:
    make_session(images_dir, OTHER)
    service.compute_and_cache_stats(SESSION)
    service.compute_and_cache_stats(OTHER)
    write_stats(path, "20251107_180000-theirs", sd_model="theirs")
    assert [stats.session_id for stats in service.list_all_stats()] == [OTHER, "20251107_180000-theirs", SESSION]


def test_deleting_stats_leaves_metadata(service: SessionStatsService, path: Path) -> None:
    service.compute_and_cache_stats(SESSION)
    write_metadata(path, SESSION, user_note="typed")
    assert service.delete_stats(SESSION) is True
    assert service.delete_stats(SESSION) is False
    assert service.get_stats(SESSION) is None
    assert [found["user_note"] for found in rows(path, "session_metadata")] == ["typed"]
    assert service.get_or_compute_stats(SESSION).images_actual == 6
