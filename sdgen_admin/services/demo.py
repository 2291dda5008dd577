"""A small collection for trying the tool: every kind of session there is, with real images."""

import itertools
import json
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sdgen_admin.disk.fingerprint import MANIFEST
from sdgen_admin.errors import UsageError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.session_id import created_at
from sdgen_admin.services.library import SessionLibrary

_EXPRESSIONS = ["smiling, happy", "sad, crying", "angry, frowning"]
_HAIR = ["bob cut", "ponytail", "braided hair, [red]ribbon[/red]", "長い髪, long hair"]
_LIGHT = ["golden hour", "overcast", "studio softbox", "candle light", "neon", "moonlight"]
_ILLUSTRIOUS = "illustriousXL_v01.safetensors [abc123def4]"
_PONY = "ponyDiffusionV6XL.safetensors [67ab2fd8ec]"
_WIDTH, _HEIGHT = 48, 64
_UNFINISHED = ".unfinished"


@dataclass
class _Session:
    """A session of the demo."""

    name: str
    images: int
    params: dict[str, Any] = field(default_factory=dict)
    variations: dict[str, Any] = field(default_factory=dict)
    status: str | None = "completed"
    model: str = _ILLUSTRIOUS
    manifest: str = "whole"
    """`whole`, `cut` (as caught while it is written) or `none`."""
    said: dict[str, Any] = field(default_factory=dict)
    """The person's metadata."""


def _used(*values: str) -> dict[str, Any]:
    return {"available": list(values), "used": list(values), "count": len(values)}


_SESSIONS = (
    _Session(
        "20251014_173320-facial_expressions", 12,
        {"mode": "combinatorial", "seed_mode": "fixed", "base_seed": 7, "num_images": 12},
        {"Expression": _used(*_EXPRESSIONS), "Hair": _used(*_HAIR)},
        said={"is_favorite": True, "user_rating": "like", "add_tags": ("portfolio", "faces")},
    ),
    _Session(
        "2025-10-20_091500_seed_study.prompt", 8,
        {"mode": "combinatorial", "seed_mode": "fixed", "seed_list": [1000, 1001, 1002, 1003], "num_images": 8},
        {"Light": _used(*_LIGHT[:2])},
        said={"add_tags": ("seeds",), "user_note": "1002 is the best of them"},
    ),
    _Session(
        "20251028_201145-portrait_lighting", 9,
        {"mode": "combinatorial", "seed_mode": "fixed", "seed_base": 42},
        {"Expression": _EXPRESSIONS, "Light": _LIGHT}, status="aborted", model=_PONY,
        said={"user_rating": "dislike", "add_tags": ("redo",)},
    ),
    _Session(
        "20251101_220000-landscapes", 13,
        {"mode": "random", "seed_mode": "random", "seed_base": -1, "max_images": 20},
        {"Light": _used(*_LIGHT)}, status="ongoing", model=_PONY,
    ),
    _Session(
        "20251103_064500-one_face_many_seeds", 10,
        {"mode": "random", "seed_mode": "progressive", "seed_base": 500, "max_images": 10},
        {"Hair": _used(_HAIR[3])}, said={"is_favorite": True, "add_tags": ("faces",)},
    ),
    _Session("20251105_101530-quick_try", 3, manifest="none", said={"is_test": True}),
    _Session(
        "20251106_143000-cut_short", 4,
        {"mode": "combinatorial", "seed_mode": "fixed", "num_images": 6}, {"Hair": _used(*_HAIR)}, manifest="cut",
    ),
    _Session(
        "20251107_120000-長い髪", 6,
        {"mode": "combinatorial", "seed_mode": "fixed", "base_seed": 7, "max_images": 100},
        {"Expression": _used(*_EXPRESSIONS), "Hair": _used(*_HAIR[2:])},
    ),
)  # fmt: skip


