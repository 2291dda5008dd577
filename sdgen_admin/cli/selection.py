"""What commands share about choosing sessions and about how they end."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from sdgen_admin.errors import UsageError

if TYPE_CHECKING:
    from sdgen_admin.cli.says import Says
    from sdgen_admin.cli.terminal import ProgressBar
    from sdgen_admin.models.filters import SessionFilter
    from sdgen_admin.models.records import SessionRecord
    from sdgen_admin.models.reports import ComputeReport
    from sdgen_admin.services.library import SessionLibrary

_STDIN = "-"


def contradiction(one: str, other: str) -> UsageError:
    """Return the error of two options or arguments that exclude each other."""
    return UsageError(f"{one} and {other} contradict each other.", hint="Leave one of them out.")


def chosen_sessions(library: "SessionLibrary", arguments: Iterable[str] | None, *, fresh: bool = True) -> list[str]:
    """Return the sessions that SESSION arguments name; `-` stands for the ids on standard input, one a line, or none.

    Raises:
        SessionNotFoundError: One names no session, or several.
    """
    texts: list[str] = []
    for argument in arguments or ():
        if argument != _STDIN:
            texts.append(argument)
            continue
        lines = [line.removesuffix("\r") for line in _stdin().split("\n")]
        texts += [line for line in lines if line.strip()]
    return library.resolve(texts, fresh=fresh) if texts else []


def one_session(command: str, library: "SessionLibrary", argument: str, *, fresh: bool) -> str:
    """Return the session that the one SESSION argument of a command names. Raises as `chosen_sessions`."""
    chosen = chosen_sessions(library, [argument], fresh=fresh)
    if len(chosen) != 1:
        raise UsageError(f"{command} takes one session.", hint="Name it by its id, a part of the id, or latest.")
    return chosen[0]


def matching_sessions(
    library: "SessionLibrary",
    query: "SessionFilter",
    named: list[str] | None,
    says: "Says",
    progress: "ProgressBar",
    *,
    with_folder: bool,
) -> list[str]:
    """Return the sessions that match a filter.

    Args:
        library: Where they are.
        query: The filter.
        named: The sessions to choose from, as `chosen_sessions` returns them; None: all.
        says: Told what cannot be read.
        progress: Told how far computing is.
        with_folder: Whether to leave out sessions whose folder cannot be read.
    """
    unreadable: set[str] = set()

    def on_report(report: "ComputeReport") -> None:
        unreadable.update(report.offline if with_folder else ())
        says.absent(report)

    with library.select(query, progress=progress, on_report=on_report) as (_, records):
        found = {
            record.session_path: _name(library, record)
            for record in records
            if not (record.root in unreadable or (record.missing and with_folder))
        }
    if named is None:
        return list(found.values())
    with library.records(named) as records:
        chosen = (found[record.session_path] for record in records if record.session_path in found)
        return list(dict.fromkeys(chosen))


def _name(library: "SessionLibrary", record: "SessionRecord") -> str:
    """Return what names this session alone: with several roots, its id may name another one."""
    return record.session_id if len(library.shown) == 1 else record.session_path


def _stdin() -> str:
    """Return what standard input holds; ids are UTF-8, whatever the terminal's encoding is."""
    return sys.stdin.buffer.read().decode("utf-8-sig", "surrogateescape")


def exit_for(report: "ComputeReport", *, strict: bool) -> None:
    """End with 1 if a session failed or, if strict, has a problem."""
    if report.failed or (strict and report.problems):
        raise typer.Exit(1)
