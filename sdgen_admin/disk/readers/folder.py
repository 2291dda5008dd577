"""The last source: the folder alone, which says no more than its images' number and times."""

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.readers.interface import Found, SessionFolder
from sdgen_admin.models.enums import Confidence, Source

_FACTS = Facts(source=Source.FOLDER.value, confidence=Confidence.LOW.value)


def read_nothing_more(_folder: SessionFolder) -> Found:
    """Return facts that say nothing: images and times are counted for every session anyway."""
    return Found(_FACTS)
