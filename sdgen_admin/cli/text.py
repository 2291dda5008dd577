"""Text from files is text: made safe for a terminal, never obeyed by it."""

import codecs

_LAST_BYTE = 0xFF
_CONTROL = [*range(0x20), *range(0x7F, 0xA0), 0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F)]
_CONTROL += [*range(0x2066, 0x206A), 0xFEFF]

_VISIBLE = {code: f"\\x{code:02x}" if code <= _LAST_BYTE else f"\\u{code:04x}" for code in _CONTROL}
_VISIBLE_LINES = {code: mark for code, mark in _VISIBLE.items() if code not in (0x09, 0x0A)}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in _CONTROL if code not in (0x0A, 0x0D, 0x09)}
_PLAIN = {"–": "-", "→": "->", "×": "x", "…": "..."}
"""This tool's own signs, for an encoding that lacks them."""
_JOINERS = (0x200C, 0x200D)
for _table in (_VISIBLE, _VISIBLE_LINES, _JSON_ESCAPES):
    for _code in _JOINERS:  # part of words in several scripts, and of emoji
        del _table[_code]


def visible(text: str) -> str:
    """Return `text` on one line, with everything that would steer a terminal spelled out."""
    return text if text.isascii() and text.isprintable() else text.translate(_VISIBLE)


def visible_lines(text: str) -> str:
    """Return `text` with its own line breaks and tabs, and everything else that steers a terminal spelled out."""
    return text.translate(_VISIBLE_LINES)


def escaped_json(text: str) -> str:
    """Return JSON text with the control characters that JSON allows in strings escaped: it says the same."""
    return text if text.isascii() and "\x7f" not in text else text.translate(_JSON_ESCAPES)


def spell_out_what_is_lacking() -> str:
    """Return the name of an encoding error handler: own signs become plain ones, other text its code points."""
    codecs.register_error("sdgen-admin", _spell_out)
    return "sdgen-admin"


def _spell_out(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    plain = _PLAIN.get(error.object[error.start])
    return (plain, error.start + 1) if plain else codecs.backslashreplace_errors(error)
