"""Text is compared as people read it, everywhere: a session is found by any spelling of its text, and by no other text.

Real folders and manifests, so that reading, storing and asking are all part of it.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings, strategies as st

from sdgen_admin.errors import AmbiguousSessionError, InvalidFieldError, SessionNotFoundError
from sdgen_admin.models.conditions import Condition, Operator
from sdgen_admin.models.fields import field_named
from sdgen_admin.models.filters import SessionFilter
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.models.text import fold
from sdgen_admin.services.completion import Completed, complete
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_manifest, make_session
from tests.cli.harness import run
from tests.db.uses import PHASES
from tests.neighbour import write_metadata

TRICKY = (
    "café", "CAFE\u0301", "Straße", "STRASSE", "ſeide", "Seide", "İstanbul", "I\u0307stanbul", "ı", "i", "\u212a", "k",
    "\u212b", "å", "ﬁsch", "FISCH", "ΣΊΣΥΦΟΣ", "σίσυφος", "\u1112\u1161\u11ab", "한", "\u1112\u1161", "長い髪",
    "\ufeed\ufedf", "ول", "ＡＢＣ", "a\0b", "\0", "a b", "\ufffd", "\ufffe", "\uffff", "q\u0323\u0307", "q\u0307\u0323",
    "\u0345", "ᾳ",
    "👩\u200d🎨", "👩🎨", "[x]*?", "100%_", "a\u0300\u0301", "\u0130", "ǰ", "J\u030c", "ŉ", "ʼn", "\U00010400",
    "\U00010428", "ß\u0301",
)  # fmt: skip
any_text = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"'), min_size=1, max_size=5),
)


def by(**query: str) -> Callable[[SessionLibrary, str], set[str]]:
    """Return what finds sessions by a filter, in which `{}` stands for the text."""

    def find(library: SessionLibrary, text: str) -> set[str]:
        asked = {name: value.replace("{}", text) for name, value in query.items()}
        page = library.find(SessionFilter.model_validate(asked | {"limit": None}), fresh=False)
        return {session.session_id for session in page.sessions}

    return find


def where(field: str, operator: str) -> Callable[[SessionLibrary, str], set[str]]:
    """Return what finds sessions by a condition, whose text may begin or end with blanks."""

    def find(library: SessionLibrary, text: str) -> set[str]:
        condition = Condition(field=field, operator=Operator(operator), value=text)
        page = library.find(SessionFilter(where=(condition,), limit=None), fresh=False)
        return {session.session_id for session in page.sessions}

    return find


Find = Callable[[SessionLibrary, str], set[str]]
WAYS: dict[str, Find] = {
    "search": by(search='"{}"'),
    "search for what is beside it": by(search='"{} there"'),
    "model": by(model="{}"),
    "where model =": where("sd_model", "="),
    "where model ~": where("sd_model", "~"),
    "where theme =": where("theme", "="),
    "where prompt ~": where("resolved_prompt", "~"),
    "where note ~": where("user_note", "~"),
}


def spellings(text: str) -> set[str]:
    """Return other ways to write a text that people would call the same."""
    written = {text, text.upper(), text.lower(), text.swapcase(), text.title(), text.casefold(), fold(text)}
    written |= {normalize(form, other) for form in ("NFC", "NFD") for other in written}
    return {other for other in written if fold(other) == fold(text)}


@contextmanager
def collection_of(texts: list[str]) -> Iterator[tuple[SessionLibrary, dict[str, str]]]:
    """Give a collection that has a session for each text, and the session's ids with their texts."""
    with tempfile.TemporaryDirectory() as folder:
        sessions = {f"20251107_1200{number:02}-x": text for number, text in enumerate(texts)}
        for name, text in sessions.items():
            snapshot = {
                "runtime_info": {"sd_model_checkpoint": text},
                "resolved_template": {"prompt": f"a {text} b", "negative": ""},
                "theme_name": text,
            }
            make_session(Path(folder) / "images", name, images=0, manifest=make_manifest(snapshot=snapshot))
        library = SessionLibrary(Path(folder) / "images")
        library.compute()
        for name, text in sessions.items():
            library.update_metadata(name, SessionMetadataUpdate(user_note=f"found {text} there"))
        yield library, sessions


@settings(max_examples=25, phases=PHASES, deadline=None)
@given(st.lists(any_text, min_size=1, max_size=6, unique=True))
@example(list(TRICKY[:24]))
@example(list(TRICKY[24:]))
@example(["Word", "sword"])
def test_any_spelling_finds_it_and_no_other_text_does(texts: list[str]) -> None:
    with collection_of(texts) as (library, sessions):
        for asked in {spelling for text in texts for spelling in spellings(text)}:
            for name, find in WAYS.items():
                if name == "model" and not asked.strip():
                    continue
                expected = {session for session, text in sessions.items() if is_found(fold(asked), session, text, name)}
                assert find(library, asked) == expected, (name, asked)


def is_found(asked: str, session_id: str, text: str, name: str) -> bool:
    """Whether a session that was given a text is to be found by a folded text."""
    text, prompt, note = map(fold, (text, f"a {text} b", f"found {text} there"))
    match name:
        case "search":
            return any(asked in place for place in (prompt, note, session_id))
        case "search for what is beside it":
            return f"{asked} there" in prompt or f"{asked} there" in note
        case "where prompt ~":
            return asked in prompt
        case "where note ~":
            return asked in note
        case _:
            return asked == text if name.endswith("=") else asked in text


