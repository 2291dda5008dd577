"""How text is compared: as people read it, whatever its case and however it was typed."""

import re
from unicodedata import normalize

_WORD = re.compile(r'"([^"]*)"?|(\S+)')


def fold(text: str) -> str:
    """Return `text` in the form in which texts are compared: NFC(casefold(NFD(text))).

    Two texts that people would call the same, in any case and in composed or decomposed form, fold to one. NUL, at
    which SQLite stops, and U+001F, which stands between texts that are searched together, become blanks.
    """
    folded = text.lower() if text.isascii() else normalize("NFC", normalize("NFD", text).casefold())
    return folded.replace("\0", " ").replace("\x1f", " ")


def composed(tag: str) -> str:
    """Return a tag in Unicode's composed form (NFC): one word is one tag on every keyboard, but case counts."""
    return tag if tag.isascii() else normalize("NFC", tag)


def search_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a search, each once; `"…"` keeps words together."""
    found = (quoted or word for quoted, word in _WORD.findall(text))
    return tuple(dict.fromkeys(fold(word) for word in found if word))
