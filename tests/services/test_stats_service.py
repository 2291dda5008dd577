"""The stats of single sessions, cached."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sdgen_admin.errors import ImagesRootError, SessionFolderError, SessionNotFoundError
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.services.stats import SessionStatsService
from tests.builders import SESSION, add_image, make_session, write_manifest
from tests.neighbour import row, rows, write_metadata, write_stats
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
    write_stats(path, "20251107_180000-theirs", sd_model="theirs")  # which is not a session to us
    assert [stats.session_id for stats in service.list_all_stats()] == [OTHER, SESSION]


def test_all_stats_of_sessions_without_folder_too(service: SessionStatsService, images_dir: Path) -> None:
    make_session(images_dir, OTHER)
    make_session(images_dir, "20251109_120000-newest", without_manifest=True)
    for session_id in (SESSION, OTHER, "20251109_120000-newest"):
        service.compute_and_cache_stats(session_id)
    shutil.rmtree(images_dir / OTHER)
    with pytest.raises(SessionNotFoundError):
        service.get_or_compute_stats(OTHER)
    assert [stats.session_id for stats in service.list_all_stats()] == ["20251109_120000-newest", OTHER, SESSION]
    assert service.get_stats(OTHER) is not None


def test_stats_of_a_session_without_manifest(service: SessionStatsService, images_dir: Path) -> None:
    make_session(images_dir, OTHER, without_manifest=True, images=2)
    stats = service.get_or_compute_stats(OTHER)
    assert (stats.images_actual, stats.images_expected, stats.completion_percentage) == (2, None, None)
    assert (stats.sd_model, stats.seed_base, stats.is_seed_sweep, stats.placeholders) == (None,) * 4


def test_stats_of_an_offline_root(service: SessionStatsService, images_dir: Path) -> None:
    stats = service.get_or_compute_stats(SESSION)
    images_dir.rename(images_dir.parent / "unmounted")
    assert service.get_stats(SESSION) == stats
    assert service.get_or_compute_stats(SESSION) == stats
    with pytest.raises(ImagesRootError):
        service.compute_and_cache_stats(SESSION)
    assert service.list_all_stats() == [stats]


def test_stats_over_several_roots(path: Path, images_dir: Path, tmp_path: Path) -> None:
    make_session(images_dir)
    make_session(tmp_path / "nas", OTHER, images=2)
    service = SessionStatsService(path, [images_dir, tmp_path / "nas"])
    assert service.compute_and_cache_stats(SESSION).session_path == str(images_dir / SESSION)
    assert service.get_or_compute_stats(OTHER).session_path == str(tmp_path / "nas" / OTHER)
    assert [stats.images_actual for stats in service.list_all_stats()] == [2, 6]


def test_deleting_stats_leaves_metadata(service: SessionStatsService, path: Path) -> None:
    service.compute_and_cache_stats(SESSION)
    write_metadata(path, SESSION, user_note="typed")
    assert service.delete_stats(SESSION) is True
    assert service.delete_stats(SESSION) is False
    assert service.get_stats(SESSION) is None
    assert [found["user_note"] for found in rows(path, "session_metadata")] == ["typed"]
    assert row(path, "session_stats", SESSION) is None
    assert service.list_all_stats() == []
    assert service.get_or_compute_stats(SESSION).images_actual == 6