def make_demo(folder: str | os.PathLike[str]) -> str:
    """Make the collection in `folder`, unless it is there already, and bring its stats up to date.

    Returns:
        The images root: the folder `images` in it. The database is beside that.

    Raises:
        UsageError: The folder exists and is not a demo, or cannot be created.
    """
    images_dir = os.path.join(os.path.abspath(folder), "images")
    try:
        is_demo = os.path.isdir(os.path.join(images_dir, _SESSIONS[0].name))
        if os.path.exists(folder) and set(os.listdir(folder)) - {_UNFINISHED} and not is_demo:
            raise UsageError(f"{folder} already exists and is not a demo folder.", code="demo-exists", path=str(folder))
        if not is_demo:
            _make_sessions(images_dir)
    except OSError as error:
        raise UsageError(f"Cannot create {folder}: {error.strerror}.", code="demo-exists", path=str(folder)) from error
    library = SessionLibrary(images_dir)
    library.compute()
    for session in _SESSIONS:
        was_said = library.get(session.name, fresh=False).metadata or library.history(session.name, limit=1)
        if session.said and not was_said:  # neither now nor ever: what the person has since taken back stays so
            library.update_metadata(session.name, SessionMetadataUpdate(**session.said))
    return images_dir


def _make_sessions(images_dir: str) -> None:
    """Make the images root under another name first, so that it is whole or not there."""
    unfinished = os.path.join(os.path.dirname(images_dir), _UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    os.makedirs(os.path.join(unfinished, "thumbnails"))
    for index, session in enumerate(_SESSIONS):
        _make_session(unfinished, session, index)
    os.rename(unfinished, images_dir)


def _make_session(images_dir: str, session: _Session, hue: int) -> None:
    folder = os.path.join(images_dir, session.name)
    os.mkdir(folder)
    start = created_at(session.name)
    assert start is not None
    moment = start
    filenames = []
    for index in range(session.images):
        moment = start + timedelta(seconds=20 + 24 * index)
        filenames.append(f"{session.name.split('-')[-1]}_{index:04d}.png")
        path = os.path.join(folder, filenames[-1])
        with open(path, "wb") as file:
            file.write(_png(hue, index / session.images))
        os.utime(path, (moment.timestamp(), moment.timestamp()))
    if session.manifest != "none":
        path = os.path.join(folder, MANIFEST)
        text = json.dumps(_manifest(session, start.isoformat(), filenames), ensure_ascii=False, indent=2)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text if session.manifest == "whole" else text[: len(text) // 2])
        os.utime(path, (moment.timestamp(), moment.timestamp()))
    os.utime(folder, (moment.timestamp(), moment.timestamp()))


def _manifest(session: _Session, timestamp: str, filenames: list[str]) -> dict[str, Any]:
    """Return a manifest as the generator writes it."""
    prompt = ", ".join(["masterpiece", *(f"{{{name}}}" for name in session.variations), "beautiful girl"])
    return {
        "snapshot": {
            "version": "2.0",
            "timestamp": timestamp,
            "runtime_info": {"sd_model_checkpoint": session.model},
            "resolved_template": {"prompt": f"{prompt}\n", "negative": "low quality, blurry\n"},
            "generation_params": session.params,
            "api_params": {
                "width": 832, "height": 1216, "steps": 28, "cfg_scale": 6.5,
                "sampler": "DPM++ 2M Karras", "scheduler": "karras",
            },
            "variations": session.variations,
            "theme_name": None,
            "style": "default",
        },
        "images": [
            {"filename": name, "seed": seed, "prompt": prompt, "negative_prompt": "low quality, blurry"}
            for name, seed in zip(filenames, _seeds(session.params), strict=False)
        ],
        "status": session.status,
    }  # fmt: skip


def _seeds(params: dict[str, Any]) -> Iterator[int]:
    """Yield the seeds that a run uses, as its parameters say."""
    base = params.get("seed_base", params.get("base_seed", 7))
    match params.get("seed_mode"):
        case "progressive":
            yield from itertools.count(base)
        case "random":
            yield from (number * 2_654_435_761 % 2**32 for number in itertools.count(1))
        case _:
            yield from itertools.cycle(params.get("seed_list", [base]))


def _png(hue: int, progress: float) -> bytes:
    """Return a small PNG: a gradient that tells sessions and images apart."""
    channel = hue % 3
    rows = bytearray()
    for y in range(_HEIGHT):
        rows.append(0)  # no filter
        for x in range(_WIDTH):
            pixel = [int(255 * y / _HEIGHT), int(255 * x / _WIDTH), int(255 * progress)]
            rows += bytes(pixel[channel:] + pixel[:channel])
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