NAMES = ("portrait_lighting", "Café-Straße", "ΣΊΣΥΦΟΣ", "한국어", "ﬁlm", "İstanbul", "\u212aelvin", "👩\u200d🎨")
names = st.one_of(
    st.sampled_from(NAMES),
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/\\"), min_size=1, max_size=20
    ),
)


@settings(max_examples=40, phases=PHASES, deadline=None)
@given(st.lists(names, min_size=1, max_size=4, unique_by=fold))
@example(["\u1112\u1161\u11ab"])
@example(["ß", "s"])
def test_any_spelling_of_a_part_of_an_id_names_it(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ids = {f"20251107_12000{number}-{part}": part for number, part in enumerate(parts)}
        for session_id in ids:
            make_session(Path(folder) / "images", session_id, images=0)
        library = SessionLibrary(Path(folder) / "images")
        library.compute()
        for part in parts:
            for spelling in spellings(part):
                containing = {session_id for session_id in ids if fold(spelling) in fold(session_id)}
                completed = complete(library.db_path, [library.roots[0].path], "sessions", spelling)
                assert set(completed) == containing
                for fresh in (True, False):
                    try:
                        named = set(library.resolve([spelling], fresh=fresh))
                    except AmbiguousSessionError as error:
                        named = set(error.details["matches"])
                    assert named == containing


@pytest.mark.parametrize(
    ("there", "typed"),
    [
        ("20251107_120000-portraits", "20251107_120000-PROTRAITS"),
        ("20251107_120000-Straße", "strassse"),
        ("20251107_120000-cafe\u0301_noir", "CAFÉ_NIOR"),
        ("20251107_120000-ΣΊΣΥΦΟΣ", "σίσυφoς"),
        ("20251107_120000-\u1112\u1161\u11ab\u1100\u116e\u11a8어", "한국오"),
    ],
)
def test_near_misses_are_near_as_people_read_them(images_dir: Path, there: str, typed: str) -> None:
    make_session(images_dir, there)
    with pytest.raises(SessionNotFoundError) as caught:
        SessionLibrary(images_dir).resolve([typed])
    assert caught.value.details["near"] == [there]


@pytest.mark.parametrize(
    ("what", "part", "found"),
    [
        ("models", "PONY", ["ponyXL straße"]),
        ("models", "STRASSE", ["ponyXL straße"]),
        ("tags", "CAFE\u0301", ["café"]),
        ("tags", "caf", ["café"]),
        ("tags", "af", []),
    ],
)
def test_completion_compares_alike(images_dir: Path, what: Completed, part: str, found: list[str]) -> None:
    model = {"runtime_info": {"sd_model_checkpoint": "ponyXL straße"}}
    make_session(images_dir, "20251107_120000-a", manifest=make_manifest(snapshot=model))
    make_session(images_dir, "20251107_120000-b", manifest=make_manifest(snapshot=model))
    library = SessionLibrary(images_dir)
    library.compute()
    write_metadata(Path(library.db_path), "20251107_120000-a", tags='["cafe\u0301"]')
    write_metadata(Path(library.db_path), "20251107_120000-b", tags='["caf\u00e9"]')
    assert complete(library.db_path, [library.roots[0].path], what, part) == found


@pytest.fixture
def tagged(images_dir: Path) -> SessionLibrary:
    """Three sessions, two of which other programs tagged with one word in two forms."""
    for name, tags in (("a", '["cafe\u0301"]'), ("b", '["caf\u00e9", "cafe\u0301"]'), ("c", '["Red"]')):
        make_session(images_dir, f"20251107_120000-{name}")
        library = SessionLibrary(images_dir)
        library.compute()
        write_metadata(Path(library.db_path), f"20251107_120000-{name}", tags=tags)
    return library


def test_a_tag_is_one_word_in_every_form_but_case_counts(tagged: SessionLibrary) -> None:
    assert tagged.tags() == {"café": 2, "Red": 1}
    for tag in ("caf\u00e9", "cafe\u0301"):
        assert tagged.find(tag=tag).total_count == 2
    assert tagged.find(tag="red").total_count == tagged.find(tag="CAFÉ").total_count == 0
    assert tagged.find(where="tags=red").total_count == 1
    assert tagged.find(where="tags~CAFE\u0301").total_count == 2

    (change,) = tagged.update_metadata("20251107_120000-a", SessionMetadataUpdate(add_tags=("café",)))
    assert change.before == change.after
    (change,) = tagged.update_metadata("20251107_120000-b", SessionMetadataUpdate(remove_tags=("café",)))
    assert change.after.tags == ()
    (change,) = tagged.update_metadata("20251107_120000-c", SessionMetadataUpdate(add_tags=("red",)))
    assert change.after.tags == ("Red", "red")


@pytest.mark.parametrize(
    ("asked", "offered"), [("red", "Red"), ("CAFÉ", "café"), ("rde", "Red"), ("cafe\u0301s", "café")]
)
def test_a_tag_that_nobody_has_offers_the_ones_that_are_near(tagged: SessionLibrary, asked: str, offered: str) -> None:
    outcome = run("list", "--tag", asked, "--images-dir", tagged.roots[0].path)
    assert (outcome.status, outcome.out) == (0, "")
    assert f"Did you mean {offered}?" in outcome.err


@pytest.mark.parametrize("name", ["Steps", "STEPS", "ſteps", "cfg SCALE", "Cfg-Scale", " images "])
def test_a_field_is_named_in_any_case(name: str) -> None:
    assert field_named(name).name in ("steps", "cfg_scale", "images_actual")


def test_a_mistyped_field_offers_near_ones_in_any_case() -> None:
    with pytest.raises(InvalidFieldError) as caught:
        field_named("SAMPLRE")
    assert "sampler_name" in caught.value.details["near"]
