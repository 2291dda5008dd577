"""What a layout of the mirror is: another program's columns, each with the expression that fills it."""

from collections.abc import Mapping
from typing import NamedTuple


class Layout(NamedTuple):
    """A layout of `session_stats`.

    The expressions are SQL over `s` (a row of `sdgen_admin_sessions`), `r` (its root), and `p` and `v` (its prompts
    and variations, or nulls).
    """

    name: str
    """What `config` calls it."""
    key: str
    """The column that holds the session id."""
    columns: Mapping[str, str]
    """Each column that is written, key included, with its expression."""
    generated: tuple[str, ...] = ()
    """Further columns that it has, which the table computes itself."""
    path_column: str | None = None
    """The column that holds the session folder, if there is one."""
