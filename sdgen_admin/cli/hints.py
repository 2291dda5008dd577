"""What to type next after an error, in the command line's own words, and the exit status the error means."""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sdgen_admin.cli.text import visible
from sdgen_admin.errors import DatabaseError, EditRefusedError, InvalidFieldError, SdgenAdminError, UsageError
from sdgen_admin.models.session_id import shown_id
from sdgen_admin.models.text import fold

Details = Mapping[str, Any]
Hint = Callable[[Details], str]

_LISTED = 8
"""How many names a hint lists."""
_OTHER_FILE = "Name another database with --db FILE."


def hint(error: SdgenAdminError) -> str:
    """Return what to do about an error, on one line or several; nothing if there is nothing to suggest."""
    return HINTS.get(error.code, _fixed(""))(error.details)


def exit_status(error: SdgenAdminError) -> int:
    """Return the exit status of a command that ends with this error."""
    match error:
        case EditRefusedError():
            return 1
        case DatabaseError():
            return 3
        case UsageError():
            return 2
        case _:
            return 1


def did_you_mean(names: Iterable[str]) -> str:
    """Return the question that offers some names, at least one."""
    *others, last = map(visible, names)
    return f"Did you mean {', '.join(others)} or {last}?" if others else f"Did you mean {last}?"


def _fixed(text: str) -> Hint:
    return lambda _details: text


def _misuse(details: Details) -> str:
    return str(details.get("hint", ""))  # the command line's own errors bring theirs


def _invalid_tag(details: Details) -> str:
    return f"A tag is 1 to {details.get('longest', 50)} letters, digits, '-' and '_'."


def _invalid_field(details: Details) -> str:
    from sdgen_admin.models.fields import FIELDS, field_named

    if near := details.get("near"):
        return did_you_mean(near)
    try:
        field_named(str(details.get("field", "")))
    except InvalidFieldError:
        return f"The fields are: {', '.join(field.name for field in FIELDS)}."
    return "Sort by a field that holds one value, such as created, model or images."


def _root_offline(_details: Details) -> str:
    return "Is the drive mounted? See which folders are used with: sdgen-admin config"


def _windows_path(details: Details) -> str:
    if details.get("wsl"):
        share = visible(shlex.quote(str(details.get("path", ""))))
        return f"Mount it, and name the folder that it is mounted at: sudo mount -t drvfs {share} /mnt/share"
    return "Name it as this system does: by the folder that the drive is mounted at."


def _no_such_root(details: Details) -> str:
    from difflib import get_close_matches

    known = {fold(name): visible(name) for name in details.get("known", ())}
    near = get_close_matches(fold(str(details.get("root", ""))), known, n=3)
    names = [known[name] for name in near]
    return did_you_mean(names) if names else f"The images roots are: {', '.join(known.values())}."


def _no_such_session(details: Details) -> str:
    if details.get("latest"):
        return "Is it the right folder, and is the drive mounted? See: sdgen-admin config"
    if near := details.get("near"):
        return _sessions("Did you mean:", near) if len(near) > 1 else f"Did you mean {shown_id(near[0])}?"
    if len(details.get("sessions", ())) > 1:
        return "List the ids with: sdgen-admin list --all --format ids"
    return "List the sessions with: sdgen-admin list"


def _ambiguous_session(details: Details) -> str:
    text, matches = str(details.get("text", "")), details.get("matches", ())
    more = f"Be more specific, or use: sdgen-admin list --search {visible(shlex.quote(text))}"
    return _sessions(more, matches, details.get("count", len(matches)))


def _twin_session(details: Details) -> str:
    root = str(details.get("root", ""))
    # A root that is not configured has no name: its path stands there.
    option = "--images-dir" if os.path.isabs(root) else "--root"
    return f"To name the session that has the metadata, add: {option} {visible(shlex.quote(root))}"


def _already_undone(details: Details) -> str:
    return f"To redo it: sdgen-admin undo {details['by']}" if "by" in details else _SEE_HISTORY


def _changed_since(details: Details) -> str:
    return f"To put the old values back anyway: sdgen-admin undo {details.get('group', 'N')} --force"


