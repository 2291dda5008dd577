"""Real session folders for the tests: folders, manifests and images, with modification times that are chosen.

Everything is dated an hour ago unless a test says otherwise, so that fingerprints are settled (older than the
two seconds within which a change can hide). Whoever changes a folder afterwards dates it again with `date`.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]

SESSION = "20251107_120000-portraits"
"""A session id for tests that need any one."""


def an_hour_ago() -> datetime:
    """Return a local time that is settled, in whole seconds."""
    return datetime.now().replace(microsecond=0) - timedelta(hours=1)


def make_manifest(
    *,
    params: Mapping[str, Any] | None = None,
    api: Mapping[str, Any] | None = None,
    variations: Mapping[str, Any] | None = None,
    snapshot: Mapping[str, Any] | None = None,
    top: Mapping[str, Any] | None = None,
) -> Manifest:
    """Return a complete, ordinary manifest: combinatorial, fixed seed, 3 x 2 used values, six images planned.

    Args:
        params: Replaces `snapshot.generation_params`.
        api: Replaces `snapshot.api_params`.
        variations: Replaces `snapshot.variations`; see `used`.
        snapshot: Laid over `snapshot`, field by field.
        top: Laid over the top level, field by field.
    """
    plain_params = {"mode": "combinatorial", "seed_mode": "fixed", "seed_base": 42, "num_images": 6}
    plain_api = {
        "width": 832,
        "height": 1216,
        "steps": 28,
        "cfg_scale": 6.5,
        "sampler_name": "Euler a",
        "scheduler": "karras",
    }
    return {
        "snapshot": {
            "version": "2.0",
            "timestamp": "2025-11-07T12:00:01",
            "runtime_info": {"sd_model_checkpoint": "ponyXL_v6.safetensors [abc123def4]"},
            "resolved_template": {"prompt": "a portrait, {Expression}, {Hair}", "negative": "blurry"},
            "generation_params": plain_params if params is None else dict(params),
            "api_params": plain_api if api is None else dict(api),
            "variations": used(Expression=3, Hair=2) if variations is None else dict(variations),
            "theme_name": "cyberpunk",
            "style": "default",
            **(snapshot or {}),
        },
        "images": [{"filename": "image_0000.png", "seed": 42}],
        "status": "completed",
        **(top or {}),
    }


def used(**counts: int) -> Manifest:
    """Return `variations` with so many used values a placeholder, named `hair 0`, `hair 1`, …"""
    return {
        name: {"available": values, "used": values, "count": count}
        for name, count in counts.items()
        for values in [[f"{name.lower()} {number}" for number in range(count)]]
    }


def make_session(
    root: Path,
    name: str = SESSION,
    *,
    manifest: Manifest | str | bytes | None = None,
    without_manifest: bool = False,
    images: int | Iterable[str] | Mapping[str, datetime] = 6,
    when: datetime | None = None,
) -> Path:
    """Make a session folder under `root` (made where missing) and return it.

    Args:
        root: The images root.
        name: The session id.
        manifest: What `manifest.json` holds, as an object or as it stands; None for `make_manifest()`.
        without_manifest: Leave it out.
        images: How many images (`image_0000.png`, …, a second apart), or their names, or names and times.
        when: The modification time of folder, manifest and first image; None for an hour ago.
    """
    when = when or an_hour_ago()
    folder = root / name
    folder.mkdir(parents=True)
    if isinstance(images, int):
        images = [f"image_{number:04}.png" for number in range(images)]
    if not isinstance(images, Mapping):
        images = {image: when + timedelta(seconds=number) for number, image in enumerate(images)}
    for image, moment in images.items():
        add_image(folder, image, moment)
    if not without_manifest:
        write_manifest(folder, make_manifest() if manifest is None else manifest, when)
    date(folder, when)
    return folder


def add_image(folder: Path, name: str, when: datetime | None = None) -> Path:
    """Add an image to a session folder and return it. The folder's own time becomes now: see `date`."""
    image = folder / name
    image.write_bytes(b"image")
    date(image, when)
    return image


def write_manifest(folder: Path, manifest: Manifest | str | bytes, when: datetime | None = None) -> Path:
    """Write or rewrite a session folder's manifest and return it."""
    if isinstance(manifest, dict):
        manifest = json.dumps(manifest, ensure_ascii=False)
    if isinstance(manifest, str):
        manifest = manifest.encode()
    path = folder / "manifest.json"
    path.write_bytes(manifest)
    date(path, when)
    return path


def date(path: Path, when: datetime | None = None) -> None:
    """Set a modification time; None for an hour ago."""
    seconds = (when or an_hour_ago()).timestamp()
    os.utime(path, (seconds, seconds))
