"""Where things are found: flags, then the environment, then other programs' configuration, then defaults."""

import os
from typing import Any, NamedTuple

from sdgen_admin.errors import SettingsError

CONFIG_NAME = "sdgen_config.json"

_FOUR_WAYS = (
    "Name it with --images-dir DIR, SDGEN_IMAGES_DIR, IMAGE_FOLDERS (the web UI's list),"
    f" or output_dir in the generator's {CONFIG_NAME}. To try it without images: sdgen-admin demo"
)


class Setting(NamedTuple):
    """A value and where it came from."""

    value: str
    source: str


class Settings(NamedTuple):
    """What every command works on."""

    images_dir: Setting
    """The images root, absolute."""
    db_path: Setting
    """The database file, absolute."""


def find_settings(images_dir: str | None = None, db_path: str | None = None) -> Settings:
    """Return the images root and the database.

    Args:
        images_dir: The value of `--images-dir`, if given.
        db_path: The value of `--db`, if given.

    Raises:
        SettingsError: Nothing names an images root, or a configuration cannot be understood.
    """
    root = _find_images_dir(images_dir)
    return Settings(_absolute(root), _absolute(_find_db(db_path, root)))


def _find_images_dir(flag: str | None) -> Setting:
    if flag:
        return Setting(flag, "--images-dir")
    if value := os.environ.get("SDGEN_IMAGES_DIR"):
        return Setting(value, "SDGEN_IMAGES_DIR")
    found = _first_image_folder() or _output_dir()
    if found is None:
        raise SettingsError("No images root is named.", _FOUR_WAYS)
    return found


def _find_db(flag: str | None, root: Setting) -> Setting:
    if flag:
        return Setting(flag, "--db")
    if value := os.environ.get("SDGEN_DB"):
        return Setting(value, "SDGEN_DB")
    return Setting(default_db_path(_absolute(root).value), "beside the images root")


def default_db_path(images_dir: str | os.PathLike[str]) -> str:
    """Return where the web UI keeps the database of an images root: `metadata/sessions.db` beside it."""
    return os.path.join(os.path.dirname(os.path.abspath(images_dir)), "metadata", "sessions.db")


def _first_image_folder() -> Setting | None:
    """Return the first folder of the web UI's `IMAGE_FOLDERS`: a JSON list of `{"name", "path"}`."""
    text = os.environ.get("IMAGE_FOLDERS")
    if not text:
        return None
    folders = _parse(text, "IMAGE_FOLDERS")
    try:
        path = folders[0]["path"]
    except (IndexError, KeyError, TypeError):
        path = None
    if not isinstance(path, str) or not path:
        raise SettingsError('IMAGE_FOLDERS is no JSON list of {"name", "path"}.', "Mend it, or use --images-dir.")
    return Setting(path, "IMAGE_FOLDERS")


def _output_dir() -> Setting | None:
    """Return `output_dir` of the generator's configuration; a relative one counts from that file."""
    named = os.environ.get("SDGEN_CONFIG_PATH")
    path = os.path.expanduser(named or CONFIG_NAME)
    try:
        with open(path, encoding="utf-8-sig") as file:
            config = _parse(file.read(), path)
    except FileNotFoundError:
        if named:
            raise SettingsError(f"SDGEN_CONFIG_PATH names {path}, which is not there.") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Mend it, or use --images-dir.") from error
    value = config.get("output_dir") if isinstance(config, dict) else None
    if not isinstance(value, str) or not value:
        raise SettingsError(f"No images root is named: {path} has no output_dir.", _FOUR_WAYS)
    return Setting(os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(value)), path)


def _parse(text: str, name: str) -> Any:
    import json  # noqa: PLC0415 -- mostly flags or the environment say it all

    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{name} is not valid JSON: {error}.", "Mend it, or use --images-dir.") from error


def _absolute(setting: Setting) -> Setting:
    try:
        return Setting(os.path.abspath(os.path.expanduser(setting.value)), setting.source)
    except FileNotFoundError:  # relative to a current folder that is gone
        raise SettingsError("The current folder is not there any more.", "Change to one that is: cd") from None
