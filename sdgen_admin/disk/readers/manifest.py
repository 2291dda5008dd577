"""The manifest: from its bytes to the facts in it, whatever a generator, an editor or a fault made of it.

`msgspec` reads it: of the JSON readers measured it alone passes over what nobody asks for, nearly all of a big
manifest's `images[]`, without making objects of it (3 GB/s, against 0.3 GB/s for those that do).
"""

import json
import math
import os
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar, cast

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.fingerprint import MANIFEST
from sdgen_admin.disk.readers.interface import Found, SessionFolder
from sdgen_admin.errors import InvalidManifestError
from sdgen_admin.models.enums import Confidence, RunStatus, Source
from sdgen_admin.models.limits import LARGEST

if TYPE_CHECKING:
    import msgspec

T = TypeVar("T")

UNKNOWN = "unknown"
NO_MANIFEST = "There is no manifest.json in the folder."
RESTARTED = "manifest.json was restarted: its snapshot is empty."

_RUN_STATUSES = frozenset(status.value for status in RunStatus)
_CONFIDENCES = frozenset(confidence.value for confidence in Confidence)

_BOM = b"\xef\xbb\xbf"
_MAX_DEPTH = 100
_MAX_DIGITS = 4300
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


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
        facts = parse_manifest(data)
    except InvalidManifestError as error:
        return Found(None, error.message, state)
    return Found(facts, None if facts.is_planned else RESTARTED, state)


def parse_manifest(data: bytes) -> Facts:
    """Return the facts in a manifest's bytes.

    An empty snapshot with a status or images is a manifest that the generator restarted: no plan is known.

    Raises:
        InvalidManifestError: The bytes are not a JSON object with a `snapshot` object that says anything.
    """
    top = _decode(data)
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


@cache
def _decoder() -> "msgspec.json.Decoder[Any]":
    """Return the decoder of what is needed: of `images[]`, nearly all of a large manifest, only the seeds."""
    import msgspec  # noqa: PLC0415 -- 30 ms, and nothing to read means no need of it

    image: Any = msgspec.defstruct("Image", [("seed", Any, None)], gc=False)
    images: Any = list[image] | None
    wanted = [(name, Any, None) for name in ("snapshot", "images_requested", "status")]
    return msgspec.json.Decoder(msgspec.defstruct("Manifest", [*wanted, ("images", images, None)]))


@cache
def _decoder_of_anything() -> "msgspec.json.Decoder[Any]":
    import msgspec  # noqa: PLC0415

    return msgspec.json.Decoder(dict[str, Any])


def _decode(data: bytes) -> dict[str, Any]:
    """Return the top-level fields that are needed."""
    import msgspec  # noqa: PLC0415

    body = memoryview(data)[len(_BOM) :] if data.startswith(_BOM) else data
    try:
        top = _decoder().decode(body)
    except msgspec.ValidationError:  # images[] is not a list of objects, or the top level is not an object
        try:
            return cast("dict[str, Any]", _decoder_of_anything().decode(body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return _decode_leniently(data, error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _decode_leniently(data, error)
    return {name: getattr(top, name) for name in ("snapshot", "images_requested", "status", "images")}


def _decode_leniently(data: bytes, error: Exception) -> dict[str, Any]:
    """Read what strict JSON does not allow but manifests hold: NaN, huge integers, lone surrogates, any depth.

    The standard library does that, at ten times the cost.
    """
    end = data.rstrip(b" \t\r\n\0")[-1:]
    if end != b"}":
        what = "is not complete, or not a JSON object" if end else "is empty"
        raise InvalidManifestError(f"manifest.json {what}.") from error
    text = data.decode(json.detect_encoding(data), "replace").removeprefix("\ufeff")
    try:
        try:
            top = json.loads(text, parse_int=_parse_int)
        except RecursionError:
            top = json.loads(_cut_deep(text), parse_int=_parse_int)
    except json.JSONDecodeError as problem:
        raise InvalidManifestError(f"manifest.json is not valid JSON: {problem}.") from problem
    if not isinstance(top, dict):
        raise InvalidManifestError("manifest.json is not a JSON object.")
    return top


def _parse_int(digits: str) -> int:
    return int(digits[:_MAX_DIGITS])  # cut short, it is still larger than anything that is kept


def _cut_deep(text: str) -> str:
    """Return `text` with null in place of every array and object that is nested too deep to parse."""
    kept, depth, start = [], 0, 0
    for token in _BRACKETS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == _MAX_DEPTH:
                kept.append(text[start : token.start()])
                start = len(text)  # until it is closed; if it never is, the rest is not JSON anyway
        elif token[0] in "]}":
            if depth == _MAX_DEPTH:
                kept.append("null")
                start = token.end()
            depth -= 1
    return "".join(kept) + text[start:]


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
    """Return a whole number that SQLite can hold. JSON makes no difference between 28 and 28.0."""
    return _whole(node.get(key))


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if _is_integer(value) and -LARGEST <= value <= LARGEST else None


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
    value = node.get(key)
    count = min(value, LARGEST) if _is_integer(value) else _integer(node, key)
    return count if count is not None and count >= 0 else None


def _image_limit(params: dict[str, Any], top: dict[str, Any]) -> int | None:
    """Return the image limit: `max_images` (0 or less means none), else `images_requested`."""
    has_own = _is_integer(params.get("max_images")) or _integer(params, "max_images") is not None
    return (_count(params, "max_images") if has_own else _count(top, "images_requested")) or None


def _seeds(value: Any) -> tuple[int, ...]:
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
    return [seed for seed in map(_whole, seeds) if seed is not None]


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
