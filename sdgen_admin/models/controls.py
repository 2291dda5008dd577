"""The characters that would steer a terminal, and how they are spelled out."""

_LAST_BYTE = 0xFF
_JOINERS = (0x200C, 0x200D)
"""Part of words in several scripts, and of emoji."""
_RANGES = (
    range(0x20), range(0x7F, 0xA0), range(0x061C, 0x061D), range(0x200B, 0x2010), range(0x2028, 0x202F),
    range(0x2066, 0x206A), range(0xFEFF, 0xFF00),
)  # fmt: skip

CONTROLS = tuple(code for codes in _RANGES for code in codes if code not in _JOINERS)
"""Their code points."""
SPELLED_OUT = {code: f"\\x{code:02x}" if code <= _LAST_BYTE else f"\\u{code:04x}" for code in CONTROLS}
"""Each code point to how it is spelled out, for `str.translate`."""
