"""The manifest, and the facts in it: whatever its fields hold, each costs only itself."""

import json
import math
import os
from dataclasses import replace
from typing import Any, TypeGuard, TypeVar

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.fingerprint import MANIFEST
from sdgen_admin.disk.readers.decode import decode
from sdgen_admin.disk.readers.interface import Found, SessionFolder
from sdgen_admin.errors import InvalidManifestError
from sdgen_admin.models.enums import Confidence, RunStatus, Source
from sdgen_admin.models.limits import LARGEST

T = TypeVar("T")

UNKNOWN = "unknown"
NO_MANIFEST = "There is no manifest.json in the folder."
RESTARTED = "manifest.json was restarted: its snapshot is empty."
GUESSED = "manifest.json is not valid UTF-8; its encoding was guessed to be Latin-1."

_RUN_STATUSES = frozenset(status.value for status in RunStatus)
_CONFIDENCES = frozenset(confidence.value for confidence in Confidence)


def read_manifest(folder: SessionFolder) -> Found:
    """Return what the session's `manifest.json` says."""
    is_file = folder.files.get(MANIFEST)
    if is_file is None:
        return Found(problem=NO_MANIFEST)
    path = os.path.join(folder.path, MANIFEST)
    try:
        if not is_file:  # a folder, or a pipe that would never answer
            return Found(problem="manifest.json is not a file.", state=os.stat(path))
        with open(path, "rb", buffering=0) as file:
            state = os.fstat(file.fileno())
            data = file.readall()
    except OSError as error:
        return Found(problem=f"manifest.json cannot be read: {error.strerror}.")
    try:
        facts, problem = parse_manifest(data)
    except InvalidManifestError as error:
        return Found(None, error.message, state)
    return Found(facts, problem, state)


def parse_manifest(data: bytes) -> tuple[Facts, str | None]:
    """Return the facts in a manifest's bytes, and what keeps it from telling all, in one sentence.

    An empty snapshot with a status or images is a manifest that the generator restarted: no plan is known.

    Raises:
        InvalidManifestError: The bytes are not a JSON object with a `snapshot` object that says anything.
    """
    decoded = decode(data)
    facts = _facts_in(decoded.fields)
    problem = None if facts.is_planned else RESTARTED
    return facts, problem or (GUESSED if decoded.is_guessed else None)


def _facts_in(top: dict[str, Any]) -> Facts:
    snapshot = _object(top, "snapshot")
    images = top.get("images") if isinstance(top.get("images"), list) else None
    status = _text(top, "status")
    if not snapshot and not (isinstance(top.get("snapshot"), dict) and (status or images)):
        raise InvalidManifestError("manifest.json has no snapshot.")
    seeds = _image_seeds(images or [])
    params = _object(snapshot, "generation_params")
    api = _object(snapshot, "api_params")
    template = _object(snapshot, "resolved_template")
    variations = _variations(_object(snapshot, "variations"))
    recorded = Facts(
        source=Source.MANIFEST.value,
        confidence=_confidence(snapshot),
        run_status=status if status in _RUN_STATUSES else None,
        images_recorded=None if images is None else len(images),
        seed_min=min(seeds, default=None),
        seed_max=max(seeds, default=None),
        seed_run=_how_they_run(seeds),
    )
    if not snapshot:
        return recorded
    return replace(
        recorded,
        is_planned=True,
        sd_model=_or(_text(_object(snapshot, "runtime_info"), "sd_model_checkpoint"), UNKNOWN),
        template_version=_or(_text(snapshot, "version"), UNKNOWN),
        timestamp=_text(snapshot, "timestamp"),
        generation_mode=_or(_text(params, "mode"), UNKNOWN),
        seed_mode=_or(_text(params, "seed_mode"), UNKNOWN),
        seed_base=_or(_or(_integer(params, "seed_base"), _integer(params, "base_seed")), -1),
        seed_list=_seeds(params.get("seed_list")),
        num_images=_count(params, "num_images"),
        image_limit=_image_limit(params, top),
        prompt=_or(_text(template, "prompt"), ""),
        negative_prompt=_or(_text(template, "negative"), ""),
        width=_integer(api, "width"),
        height=_integer(api, "height"),
        steps=_integer(api, "steps"),
        cfg_scale=_number(api, "cfg_scale"),
        sampler_name=_or(_text(api, "sampler_name"), _text(api, "sampler")),
        scheduler=_text(api, "scheduler"),
        used={name: values for name, (values, _) in variations.items()},
        pools={name: pool for name, (_, pool) in variations.items()},
        theme=_text(snapshot, "theme_name"),
        style=_text(snapshot, "style"),
    )


