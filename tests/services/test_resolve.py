"""From what a person types to a session: an id, part of one, `latest`, or a folder's path."""

import os
from pathlib import Path

import pytest

from sdgen_admin.errors import (
    AmbiguousSessionError,
    DatabaseNotFoundError,
    ImagesRootError,
    SessionNotFoundError,
)
from sdgen_admin.services.library import SessionLibrary
from tests.builders import make_session
from tests.neighbour import write_metadata
from tests.platforms import needs_symlinks

PORTRAIT = "20251107_120000-portraits"
LANDSCAPE = "2025-11-08_120000_landscape.prompt"
OLDER = "20251001_120000-portraits-old"
ACCENTED = "20250901_120000-ÉTÉ"
IDS = [PORTRAIT, LANDSCAPE, OLDER, ACCENTED]


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library with the four sessions, none of them computed yet."""
    for session_id in IDS:
        make_session(images_dir, session_id, images=0)
    return SessionLibrary(images_dir)


either_way = pytest.mark.parametrize("fresh", [False, True])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PORTRAIT, PORTRAIT),
        ("portraits-old", OLDER),
        ("LANDSCAPE", LANDSCAPE),
        ("été", ACCENTED),
        ("e\u0301te\u0301", ACCENTED),
        ("20251107", PORTRAIT),
        (".prompt", LANDSCAPE),
        ("latest", LANDSCAPE),
    ],
)
@pytest.mark.parametrize("computed", [False, True])
def test_what_is_meant(library: SessionLibrary, text: str, expected: str, computed: bool) -> None:
    if computed:
        library.compute()
        assert library.resolve([text], fresh=False) == [expected]
    assert library.resolve([text]) == [expected]


def test_a_whole_id_counts_although_it_is_part_of_another(images_dir: Path) -> None:
    make_session(images_dir, "20251107_120000-a")
    make_session(images_dir, "20251107_120000-ab")
    assert SessionLibrary(images_dir).resolve(["20251107_120000-a"]) == ["20251107_120000-a"]


@pytest.mark.parametrize(
    ("text", "meant"), [("portraits", [PORTRAIT, OLDER]), ("_120000", [LANDSCAPE, *IDS[::2], ACCENTED])]
)
@either_way
def test_several_are_named_newest_first(library: SessionLibrary, text: str, meant: list[str], fresh: bool) -> None:
    library.compute()
    with pytest.raises(AmbiguousSessionError) as caught:
        library.resolve([text], fresh=fresh)
    assert caught.value.message == f"{text!r} matches {len(meant)} sessions."
    assert caught.value.code == "ambiguous-session"
    assert caught.value.details == {"text": text, "matches": meant, "count": len(meant)}


def test_many_are_counted_in_full(images_dir: Path) -> None:
    for number in range(1001):
        (images_dir / f"20251107_12{number // 60:02}{number % 60:02}-a").mkdir()
    ids = sorted(folder.name for folder in images_dir.iterdir())
    with pytest.raises(AmbiguousSessionError) as caught:
        SessionLibrary(images_dir).resolve(["-a"])
    assert caught.value.details["count"] == len(ids)
    assert caught.value.details["matches"] == ids[::-1]


@pytest.mark.parametrize(
    ("text", "near"),
    [("portrats", PORTRAIT), ("20251107_120001-portraits", PORTRAIT), ("landscap.promt", LANDSCAPE)],
)
@either_way
def test_near_misses_are_named(library: SessionLibrary, text: str, near: str, fresh: bool) -> None:
    library.compute()
    with pytest.raises(SessionNotFoundError) as caught:
        library.resolve([text], fresh=fresh)
    assert caught.value.message == f"There is no session {text!r}."
    assert caught.value.code == "no-such-session"
    assert near in caught.value.details["near"]
    assert (caught.value.details["sessions"], caught.value.details["latest"]) == ([text], False)


@pytest.mark.parametrize(
    "text",
    ["", "zzz", "..", "/", "/etc/passwd", f"./{PORTRAIT}", f"{PORTRAIT}/", f"..\\{PORTRAIT}", "\0", "*", "%", "\udcff"],
)
@either_way
def test_nothing_is_found_by_a_wrong_path_or_a_pattern(library: SessionLibrary, text: str, fresh: bool) -> None:
    library.compute()
    with pytest.raises(SessionNotFoundError) as caught:
        library.resolve([text], fresh=fresh)
    assert not isinstance(caught.value, AmbiguousSessionError)
    assert caught.value.details["sessions"] == [text]


def test_all_that_are_unknown_are_told_at_once(library: SessionLibrary) -> None:
    unknown = [f"none-{number}" for number in range(1200)]
    with pytest.raises(SessionNotFoundError) as caught:
        library.resolve([PORTRAIT, *unknown, LANDSCAPE])
    assert caught.value.message == "1,200 of the sessions named do not exist."
    assert caught.value.details == {"sessions": unknown, "near": [], "latest": False}


def test_each_session_is_named_once_in_the_order_typed(library: SessionLibrary, images_dir: Path) -> None:
    texts = ["old", PORTRAIT, "latest", OLDER, f"{images_dir / PORTRAIT}/", "20251107", LANDSCAPE]
    assert library.resolve(texts) == [OLDER, PORTRAIT, LANDSCAPE]


@pytest.mark.parametrize(
    "form", ["{root}/{name}", "{root}/{name}/", "{root}/./{name}", "images/{name}", "./images/{name}//"]
)
@either_way
def test_the_path_of_a_session_folder(library: SessionLibrary, images_dir: Path, form: str, fresh: bool) -> None:
    library.compute()
    text = form.format(root=images_dir, name=PORTRAIT)
    assert library.resolve([text], fresh=fresh) == [PORTRAIT]
    assert library.get(text, fresh=fresh).session_id == PORTRAIT


def test_a_path_counts_from_the_current_folder(
    library: SessionLibrary, images_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(images_dir)
    assert library.resolve([f"./{PORTRAIT}", f"{LANDSCAPE}/"]) == [PORTRAIT, LANDSCAPE]
    monkeypatch.setenv("HOME", str(images_dir.parent))
    monkeypatch.setenv("USERPROFILE", str(images_dir.parent))
    assert library.resolve([f"~/images/{OLDER}"]) == [OLDER]


@pytest.mark.skipif(os.name == "nt", reason="the current folder cannot be removed there")
def test_a_path_without_current_folder_is_not_found(
    library: SessionLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    assert library.resolve([PORTRAIT]) == [PORTRAIT]
    with pytest.raises(SessionNotFoundError):
        library.resolve([f"./{PORTRAIT}"])


@needs_symlinks
def test_a_path_through_a_symlink_to_the_root(library: SessionLibrary, images_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(images_dir)
    assert library.resolve([str(tmp_path / "link" / PORTRAIT)]) == [PORTRAIT]


def test_a_folder_outside_the_roots_is_not_found_by_its_path(library: SessionLibrary, tmp_path: Path) -> None:
    outside = make_session(tmp_path / "elsewhere", PORTRAIT)
    for text in (str(outside), f"../elsewhere/{PORTRAIT}", f"images/../elsewhere/{PORTRAIT}"):
        with pytest.raises(SessionNotFoundError):
            library.resolve([text])


@either_way
def test_without_a_folder_there_is_no_latest(images_dir: Path, path: Path, fresh: bool) -> None:
    write_metadata(path, PORTRAIT, session_path=str(images_dir / PORTRAIT))
    library = SessionLibrary(images_dir)
    library.compute()
    assert library.find(missing=True, fresh=False).total_count == 1
    with pytest.raises(SessionNotFoundError, match="There is no latest session: none has a folder") as caught:
        library.resolve(["latest"], fresh=fresh)
    assert caught.value.details == {"sessions": ["latest"], "near": [], "latest": True}


@either_way
def test_latest_is_one_that_is_here(images_dir: Path, path: Path, fresh: bool) -> None:
    gone = "20991231_120000-gone"
    write_metadata(path, gone, session_path=str(images_dir / gone))
    make_session(images_dir, OLDER)
    make_session(images_dir, PORTRAIT)
    library = SessionLibrary(images_dir)
    library.compute()
    (images_dir / PORTRAIT).rename(images_dir / "elsewhere")
    library.find()
    assert library.resolve(["latest"], fresh=fresh) == [OLDER]
    assert library.resolve(["gone", "20251107", "latest", OLDER], fresh=fresh) == [gone, PORTRAIT, OLDER]


def test_folders_are_found_before_there_is_a_database(library: SessionLibrary) -> None:
    assert library.resolve(["landsc"]) == [LANDSCAPE]
    assert not library.exists()
    with pytest.raises(DatabaseNotFoundError):
        library.resolve(["landsc"], fresh=False)


def test_an_odd_id_is_also_found_as_it_was_spelled_out(images_dir: Path) -> None:
    odd = f"{PORTRAIT}\x1b[31m"
    make_session(images_dir, odd)
    library = SessionLibrary(images_dir)
    for spelled in (odd, f"{PORTRAIT}\\x1b[31m", f'"{PORTRAIT}\\x1b[31m"', "\\x1b[31m"):
        assert library.resolve([spelled]) == [odd]

    literal = f"{PORTRAIT}\\x1b[31m"
    make_session(images_dir, literal)

    assert library.resolve([literal]) == [literal]
    assert library.resolve([odd, f'"{literal}"', literal]) == [odd, literal]


def test_what_is_here_comes_before_what_is_gone(images_dir: Path) -> None:
    gone = make_session(images_dir, f"{PORTRAIT}-a")
    library = SessionLibrary(images_dir)
    library.compute()
    gone.rename(images_dir / f"{PORTRAIT}-b")
    assert library.resolve([PORTRAIT]) == [f"{PORTRAIT}-b"]
    assert library.resolve([f"{PORTRAIT}-a"]) == [f"{PORTRAIT}-a"]


@pytest.mark.parametrize("kind", ["absent", "empty"])
@either_way
def test_sessions_of_an_offline_root_are_found(
    library: SessionLibrary, images_dir: Path, kind: str, fresh: bool
) -> None:
    library.compute()
    images_dir.rename(images_dir.parent / "unmounted")
    if kind == "empty":
        images_dir.mkdir()
    texts = [OLDER, "landsc", "latest", str(images_dir / PORTRAIT)]
    assert library.resolve(texts, fresh=fresh) == [OLDER, LANDSCAPE, PORTRAIT]


def test_a_root_that_is_not_there_leaves_no_database(tmp_path: Path) -> None:
    library = SessionLibrary(tmp_path / "nope")
    actions = (library.find, library.compute, lambda: library.compute(PORTRAIT), lambda: library.resolve([PORTRAIT]))
    for action in actions:
        with pytest.raises(ImagesRootError):
            action()
    assert library.prune() == 0
    assert not (tmp_path / "metadata").exists()
