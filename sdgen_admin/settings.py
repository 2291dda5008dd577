"""Where things are found: options, then the environment, then other programs' configuration, then defaults."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from sdgen_admin.errors import RootNotFoundError, SettingsError
from sdgen_admin.models.roots import Root, absolute, as_roots, database_beside
from sdgen_admin.models.text import fold
from sdgen_admin.models.windows_paths import is_windows_path, split_path_list, under_wsl

CONFIG_NAME = "sdgen_config.json"
OPTION, VARIABLE, FILE, DEFAULT = "option", "variable", "file", "default"
"""Kinds of origin of a setting."""


class Origin(NamedTuple):
    """Where a setting came from."""

    kind: str
    """An option, a variable, a file, or the default."""
    name: str
    """The option, the variable, the file's path, or what the default is."""


class Settings(NamedTuple):
    """What every command works on."""

    roots: tuple[Root, ...]
    """The collection's images roots, in order."""
    roots_origin: Origin
    """Where they came from."""
    db_path: str
    """The database file, absolute."""
    db_origin: Origin
    """Where it came from."""


def find_settings(images_dirs: Sequence[str] | None = None, db_path: str | None = None) -> Settings:
    """Return the images roots and the database.

    Args:
        images_dirs: The folders that were given explicitly, if any.
        db_path: The database that was given explicitly, if any.

    Raises:
        SettingsError: Nothing names an images root, or a configuration cannot be understood.
    """
    folders, origin = _find_roots(images_dirs)
    roots = as_roots([Root(folder.name, _absolute(folder.path)) for folder in folders])
    if db_path:
        return Settings(roots, origin, _absolute(db_path), Origin(OPTION, "db"))
    if value := os.environ.get("SDGEN_DB"):
        return Settings(roots, origin, _absolute(value), Origin(VARIABLE, "SDGEN_DB"))
    return Settings(roots, origin, database_beside(roots), Origin(DEFAULT, "beside the images root"))


def root_named(roots: Sequence[Root], name: str) -> Root:
    """Return the root that has a name, in any spelling if only one has it. Raises RootNotFoundError if none has."""
    named = [root for root in roots if root.name == name] or [root for root in roots if fold(root.name) == fold(name)]
    if len(named) == 1:
        return named[0]
    raise RootNotFoundError(f"There is no images root named {name!r}.", root=name, known=[root.name for root in roots])


def _find_roots(given: Sequence[str] | None) -> tuple[list[Root], Origin]:
    if folders := [Root("", folder) for folder in given or () if folder]:
        return folders, Origin(OPTION, "images-dir")
    if listed := [Root("", folder) for folder in _path_list(os.environ.get("SDGEN_IMAGES_DIR", ""))]:
        return listed, Origin(VARIABLE, "SDGEN_IMAGES_DIR")
    if text := os.environ.get("IMAGE_FOLDERS"):
        return _image_folders(text), Origin(VARIABLE, "IMAGE_FOLDERS")
    return _output_dir()


def _image_folders(text: str) -> list[Root]:
    """Return the folders of the web UI's `IMAGE_FOLDERS`: a JSON list of `{"name", "path"}`."""
    entries = _parse(text, "IMAGE_FOLDERS")
    folders = []
    for entry in entries if isinstance(entries, list) else [None]:
        path, name = (entry.get("path"), entry.get("name")) if isinstance(entry, dict) else (None, None)
        if not isinstance(path, str) or not path:
            raise SettingsError('IMAGE_FOLDERS is not a JSON list of {"name", "path"}.', name="IMAGE_FOLDERS")
        folders.append(Root(name if isinstance(name, str) else "", path))
    if not folders:
        raise SettingsError("IMAGE_FOLDERS is an empty list.", name="IMAGE_FOLDERS")
    return folders


def _output_dir() -> tuple[list[Root], Origin]:
    """Return `output_dir` of the generator's configuration; a relative one counts from that file."""
    named = os.environ.get("SDGEN_CONFIG_PATH")
    path = _path(named or CONFIG_NAME)
    try:
        with open(path, encoding="utf-8-sig") as file:
            config = _parse(file.read(), path)
    except FileNotFoundError:
        if named:
            raise SettingsError(f"SDGEN_CONFIG_PATH names {path}, which does not exist.", name=path) from None
        raise SettingsError("No images root is configured.", code="no-images-root") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", name=path) from error
    value = config.get("output_dir", "results") if isinstance(config, dict) else None
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{path} has no valid output_dir.", name=path)
    folder = os.path.join(os.path.dirname(os.path.abspath(path)), _path(value))
    return [Root("", folder)], Origin(FILE, path)


def _parse(text: str, name: str) -> Any:
    import json  # noqa: PLC0415 -- mostly options or the environment say it all

    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{name} is not valid JSON: {error}.", name=name) from error


def _path_list(text: str) -> list[str]:
    """Return the parts of a list of folders as in `PATH`."""
    parts = text.split(os.pathsep)
    has_drives = os.pathsep == ":" and any(map(is_windows_path, split_path_list(text)))
    # Somebody may have a folder that is called by one letter.
    if has_drives and not any(len(part) == 1 and os.path.isdir(part) for part in parts):
        parts = split_path_list(text)
    return [part for part in parts if part]


def _path(path: str) -> str:
    """Return a path as this system writes it. Raises SettingsError for one that only Windows understands."""
    path = os.path.expanduser(path)
    if os.name == "nt" or not is_windows_path(path) or os.path.lexists(path):
        return path
    is_wsl = _is_wsl()
    if is_wsl:
        found = under_wsl(path, drives=drives_folder(), distribution=os.environ.get("WSL_DISTRO_NAME"))
        if found is not None:
            return found
    raise SettingsError(f"{path} is a Windows path.", code="windows-path", path=path, wsl=is_wsl)


def _is_wsl() -> bool:
    if "WSL_DISTRO_NAME" in os.environ or "WSL_INTEROP" in os.environ:
        return True
    try:  # neither is there under cron
        with open("/proc/version", encoding="utf-8", errors="replace") as file:
            return "microsoft" in file.read().lower()
    except OSError:
        return False


def drives_folder(configuration: str = "/etc/wsl.conf") -> str:
    """Return the folder that WSL mounts Windows' drives in."""
    from configparser import ConfigParser, Error  # noqa: PLC0415 -- under WSL only, for a Windows path

    parser = ConfigParser(strict=False, interpolation=None, inline_comment_prefixes="#")
    try:
        parser.read(configuration, encoding="utf-8")
        return parser.get("automount", "root", fallback="").strip().strip("\"'") or "/mnt/"
    except (Error, UnicodeDecodeError):
        return "/mnt/"


def _absolute(path: str) -> str:
    try:
        os.fsencode(path)
        return absolute(_path(path))
    except UnicodeEncodeError:
        raise SettingsError(f"{path!r} is not a valid path.", name=repr(path)) from None
    except FileNotFoundError:  # relative to a current folder that is gone
        raise SettingsError("The current folder does not exist any more.", code="no-current-folder") from None