def _or(value: T | None, absent: T) -> T:
    return absent if value is None else value


def _object(node: dict[str, Any], key: str) -> dict[str, Any]:
    value = node.get(key)
    return value if isinstance(value, dict) else {}


def _text(node: dict[str, Any], key: str) -> str | None:
    value = node.get(key)
    return _storable(value) if isinstance(value, str) else None


def _storable(text: str) -> str:
    """Return `text` with lone surrogates, which UTF-8 cannot hold, replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _integer(node: dict[str, Any], key: str) -> int | None:
    """Return a whole number that SQLite can hold."""
    return _held(node.get(key))


def _held(value: object) -> int | None:
    number = _whole(value)
    return number if number is not None and -LARGEST <= number <= LARGEST else None


def _whole(value: object) -> int | None:
    """Return a whole number of any size. JSON makes no difference between 28 and 28.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if _is_integer(value) else None


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(node: dict[str, Any], key: str) -> float | None:
    value = node.get(key)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    number = _integer(node, key)
    return None if number is None else float(number)


def _count(node: dict[str, Any], key: str) -> int | None:
    """Return a number of images, cut at what SQLite can hold; None for a negative one."""
    count = _whole(node.get(key))
    return min(count, LARGEST) if count is not None and count >= 0 else None


def _image_limit(params: dict[str, Any], top: dict[str, Any]) -> int | None:
    """Return the image limit: `max_images` (0 or less means none), else `images_requested`."""
    has_own = _whole(params.get("max_images")) is not None
    return (_count(params, "max_images") if has_own else _count(top, "images_requested")) or None


def _seeds(value: Any) -> tuple[int, ...]:
    """Return the seeds of a list, of any size: how many there are is what the run planned."""
    if not isinstance(value, list):
        return ()
    return tuple(seed for seed in map(_whole, value) if seed is not None)


def _image_seeds(images: list[Any]) -> list[int]:
    """Return the seeds of recorded images, those that are whole numbers SQLite can hold."""
    if images and hasattr(images[0], "seed"):  # as nearly always: a struct each, all with a proper seed
        seeds = [image.seed for image in images]
        if set(map(type, seeds)) == {int} and min(seeds) >= -LARGEST and max(seeds) <= LARGEST:
            return seeds
    else:
        seeds = [image.get("seed") if isinstance(image, dict) else None for image in images]
    return [seed for seed in map(_held, seeds) if seed is not None]


def _how_they_run(seeds: list[int]) -> str | None:
    if not seeds:
        return None
    first, last = seeds[0], seeds[-1]
    if first == last and seeds.count(first) == len(seeds):
        return "fixed"
    is_progressive = last - first == len(seeds) - 1 and seeds == list(range(first, last + 1))
    return "progressive" if is_progressive else "random"


def _confidence(snapshot: dict[str, Any]) -> str:
    """Return the confidence in a manifest: high, unless an earlier tool inferred it and says otherwise."""
    inferred = snapshot.get("inference_info")
    if not isinstance(inferred, dict):
        return Confidence.HIGH.value
    confidence = _text(inferred, "confidence")
    return confidence if confidence in _CONFIDENCES else Confidence.MEDIUM.value


def _variations(variations: dict[str, Any]) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return the values that each placeholder uses, with the number of values that it could have used."""
    found = {}
    for name, variation in variations.items():
        if not isinstance(variation, dict | list):
            continue
        values = variation.get("used") if isinstance(variation, dict) else variation
        used = tuple(map(_as_string, values)) if isinstance(values, list) else ()
        found[_storable(name)] = used, _pool(variation if isinstance(variation, dict) else {}, len(used))
    return found


def _pool(variation: dict[str, Any], used: int) -> int:
    count = _count(variation, "count")
    if count is not None:
        return count
    available = variation.get("available")
    return len(available) if isinstance(available, list) else used


def _as_string(value: Any) -> str:
    return _storable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
