"""A session's id: the folder's name, which starts with the time at which the run began."""

import os
import re
from datetime import datetime

from sdgen_admin.models.controls import SPELLED_OUT

_MARKS = {ord("\\"): "\\\\", ord('"'): '\\"'}
_IN_QUOTES = SPELLED_OUT | _MARKS
_SPELLED = re.compile(r'\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([\\"]))')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_DATED = re.compile(r"[0-9]{4}(-?)[0-9]{2}\1[0-9]{2}_(?:[01][0-9]|2[0-3])[0-9]{4}")


def created_at(name: str) -> datetime | None:
    """Return the local time that a session folder's name starts with, or None if `name` is not a session's.

    The two forms are `YYYYMMDD_HHMMSS…` and `YYYY-MM-DD_HHMMSS…`, each with a real date and time.
    """
    match = _DATED.match(name)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[0])
    except ValueError:
        return None


def is_session_id(text: str) -> bool:
    """Whether `text` is a session folder's name and nothing but a name: never a path to elsewhere."""
    is_name = os.path.basename(text) == text and "\0" not in text and is_storable(text)
    return is_name and created_at(text) is not None


def is_storable(name: str) -> bool:
    """Whether a name on disk is valid UTF-8, which the database needs."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def visible(name: str) -> str:
    """Return a name on disk, or one that cannot be on it, with what is not UTF-8 spelled out in hexadecimal."""
    try:
        return os.fsencode(name).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return name.encode("utf-8", "backslashreplace").decode()


def shown_id(session_id: str) -> str:
    """Return an id as it is shown, piped and completed: on one line, and such that `typed_id` gives it back.

    One with control characters stands in quotation marks, with these, backslashes and quotation marks spelled out. No
    id starts with a quotation mark, so that it is never taken for another one.
    """
    if session_id.isprintable() or (spelled := session_id.translate(_IN_QUOTES)) == session_id.translate(_MARKS):
        return session_id
    return f'"{spelled}"'


def typed_id(text: str) -> str:
    """Return the id that was typed as it is shown; without its quotation marks, or with the first alone, will do."""
    quoted = _QUOTED.fullmatch(text)
    return _SPELLED.sub(lambda match: match[3] or chr(int(match[1] or match[2], 16)), quoted[1] if quoted else text)


def path_in(folder: str, session_id: str) -> str:
    """Return the path of a session folder as it is stored and shown: bytes that are not UTF-8 are spelled out."""
    path = os.path.join(folder, session_id)
    return path if is_storable(path) else visible(path)
