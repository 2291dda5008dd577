"""Text from files is text: made safe for a terminal, never obeyed by it."""

import codecs
from functools import cache

from sdgen_admin.models.controls import CONTROLS, SPELLED_OUT

_SPELLED_OUT_IN_LINES = {code: spelled for code, spelled in SPELLED_OUT.items() if code not in (0x09, 0x0A)}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in CONTROLS if code not in (0x0A, 0x0D, 0x09)}
_PLAIN = {"–": "-", "→": "->", "×": "x", "…": "..."}
"""This tool's own signs, for an encoding that lacks them."""
_LONGEST = 4000
"""Characters of a line."""
_BYTES = range(0xDC80, 0xDD00)
"""The lone surrogates that stand for the bytes of a name that is not valid UTF-8."""


def visible(text: str) -> str:
    """Return `text` on one line, with everything that would steer a terminal spelled out."""
    return text if text.isprintable() else text.translate(SPELLED_OUT)


def visible_lines(text: str) -> str:
    """Return `text` with its own line breaks and tabs, and everything else that steers a terminal spelled out."""
    return text.translate(_SPELLED_OUT_IN_LINES)


def shortened(line: str) -> str:
    """Return a line without its middle if it is longer than anybody reads: somebody may have pasted a whole file."""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"


def escaped_json(text: str) -> str:
    """Return JSON text with the control characters that JSON allows in strings escaped: it says the same.

    Lone surrogates, which no UTF-8 holds, are spelled out as in every other format.
    """
    if text.isprintable():
        return text
    return text.translate(_JSON_ESCAPES).encode("utf-8", _json_handler()).decode()


@cache
def spell_out_what_is_lacking() -> str:
    """Return the name of an encoding error handler: own signs become plain ones, other text bytes or code points."""
    codecs.register_error("sdgen-admin", _spell_out)
    return "sdgen-admin"


@cache
def _json_handler() -> str:
    codecs.register_error("sdgen-admin-json", _spell_out_in_json)
    return "sdgen-admin-json"


def _spell_out(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    character = error.object[error.start]
    if plain := _PLAIN.get(character):
        return plain, error.start + 1
    if ord(character) in _BYTES:
        return f"\\x{ord(character) - 0xDC00:02x}", error.start + 1
    return codecs.backslashreplace_errors(error)


def _spell_out_in_json(error: UnicodeError) -> tuple[str | bytes, int]:
    spelled, end = _spell_out(error)
    assert isinstance(spelled, str)
    return spelled.replace("\\", "\\\\"), end
