"""The house: imports point one way only, each room knows its own business, and the front door is cheap."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import get_args

import pytest

import sdgen_admin
from sdgen_admin import errors
from sdgen_admin.errors import SdgenAdminError

PACKAGE = Path(sdgen_admin.__file__).parent

ROOMS = ("errors", "settings", "models", "disk", "scan", "stats", "db", "services", "cli")
"""From the ground up: a module imports from its own room and from those before it."""

MAY_IMPORT = {
    "settings": {
        "sdgen_admin.errors",
        *(f"sdgen_admin.models.{module}" for module in ("roots", "text", "windows_paths")),
    },
    "cli": {"sdgen_admin", *(f"sdgen_admin.{room}" for room in ("errors", "settings", "models", "services", "cli"))},
}
"""Rooms with a rule of their own: modules, or packages with all that is in them."""

BELOW_CLI = ROOMS[:-1]


def name_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    """Return a module's room; the front doors are one of their own."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else "front door"


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported_names(module: str) -> Iterator[str]:
    """Yield every absolute dotted name that a module imports, at its head, in a function or for type checkers."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(module: str) -> set[str]:
    """Return the modules of this package that a module imports, or imports something from."""
    ours = [name for name in imported_names(module) if name.split(".")[0] == "sdgen_admin"]
    return {name if name in MODULES else name.rpartition(".")[0] for name in ours}


def is_in(module: str, places: set[str]) -> bool:
    """Whether a module is one of some, or lies in one of some packages."""
    return any(module == place or (place != "sdgen_admin" and module.startswith(f"{place}.")) for place in places)


def docstrings_of(tree: ast.Module) -> set[int]:
    """Return the ids of the strings that stand alone as statements."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def texts_of(module: str) -> Iterator[str]:
    """Yield every string in a module but the docstrings, and every part of formatted ones."""
    tree = tree_of(module)
    left_out = docstrings_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value


