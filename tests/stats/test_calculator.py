"""One folder to its stats, without a database."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.errors import InvalidManifestError, ManifestNotFoundError, SdgenAdminError, SessionFolderError
from sdgen_admin.models.stats import SessionStats
from sdgen_admin.stats.calculator import SessionStatsCalculator
from tests.builders import SESSION, Manifest, make_manifest, make_session, used
from tests.platforms import needs_raw_names
from tests.privileges import as_ordinary_user
from tests.samples import COMBI_CAPPED, make_combi_capped, make_seed_sweep


def stats_of(folder: Path) -> SessionStats:
    return SessionStatsCalculator(folder).compute_stats()


def test_sample_of_a_capped_run(images_dir: Path) -> None:
    folder = make_combi_capped(images_dir)
    before = datetime.now()

    stats = stats_of(folder)

    first = datetime.fromtimestamp((folder / "combi_capped_0000_seed-7.png").stat().st_mtime)
    assert stats.stats_computed_at is not None
    assert before <= stats.stats_computed_at <= datetime.now()
    assert stats.model_dump(exclude={"stats_computed_at"}) == {
        "session_id": COMBI_CAPPED,
        "session_path": str(folder),
        "sd_model": "illustriousXL_v01.safetensors [abc123def4]",
        "template_version": "2.0",
        "generation_mode": "combinatorial",
        "seed_mode": "fixed",
        "seed_base": 7,
        "resolved_prompt": "masterpiece, {Expression}, {Hair}, beautiful girl\n",
        "negative_prompt": "low quality, blurry\n",
        "width": 832,
        "height": 1216,
        "steps": 28,
        "cfg_scale": 6.5,
        "sampler_name": "DPM++ 2M Karras",
        "images_expected": 12,
        "images_actual": 12,
        "completion_percentage": 100.0,
        "is_seed_sweep": False,
        "placeholders": {"Expression": 3, "Hair": 4},
        "variations_summary": {
            "Expression": ("smiling, happy", "sad, crying", "angry, frowning"),
            "Hair": ("bob cut", "ponytail", "braided hair, [red]ribbon[/red]", "長い髪, long hair"),
        },
        "session_created_at": datetime(2026, 11, 21, 4, 47, 41),
        "manifest_generated_at": datetime(2026, 11, 21, 4, 47, 41, 208474),
        "first_image_created_at": first,
        "last_image_created_at": first + timedelta(seconds=11),
        "stats_version": 3,
    }


def test_sample_of_a_seed_sweep(images_dir: Path) -> None:
    stats = stats_of(make_seed_sweep(images_dir))

    assert (stats.images_actual, stats.images_expected, stats.completion_percentage) == (80, 80, 100.0)
    assert stats.is_seed_sweep
    assert stats.placeholders == {"Expression": 5, "Hair": 4}
    assert stats.sampler_name == "DPM++ 2M Karras"
    assert stats.seed_base == 1000


COMBINATORIAL = {"mode": "combinatorial", "seed_mode": "fixed"}
RANDOM = {"mode": "random", "seed_mode": "progressive"}


@pytest.mark.parametrize(
    ("manifest", "images", "expected"),
    [
        (
            make_manifest(params=COMBINATORIAL | {"max_images": 100}, variations=used(Expression=3, Hair=2)),
            6,
            {"images_expected": 6, "completion_percentage": 100.0, "is_seed_sweep": False},
        ),
        (
            make_manifest(params=RANDOM | {"max_images": 50}, variations=used(Expression=1)),
            48,
            {"images_expected": 50, "completion_percentage": 96.0, "is_seed_sweep": True},
        ),
        (
            make_manifest(params=RANDOM, variations=used(Expression=4, Hair=2), top={"images_requested": 20}),
            5,
            {"images_expected": 20, "completion_percentage": 25.0, "is_seed_sweep": False},
        ),
        (
            make_manifest(params=COMBINATORIAL, variations={"Hair": ["bob cut", "ponytail"], "Expression": {}}),
            3,
            {
                "images_expected": 2,
                "completion_percentage": 150.0,
                "placeholders": {"Hair": 2, "Expression": 0},
                "variations_summary": {"Hair": ("bob cut", "ponytail"), "Expression": ()},
            },
        ),
        (
            {"snapshot": {"other": 1}},
            3,
            {
                "sd_model": "unknown",
                "generation_mode": "unknown",
                "seed_base": -1,
                "resolved_prompt": "",
                "width": None,
                "images_expected": 0,
                "completion_percentage": 0.0,
                "placeholders": {},
                "variations_summary": {},
            },
        ),
    ],
    ids=["combinatorial", "random seed sweep", "random", "older variations", "almost nothing"],
)
def test_runs_of_every_kind(images_dir: Path, manifest: Manifest, images: int, expected: dict[str, Any]) -> None:
    stats = stats_of(make_session(images_dir, manifest=manifest, images=images))

    assert stats.model_dump(include=set(expected)) == expected
    assert stats.images_actual == images


@pytest.mark.parametrize("form", ["text", "path", "relative", "slash"])
def test_a_folder_can_be_named_in_any_form(images_dir: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    folder = make_session(images_dir)
    monkeypatch.chdir(images_dir)
    forms: dict[str, str | Path] = {
        "text": str(folder),
        "path": folder,
        "relative": SESSION,
        "slash": f"{folder}{os.sep}",
    }

    stats = SessionStatsCalculator(forms[form]).compute_stats()

    assert (stats.session_id, stats.session_path) == (SESSION, str(folder))


def test_a_folder_of_any_name_will_do(images_dir: Path) -> None:
    stats = stats_of(make_session(images_dir, "dryrun"))

    assert stats.session_created_at is None
    assert stats.images_expected == 6


@needs_raw_names
def test_a_name_that_is_no_utf8_breaks_nothing(images_dir: Path) -> None:
    assert stats_of(make_session(images_dir, os.fsdecode(b"20251107_120000-\xff"))).images_actual == 6


def test_without_manifest(images_dir: Path) -> None:
    folder = make_session(images_dir, without_manifest=True)

    with pytest.raises(ManifestNotFoundError, match=r"There is no manifest\.json") as raised:
        stats_of(folder)

    assert isinstance(raised.value, FileNotFoundError)
    assert str(folder) in raised.value.message


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b"{}", b'{"snapshot": {}}'])
def test_with_an_invalid_manifest(images_dir: Path, manifest: bytes) -> None:
    folder = make_session(images_dir, manifest=manifest)

    with pytest.raises(InvalidManifestError, match=r"manifest\.json") as raised:
        stats_of(folder)

    assert isinstance(raised.value, ValueError)
    assert str(folder) in raised.value.message


def test_with_a_restarted_manifest_nothing_is_known_of_the_plan(images_dir: Path) -> None:
    stats = stats_of(make_session(images_dir, manifest=b'{"snapshot": {}, "status": "ongoing"}'))

    assert (stats.images_actual, stats.images_expected, stats.completion_percentage) == (6, None, None)
    assert (stats.sd_model, stats.is_seed_sweep, stats.placeholders) == (None, None, None)


def test_a_folder_that_nobody_may_read(images_dir: Path) -> None:
    folder = make_session(images_dir)
    folder.chmod(0)
    try:
        with pytest.raises(SessionFolderError, match="The folder cannot be read: Permission denied") as raised:
            as_ordinary_user(lambda: stats_of(folder))
    finally:
        folder.chmod(0o755)

    assert isinstance(raised.value, OSError)
    assert not isinstance(raised.value, FileNotFoundError)


def test_without_folder(images_dir: Path) -> None:
    with pytest.raises(ManifestNotFoundError, match="cannot be read") as raised:
        stats_of(images_dir / SESSION)

    assert isinstance(raised.value, FileNotFoundError)
    assert isinstance(raised.value, SdgenAdminError)
