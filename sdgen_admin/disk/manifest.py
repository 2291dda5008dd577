"""The manifest: from its bytes to the facts in it, whatever a generator, an editor or a fault made of it.

`msgspec` reads it: of the JSON readers measured it alone passes over `images[]`, nearly all of a big manifest,
without making an object of it (3 GB/s, against 0.3 GB/s for those that build what nobody needs).
"""

import json
import math
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from sdgen_admin.errors import InvalidManifestError
from sdgen_admin.models.limits import LARGEST

if TYPE_CHECKING:
    import msgspec

T = TypeVar("T")

UNKNOWN = "unknown"

_BOM = b"\xef\xbb\xbf"
_MAX_DEPTH = 100
_MAX_DIGITS = 4300
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """What a manifest says, each fact absent where it is missing or of the wrong type."""

    sd_model: str = UNKNOWN
    template_version: str = UNKNOWN
    timestamp: str | None = None
    generation_mode: str = UNKNOWN
    seed_mode: str = UNKNOWN
    seed_base: int = -1
    seed_list: tuple[int, ...] = ()
    num_images: int | None = None
    image_limit: int | None = None
    prompt: str = ""
    negative_prompt: str = ""
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    sampler_name: str | None = None
    scheduler: str | None = None
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Placeholder name to the values that the run uses."""
    theme: str | None = None
    style: str | None = None
    status: str | None = None


def parse_manifest(data: bytes) -> ManifestFacts:
    """Return the facts in a manifest's bytes.

    Raises:
        InvalidManifestError: The bytes are no JSON object with a non-empty `snapshot` object.
    """
    top = _decode(data)
    snapshot = _object(top, "snapshot")
    if not snapshot:
        raise InvalidManifestError("manifest.json has no snapshot.")
    params = _object(snapshot, "generation_params")
    api = _object(snapshot, "api_params")
    template = _object(snapshot, "resolved_template")
    return ManifestFacts(
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
        used=_used_values(_object(snapshot, "variations")),
        theme=_text(snapshot, "theme_name"),
        style=_text(snapshot, "style"),
        status=_text(top, "status"),
    )


@cache
def _decoder() -> "msgspec.json.Decoder[Any]":
    import msgspec  # noqa: PLC0415 -- 30 ms, and nothing to read means no need of it

    wanted = [(name, Any, None) for name in ("snapshot", "images_requested", "status")]
    return msgspec.json.Decoder(msgspec.defstruct("Manifest", wanted))


def _decode(data: bytes) -> dict[str, Any]:
    """Return the top-level fields that are needed."""
    import msgspec  # noqa: PLC0415

    body = memoryview(data)[len(_BOM) :] if data.startswith(_BOM) else data
    try:
        top = _decoder().decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _decode_leniently(data, error)
    return {"snapshot": top.snapshot, "images_requested": top.images_requested, "status": top.status}


def _decode_leniently(data: bytes, error: Exception) -> dict[str, Any]:
    """Read what strict JSON does not allow but manifests hold: NaN, huge integers, lone surrogates, any depth.

    The standard library does that, at ten times the cost.
    """
    end = data.rstrip(b" \t\r\n\0")[-1:]
    if end != b"}":
        what = "is not complete, or no JSON object" if end else "is empty"
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
        raise InvalidManifestError("manifest.json is no JSON object.")
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
                start = len(text)  # until it is closed; if it never is, the rest is no JSON anyway
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
    """Return a whole number that SQLite can hold. JSON knows no difference between 28 and 28.0."""
    value = node.get(key)
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
    """Return the image limit: `max_images`, of which 0 or less means none, else `images_requested`."""
    has_own = _is_integer(params.get("max_images")) or _integer(params, "max_images") is not None
    return (_count(params, "max_images") if has_own else _count(top, "images_requested")) or None


def _seeds(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(seed for seed in value if _is_integer(seed) and -LARGEST <= seed <= LARGEST)


def _used_values(variations: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    used = {}
    for name, variation in variations.items():
        if not isinstance(variation, dict | list):
            continue
        values = variation.get("used") if isinstance(variation, dict) else variation
        used[_storable(name)] = tuple(map(_as_string, values)) if isinstance(values, list) else ()
    return used


def _as_string(value: Any) -> str:
    return _storable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
