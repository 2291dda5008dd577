"""How text is compared, and what the words of a search are."""

from unicodedata import normalize

import pytest
from hypothesis import given, strategies as st

from sdgen_admin.models.text import fold, search_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Euler A", "euler a"),
        ("20251107_120000-Portraits", "20251107_120000-portraits"),
        ("ÉTÉ", "été"),
        ("Straße", "strasse"),
        ("\N{LATIN CAPITAL LETTER SHARP S}", "ss"),
        ("\N{LATIN SMALL LIGATURE FI}sch", "fisch"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("長い髪", "長い髪"),
        ("\N{HANGUL SYLLABLE HAN}", "\N{HANGUL SYLLABLE HAN}"),
        ("a\0b", "a b"),
        ("a\x1fb", "a b"),
        ("a\x1eb", "a\x1eb"),
        ("É\0", "é "),
        ("[Red] 100%_", "[red] 100%_"),
        ("line\nend\t", "line\nend\t"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}", "\N{FULLWIDTH LATIN SMALL LETTER A}"),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", "cafe\u0301"),
        ("CAFE\u0301", "café"),
        ("Ünïcödé", "u\u0308ni\u0308co\u0308de\u0301"),
        ("\N{ANGSTROM SIGN}", "å"),
        ("STRASSE", "straße"),
        ("\N{GREEK SMALL LETTER FINAL SIGMA}", "Σ"),
        ("\u1112\u1161\u11ab", "\N{HANGUL SYLLABLE HAN}"),
        ("q\u0307\u0323", "q\u0323\u0307"),
    ],
)
def test_what_people_would_call_the_same_folds_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(st.characters()))
def test_folding_is_what_it_says(text: str) -> None:
    assert fold(text) == normalize("NFC", normalize("NFD", text).casefold()).replace("\0", " ").replace("\x1f", " ")


@given(st.text())
def test_either_form_folds_to_the_same(text: str) -> None:
    assert fold(normalize("NFC", text)) == fold(normalize("NFD", text)) == fold(text)


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_a_folded_text_is_folded(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" \n\t", ()),
        ("portrait", ("portrait",)),
        ("  Red   HAIR ", ("red", "hair")),
        ("hair red hair HAIR", ("hair", "red")),
        ('"Red Hair"', ("red hair",)),
        ('"red hair" blue', ("red hair", "blue")),
        ('blue "red hair" "blue"', ("blue", "red hair")),
        ('"red hair', ("red hair",)),
        ('"', ()),
        ('""', ()),
        ('"" red', ("red",)),
        ('" "', (" ",)),
        ('"red""hair"', ("red", "hair")),
        ('5" nail', ('5"', "nail")),
        ("(masterpiece:1.2), {Hair}", ("(masterpiece:1.2),", "{hair}")),
        ("100%_ *[a-z]?", ("100%_", "*[a-z]?")),
        ("CAFE\u0301 café", ("café",)),
        ("長い髪\N{IDEOGRAPHIC SPACE}赤", ("長い髪", "赤")),
        ("red\0hair", ("red hair",)),
        ('"red\x1fhair" blue', ("red hair", "blue")),
    ],
)
def test_the_words_of_a_search(text: str, expected: tuple[str, ...]) -> None:
    assert search_words(text) == expected


@given(st.text(max_size=40))
def test_words_are_folded_and_each_there_once(text: str) -> None:
    words = search_words(text)

    assert all(words)
    assert len(set(words)) == len(words)
    assert all(word in fold(text) for word in words)


@given(st.lists(st.text(st.characters(exclude_characters='"'), min_size=1, max_size=8), max_size=5))
def test_quoted_words_are_kept_whole(phrases: list[str]) -> None:
    assert search_words(" ".join(f'"{phrase}"' for phrase in phrases)) == tuple(dict.fromkeys(map(fold, phrases)))
