"""A manifest's bytes, to its top-level fields: whatever encoding, padding and depth a generator or an editor chose.

`msgspec` reads it: of the JSON readers measured it alone passes over what nobody asks for, nearly all of a big
manifest's `images[]`, without making objects of it (3 GB/s, against 0.3 GB/s for those that do).
"""

import codecs
import json
import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sdgen_admin.errors import InvalidManifestError

if TYPE_CHECKING:
    import msgspec

_PADDING = b" \t\r\n\0\x1a"
"""What may follow a document: blanks, the rest of a block, the end mark of an old editor."""
_MAX_DEPTH = 100
_MAX_DIGITS = 4300
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class Decoded(NamedTuple):
    """A manifest that could be read."""

    fields: dict[str, Any]
    """The top-level fields that are needed, and maybe others."""
    is_guessed: bool
    """Whether its text is not valid UTF-8 and was taken for Latin-1."""


def decode(data: bytes) -> Decoded:
    """Return a manifest's top-level fields.

    Nearly every manifest is plain JSON in UTF-8, and read as fast as that can be. One that is written in another way
    is brought into that form first. Only NaN, huge numbers, lone surrogates and great depth need the standard library,
    which takes ten times as long. What is passed over is not looked at: a byte that is not valid UTF-8 there harms
    nothing.

    Raises:
        InvalidManifestError: The bytes are not a JSON object.
    """
    import msgspec  # noqa: PLC0415 -- 30 ms, and nothing to read means no need of it

    not_plain = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
    body = memoryview(data)[len(codecs.BOM_UTF8) :] if data.startswith(codecs.BOM_UTF8) else data
    with suppress(*not_plain):
        return Decoded(_decode_plain(body), is_guessed=False)
    text, is_guessed = _as_text(data)
    with suppress(*not_plain):
        return Decoded(_decode_plain(text.encode("utf-8", "surrogatepass")), is_guessed)
    return Decoded(_decode_leniently(text), is_guessed)


def _decode_plain(body: bytes | memoryview) -> dict[str, Any]:
    """Read what is plain JSON in UTF-8."""
    import msgspec  # noqa: PLC0415

    try:
        top = _decoder().decode(body)
    except msgspec.ValidationError:  # images[] is not a list of objects, or the top level is not an object
        return cast("dict[str, Any]", _decoder_of_anything().decode(body))
    return {name: getattr(top, name) for name in ("snapshot", "images_requested", "status", "images")}


@cache
def _decoder() -> "msgspec.json.Decoder[Any]":
    """Return the decoder of what is needed: of `images[]`, nearly all of a large manifest, only the seeds."""
    import msgspec  # noqa: PLC0415

    image: Any = msgspec.defstruct("Image", [("seed", Any, None)], gc=False)
    images: Any = list[image] | None
    wanted = [(name, Any, None) for name in ("snapshot", "images_requested", "status")]
    return msgspec.json.Decoder(msgspec.defstruct("Manifest", [*wanted, ("images", images, None)]))


@cache
def _decoder_of_anything() -> "msgspec.json.Decoder[Any]":
    import msgspec  # noqa: PLC0415

    return msgspec.json.Decoder(dict[str, Any])


def _as_text(data: bytes) -> tuple[str, bool]:
    """Return a document without what surrounds it, and whether its encoding was guessed."""
    end = len(data.rstrip(_PADDING))
    if data[end - 1 : end] != b"}":
        what = "is not complete, or not a JSON object" if end else "is empty"
        raise InvalidManifestError(f"manifest.json {what}.")
    encoding = json.detect_encoding(data)
    if encoding.startswith("utf-8"):
        try:
            return data[:end].decode("utf-8-sig"), False
        except UnicodeDecodeError:
            return data[:end].removeprefix(codecs.BOM_UTF8).decode("latin-1"), True
    end += -end % (4 if encoding.startswith("utf-32") else 2)  # the brace's other bytes look like padding
    try:
        return data[:end].decode(encoding, "surrogatepass").removeprefix("\ufeff"), False
    except UnicodeDecodeError as error:
        raise InvalidManifestError(f"manifest.json is not valid {encoding.upper()}.") from error


def _decode_leniently(text: str) -> dict[str, Any]:
    """Read what JSON does not allow but manifests hold: NaN, huge integers, lone surrogates, any depth."""
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
