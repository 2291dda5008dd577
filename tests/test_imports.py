"""The house: imports point one way only, and the front door is cheap."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import sdgen_admin
from sdgen_admin import errors

PACKAGE = Path(sdgen_admin.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

ROOMS = ("errors", "models", "disk", "stats", "db", "services", "cli")
"""From the ground up: a module imports from its own room and from those before it."""

BESIDE = {"settings": ("errors",), "__init__": (*ROOMS, "settings"), "__main__": (*ROOMS, "settings")}
"""What stands beside the rooms, and what it may import."""

NEEDS_SETTINGS = ("services", "cli")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def may_import(room: str) -> set[str]:
    if room in BESIDE:
        return {room, *BESIDE[room]}
    own = set(ROOMS[: ROOMS.index(room) + 1])
    return own | ({"settings"} if room in NEEDS_SETTINGS else set())


def imported_names(path: Path) -> Iterator[str]:
    """Yield every absolute dotted name that a module imports, at its head or within."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_rooms(path: Path) -> set[str]:
    dotted = (name.split(".") for name in imported_names(path))
    return {parts[1] for parts in dotted if parts[0] == "sdgen_admin" and len(parts) > 1 and parts[1] != "__version__"}


def run(code: str) -> str:
    """Run `code` in a fresh Python and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_only_upward(path: Path) -> None:
    assert imported_rooms(path) <= may_import(room_of(path))


def test_every_module_lives_in_a_known_room() -> None:
    assert {room_of(path) for path in MODULES} <= {*ROOMS, *BESIDE}


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("sqlite3", {"db", "services"}),
        ("typer", {"cli"}),
        ("rich", {"cli"}),
        ("click", set()),
        ("msgspec", {"disk"}),
        ("multiprocessing", set()),
    ],
)
def test_what_only_some_rooms_know(library: str, rooms: set[str]) -> None:
    knowing = {room_of(path) for path in MODULES for name in imported_names(path) if name.split(".")[0] == library}

    assert knowing <= rooms


@pytest.mark.parametrize("name", ["sdgen_admin", "sdgen_admin.errors", "sdgen_admin.settings"])
def test_the_front_door_is_cheap_and_quiet(name: str) -> None:
    heavy = ("pydantic", "msgspec", "sqlite3", "typer", "rich", "subprocess", "asyncio")

    assert run(f"import sys, {name}; print([m for m in {heavy!r} if m in sys.modules])") == "[]"


def test_enums_are_cheap() -> None:
    assert run("import sys, sdgen_admin; sdgen_admin.SortKey; print('pydantic' in sys.modules)") == "False"


@pytest.mark.parametrize("name", sdgen_admin.__all__)
def test_every_public_name_resolves(name: str) -> None:
    value = getattr(sdgen_admin, name)

    assert name in ("__version__", getattr(value, "__name__", None))


def test_what_public_functions_take_and_return_is_public() -> None:
    needed = {name for name, value in vars(errors).items() if isinstance(value, type)}
    for public in (getattr(sdgen_admin, name) for name in sdgen_admin.__all__):
        functions = [public, *vars(public).values()] if isinstance(public, type) else [public]
        for function in filter(inspect.isfunction, functions):
            hints = inspect.get_annotations(function).values()
            needed |= {kind.__name__ for hint in hints for kind in (hint, *get_args(hint)) if is_ours(kind)}

    assert needed <= set(sdgen_admin.__all__)
    assert {"UndoReport", "BackupReport"} <= needed


def is_ours(kind: object) -> bool:
    return isinstance(kind, type) and kind.__module__.startswith("sdgen_admin.") and get_args(kind) == ()


def test_a_public_name_can_be_imported_from_the_front_door() -> None:
    assert run("from sdgen_admin import SessionLibrary as L; print(L.__module__)") == "sdgen_admin.services.library"


def test_public_names_are_listed_once() -> None:
    assert len(set(sdgen_admin.__all__)) == len(sdgen_admin.__all__)
    assert set(sdgen_admin.__all__) <= set(dir(sdgen_admin))


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert seen == set(sdgen_admin.__all__) - {"__version__"}


def test_any_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'SessionLibary'"):
        _ = sdgen_admin.SessionLibary


def test_the_typing_marker_is_there() -> None:
    assert (PACKAGE / "py.typed").is_file()