def run(code: str) -> str:
    """Run `code` in a fresh Python and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("module", [module for module in MODULES if room_of(module) != "front door"])
def test_imports_point_only_upward(module: str) -> None:
    room = room_of(module)
    before = {f"sdgen_admin.{name}" for name in ROOMS[: ROOMS.index(room) + 1]}
    allowed = MAY_IMPORT.get(room, before)

    assert {imported for imported in imported_modules(module) if not is_in(imported, allowed)} == set()


def test_the_library_imports_nothing_of_its_own_before_it_is_needed() -> None:
    at_once = [node.module for node in tree_of("sdgen_admin").body if isinstance(node, ast.ImportFrom)]

    assert at_once == ["importlib", "typing"]


def test_every_module_lives_in_a_known_room() -> None:
    assert {room_of(module) for module in MODULES} == {*ROOMS, "front door"}


def test_there_are_no_circles() -> None:
    graph = {module: sorted(imported_modules(module) - {module}) for module in MODULES}
    try:
        circle = [] if tuple(TopologicalSorter(graph).static_order()) else ["nothing was imported"]
    except CycleError as error:
        circle = error.args[1]

    assert circle == []
    assert "sdgen_admin.db.transaction" in graph["sdgen_admin.db.connection"]


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("sqlite3", {"db", "services"}),
        ("typer", {"cli"}),
        ("rich", {"cli"}),
        ("click", set()),
        ("msgspec", {"disk", "scan"}),
        ("subprocess", {"scan"}),
        ("threading", {"scan", "db"}),
        ("multiprocessing", set()),
    ],
)
def test_what_only_some_rooms_know(library: str, rooms: set[str]) -> None:
    knowing = {
        room_of(module) for module in MODULES for name in imported_names(module) if name.split(".")[0] == library
    }

    assert knowing <= rooms


def test_services_know_of_sqlite_only_that_it_fails() -> None:
    used = {
        (node.attr, module)
        for module in MODULES
        if room_of(module) == "services"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sqlite3"
    }

    assert {name for name, _ in used} <= {"Error", "Connection"}


SQL = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE FROM|REPLACE INTO|CREATE (TABLE|INDEX)|DROP|ALTER|PRAGMA|BEGIN|WHERE|JOIN)\b"
    r"|\b(ORDER BY|IS NULL|IS NOT NULL|NOT EXISTS|COLLATE|BETWEEN)\b| IN \("
)


def test_sql_is_written_in_one_room() -> None:
    found = {
        (module, text) for module in MODULES if room_of(module) != "db" for text in texts_of(module) if SQL.search(text)
    }

    assert found == set()
    assert any(SQL.search(text) for text in texts_of("sdgen_admin.db.facts"))


COMMANDS = sorted(path.stem.replace("_", "-") for path in (PACKAGE / "cli" / "commands").glob("[a-z]*.py"))
FLAG_OR_COMMAND = re.compile(
    rf"(?<![\w-])--[a-z]|\bsdgen-admin ({'|'.join(COMMANDS)})\b|[`'\"]({'|'.join(COMMANDS)})[`'\"]"
)


def test_no_text_below_the_command_line_names_a_flag_or_a_command() -> None:
    below = [module for module in MODULES if room_of(module) in BELOW_CLI]
    found = {(module, text) for module in below for text in texts_of(module) if FLAG_OR_COMMAND.search(text)}

    assert found == set()
    assert "warm-cache" in COMMANDS
    assert any(FLAG_OR_COMMAND.search(text) for text in texts_of("sdgen_admin.cli.hints"))


CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SdgenAdminError)]


def test_every_error_that_is_raised_has_a_code_of_its_class_or_its_own() -> None:
    own = {
        keyword.value.value
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error")
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }

    assert len({kind.code for kind in CLASSES}) == len(CLASSES)
    assert {"no-such-group", "nothing-to-undo", "no-images-root"} <= own
    assert own & {kind.code for kind in CLASSES} == set()
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in own)


def test_messages_are_sentences() -> None:
    """Whatever is raised says what failed in one sentence, with a full stop."""
    messages = [
        (module, node.lineno, last_text(node.args[0]))
        for module in MODULES
        if room_of(module) in BELOW_CLI
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
        if node.func.id in {kind.__name__ for kind in CLASSES}
    ]

    assert [message for message in messages if message[2] and not message[2].endswith(".")] == []
    assert len([message for message in messages if message[2]]) > 20


def last_text(node: ast.expr) -> str:
    """Return the end of a message, empty if it is not written here."""
    if isinstance(node, ast.JoinedStr):
        node = node.values[-1]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize(
    "name",
    [
        "sdgen_admin",
        "sdgen_admin.errors",
        "sdgen_admin.settings",
        "sdgen_admin.models.roots",
        "sdgen_admin.models.enums",
        "sdgen_admin.models.fields",
    ],
)
def test_the_front_door_is_cheap_and_quiet(name: str) -> None:
    heavy = ("pydantic", "msgspec", "sqlite3", "typer", "rich", "subprocess", "asyncio")

    assert run(f"import sys, {name}; print([m for m in {heavy!r} if m in sys.modules])") == "[]"


def test_enums_are_cheap() -> None:
    assert run("import sys, sdgen_admin; sdgen_admin.SessionStatus; print('pydantic' in sys.modules)") == "False"


def test_completion_is_cheap(tmp_path: Path) -> None:
    code = "import sys; from sdgen_admin.services.completion import complete; print(complete({!r}, [], 'tags', ''))"

    assert run(code.format(str(tmp_path / "none.db")) + "; print('pydantic' in sys.modules)") == "[]\nFalse"


@pytest.mark.parametrize("name", sdgen_admin.__all__)
def test_every_public_name_resolves(name: str) -> None:
    value = getattr(sdgen_admin, name)

    assert name in ("__version__", getattr(value, "__name__", None))


def test_what_public_functions_take_and_return_is_public() -> None:
    needed = {kind.__name__ for kind in CLASSES}
    for public in (getattr(sdgen_admin, name) for name in sdgen_admin.__all__):
        parts = vars(public).items() if isinstance(public, type) else [("", public)]
        functions = [part for name, part in parts if name == "__init__" or not name.startswith("_")]
        for function in filter(inspect.isfunction, functions):
            hints = inspect.get_annotations(function).values()
            needed |= {kind.__name__ for hint in hints for kind in (hint, *get_args(hint)) if is_ours(kind)}

    assert needed <= set(sdgen_admin.__all__)
    assert {"UndoReport", "BackupReport", "DatabaseReport", "Listener", "SessionFilter"} <= needed


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