def _read_only(details: Details) -> str:
    if details.get("wal"):
        return "Copy the database and its -wal file to a folder that can be written, and name the copy with --db FILE."
    return f"Check the permissions of the file and its folder. {_OTHER_FILE}"


def _sessions(head: str, names: Iterable[str], count: int | None = None) -> str:
    names = list(names)
    count = len(names) if count is None else count
    lines = [head, *(f"  {shown_id(name)}" for name in names[:_LISTED])]
    if count > _LISTED:
        lines.append(f"  … and {count - _LISTED:,} more")
    return "\n".join(lines)


_UPDATE = "Update this program: pip install -U sdgen-admin"
_SEE_HISTORY = "See what has changed with: sdgen-admin history"
_NO_ROOT = """\
Name one with --images-dir DIR, or set it once with one of:
  SDGEN_IMAGES_DIR   one folder, or several as in PATH
  IMAGE_FOLDERS      the web UI's list of folders
  sdgen_config.json  the generator's file, with its output_dir
To try it without images of your own: sdgen-admin demo"""

HINTS: dict[str, Hint] = {
    "error": _fixed(""),
    "invalid-request": _misuse,
    "invalid-tag": _invalid_tag,
    "invalid-date": _fixed(
        "Use a date (2025-11-07), a month (2025-11), a time (2025-11-07T18:30), today, yesterday, or an age such as"
        " 24h, 7d, 2w, 3m or 1y."
    ),
    "invalid-field": _invalid_field,
    "invalid-condition": _fixed(
        "Write FIELD OPERATOR VALUE in quotes, for example: --where 'steps>=30'\n"
        "Operators are = != < <= > >= and ~ (contains)."
    ),
    "invalid-settings": _fixed("Correct it, or name the folder with --images-dir DIR."),
    "no-images-root": _fixed(_NO_ROOT),
    "no-current-folder": _fixed("Change to a folder that exists: cd"),
    "file-name-encoding": _fixed("Or choose a UTF-8 locale, such as LC_ALL=C.UTF-8."),
    "windows-path": _windows_path,
    "root-offline": _root_offline,
    "no-such-root": _no_such_root,
    "prune-refused": _fixed(
        "Is the drive mounted? If the folders are really gone: sdgen-admin warm-cache --prune --force"
    ),
    "backup-exists": _fixed("Choose another file: sdgen-admin backup FILE"),
    "newer-copy": _fixed(_UPDATE),
    "restore-refused": _fixed("Nothing was changed. Name a file that `sdgen-admin backup` wrote."),
    "edit-refused": _fixed("Nothing was changed. Another program has its own rules for this table."),
    "undo-refused": _fixed(_SEE_HISTORY),
    "nothing-to-undo": _fixed(_SEE_HISTORY),
    "no-such-group": _fixed(_SEE_HISTORY),
    "group-elsewhere": _fixed("Undo it where these sessions are: name their images root with --images-dir DIR"),
    "already-undone": _already_undone,
    "changed-since": _changed_since,
    "no-such-session": _no_such_session,
    "ambiguous-session": _ambiguous_session,
    "session-in-two-roots": _twin_session,
    "unreadable-folder": _fixed("Check the permissions of the folder."),
    "no-manifest": _fixed(""),
    "invalid-manifest": _fixed(""),
    "database-error": _fixed(_OTHER_FILE),
    "no-folder": _fixed("Make it, or name another file."),
    "no-database": _fixed("If it is the right file, create it with: sdgen-admin compute-stats --all"),
    "not-a-database": _fixed(f"{_OTHER_FILE} If it was one, go back to a backup: sdgen-admin restore FILE"),
    "database-damaged": _fixed(
        "Go back to a backup: sdgen-admin restore FILE\nOr save what can be read with: sqlite3 FILE .recover"
    ),
    "foreign-layout": _fixed(_OTHER_FILE),
    "newer-database": _fixed(_UPDATE),
    "read-only-database": _read_only,
    "database-locked": _fixed("Try again when the other program is done."),
    "disk-full": _fixed("Free some space and try again."),
    "forked": _fixed(""),
    "database-replaced": _fixed("What was not stored by then is lost. Run the command again."),
    "demo-exists": _fixed("Choose a new folder: sdgen-admin demo DIR"),
}
"""Error code to its hint. A test holds that every code has one."""
