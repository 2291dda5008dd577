"""From what a person types to a session id."""

from pathlib import Path

import pytest

from sdgen_admin.errors import AmbiguousSessionError, DatabaseNotFoundError, ImagesRootError, SessionNotFoundError
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.resolve import Resolver
from tests.builders import make_session
from tests.neighbour import write_metadata

PORTRAIT = "20251107_120000-portraits"
LANDSCAPE = "2025-11-08_120000_landscape.prompt"
OLDER = "20251001_120000-portraits-old"
ACCENTED = "20250901_120000-ÉTÉ"
IDS = [PORTRAIT, LANDSCAPE, OLDER, ACCENTED]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PORTRAIT, PORTRAIT),
        ("20251107_120000-portraits", PORTRAIT),
        ("portraits-old", OLDER),
        ("LANDSCAPE", LANDSCAPE),
        ("été", ACCENTED),
        ("20251107", PORTRAIT),
        (".prompt", LANDSCAPE),
        ("latest", LANDSCAPE),
    ],
)
def test_what_is_meant(text: str, expected: str) -> None:
    assert Resolver(IDS).resolve(text) == [expected]


def test_a_whole_id_counts_although_it_is_part_of_another() -> None:
    assert Resolver(["20251107_120000-a", "20251107_120000-ab"]).resolve("20251107_120000-a") == ["20251107_120000-a"]


@pytest.mark.parametrize(("text", "meant"), [("portraits", [PORTRAIT, OLDER]), ("_120000", IDS)])
def test_several_are_listed_newest_first(text: str, meant: list[str]) -> None:
    with pytest.raises(AmbiguousSessionError) as caught:
        Resolver(IDS).resolve(text)
    assert f"{len(meant)} session ids" in str(caught.value)
    places = [caught.value.hint.index(session_id) for session_id in meant]
    assert all(place > 0 for place in places)
    assert caught.value.exit_status == 1


def test_a_long_list_is_cut() -> None:
    with pytest.raises(AmbiguousSessionError) as caught:
        Resolver(f"20251107_1200{number:02}-a" for number in range(20)).resolve("-a")
    assert caught.value.hint.endswith("-a and 12 more")
    assert caught.value.hint.count("20251107") == 8


@pytest.mark.parametrize(
    ("text", "near"),
    [("portrats", PORTRAIT), ("20251107_120001-portraits", PORTRAIT), ("landscap.promt", LANDSCAPE)],
)
def test_near_misses_are_named(text: str, near: str) -> None:
    with pytest.raises(SessionNotFoundError) as caught:
        Resolver(IDS).resolve(text)
    assert near in caught.value.hint
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "zzz", "..", "/", "/etc/passwd", f"./{PORTRAIT}", f"{PORTRAIT}/", f"..\\{PORTRAIT}", "\0", "*", "%", "\udcff"],
)
def test_nothing_is_found_by_a_path_or_a_pattern(text: str) -> None:
    with pytest.raises(SessionNotFoundError) as caught:
        Resolver(IDS).resolve(text)
    assert not isinstance(caught.value, AmbiguousSessionError)
    assert caught.value.hint


def test_without_sessions_there_is_no_latest() -> None:
    with pytest.raises(SessionNotFoundError, match="no latest session") as caught:
        Resolver([PORTRAIT], here=[]).resolve("latest")
    assert "mounted" in caught.value.hint


def test_all_that_are_unknown_are_told_at_once() -> None:
    unknown = [f"none-{number}" for number in range(10)]
    with pytest.raises(SessionNotFoundError, match=r"no sessions 'none-0', 'none-1', .* and 2 more") as caught:
        Resolver(IDS).resolve(PORTRAIT, *unknown)
    assert "--format ids" in caught.value.hint


@pytest.mark.parametrize("fresh", [False, True])
def test_latest_is_one_that_is_here(images_dir: Path, fresh: bool) -> None:
    make_session(images_dir, OLDER)
    make_session(images_dir, PORTRAIT)
    library = SessionLibrary(images_dir)
    write_metadata(Path(library.database.path), "20991231_120000-gone")
    library.compute()
    (images_dir / PORTRAIT).rename(images_dir / "elsewhere")
    library.find()
    assert library.resolve(["latest"], fresh=fresh) == [OLDER]
    assert library.resolve(["gone", "20251107", "latest", OLDER], fresh=fresh) == [
        "20991231_120000-gone",
        PORTRAIT,
        OLDER,
    ]


def test_folders_are_found_before_there_is_a_database(images_dir: Path) -> None:
    make_session(images_dir, PORTRAIT)
    library = SessionLibrary(images_dir)
    assert library.resolve(["portr"]) == [PORTRAIT]
    assert not library.database.exists()
    with pytest.raises(DatabaseNotFoundError):
        library.resolve(["portr"], fresh=False)


def test_an_odd_id_is_also_found_as_it_was_spelled_out(images_dir: Path) -> None:
    odd = f"{PORTRAIT}\x1b[31m"
    make_session(images_dir, odd)
    library = SessionLibrary(images_dir)
    assert library.resolve([f"{PORTRAIT}\\x1b[31m"], spelled=lambda name: name.replace("\x1b", "\\x1b")) == [odd]


def test_what_is_here_comes_before_what_is_gone(images_dir: Path) -> None:
    gone = make_session(images_dir, f"{PORTRAIT}-a")
    library = SessionLibrary(images_dir)
    library.compute()
    gone.rename(images_dir / f"{PORTRAIT}-b")
    assert library.resolve([PORTRAIT]) == [f"{PORTRAIT}-b"]
    assert library.resolve([f"{PORTRAIT}-a"]) == [f"{PORTRAIT}-a"]


def test_a_root_that_is_not_there_leaves_no_database(tmp_path: Path) -> None:
    library = SessionLibrary(tmp_path / "nope")
    for action in (library.find, library.compute, library.prune, lambda: library.compute(PORTRAIT)):
        with pytest.raises(ImagesRootError):
            action()
    assert not (tmp_path / "metadata").exists()
