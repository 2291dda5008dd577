"""The sources of a session's facts, in the order in which they are tried. The first that finds facts wins.

To add one: its name in `models.enums.Source`, its file beside this one, its line in `READERS`.
"""

from sdgen_admin.disk.readers.folder import read_nothing_more
from sdgen_admin.disk.readers.interface import Found, Reader, SessionFolder
from sdgen_admin.disk.readers.manifest import read_manifest

READERS: tuple[Reader, ...] = (read_manifest, read_nothing_more)


def read_facts(folder: SessionFolder) -> Found:
    """Return the facts of the first source that has any, with the first problem met on the way to it."""
    problem, state = None, None
    for read in READERS:
        found = read(folder)
        problem, state = problem or found.problem, state or found.state
        if found.facts is not None:
            return Found(found.facts, problem, state)
    raise AssertionError("the last reader always finds facts")
