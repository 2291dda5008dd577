"""Writing for programs: always UTF-8, whatever the terminal's encoding is."""

import sys

from sdgen_admin.cli.text import visible_lines


def write(text: str) -> None:
    """Write text to stdout in UTF-8."""
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))


def write_for_programs(text: str) -> None:
    """Write text as it is to a program, and harmless to a terminal."""
    write(visible_lines(text) if sys.stdout.isatty() else text)
