"""Writing for programs: always UTF-8, whatever the terminal's encoding is."""

import sys

from sdgen_admin.cli.text import spell_out_what_is_lacking


def write(text: str) -> None:
    """Write text to stdout in UTF-8."""
    sys.stdout.buffer.write(text.encode("utf-8", spell_out_what_is_lacking()))
