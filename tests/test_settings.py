"""Where the images root and the database are found: four ways each, in their order."""

import json
import os
from pathlib import Path

import pytest

from sdgen_admin.errors import SettingsError
from sdgen_admin.settings import Setting, default_db_path, find_settings

FOLDERS = json.dumps([{"name": "mine", "path": "/from/image_folders"}, {"name": "other", "path": "/other"}])
ENVIRONMENT = {"SDGEN_IMAGES_DIR": "/from/environment", "IMAGE_FOLDERS": FOLDERS}


def absolute(path: str) -> str:
    return os.path.abspath(path)


def write_config(folder: Path, **values: object) -> Path:
    path = folder / "sdgen_config.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("flag", "environment", "expected"),
    [
        ("/from/flag", ENVIRONMENT, Setting(absolute("/from/flag"), "--images-dir")),
        (None, ENVIRONMENT, Setting(absolute("/from/environment"), "SDGEN_IMAGES_DIR")),
        ("", ENVIRONMENT, Setting(absolute("/from/environment"), "SDGEN_IMAGES_DIR")),
        (None, ENVIRONMENT | {"SDGEN_IMAGES_DIR": ""}, Setting(absolute("/from/image_folders"), "IMAGE_FOLDERS")),
        (None, {"IMAGE_FOLDERS": FOLDERS}, Setting(absolute("/from/image_folders"), "IMAGE_FOLDERS")),
        (None, {"IMAGE_FOLDERS": ""}, Setting(absolute("/from/config"), "sdgen_config.json")),
        (None, {}, Setting(absolute("/from/config"), "sdgen_config.json")),
    ],
)
def test_the_images_root_is_found_in_this_order(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    flag: str | None,
    environment: dict[str, str],
    expected: Setting,
) -> None:
    write_config(tmp_path, output_dir="/from/config")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert find_settings(flag).images_dir == expected


@pytest.mark.parametrize(
    ("flag", "variable", "expected", "source"),
    [
        ("/from/flag.db", "/from/environment.db", "/from/flag.db", "--db"),
        (None, "/from/environment.db", "/from/environment.db", "SDGEN_DB"),
        (None, "", "/data/metadata/sessions.db", "beside the images root"),
        (None, None, "/data/metadata/sessions.db", "beside the images root"),
    ],
)
def test_the_database_is_found_in_this_order(
    monkeypatch: pytest.MonkeyPatch, flag: str | None, variable: str | None, expected: str, source: str
) -> None:
    if variable is not None:
        monkeypatch.setenv("SDGEN_DB", variable)

    assert find_settings("/data/images", flag).db_path == Setting(absolute(expected), source)


@pytest.mark.parametrize(
    ("images_dir", "expected"),
    [
        ("/data/images", "/data/metadata/sessions.db"),
        ("/data/images/", "/data/metadata/sessions.db"),
        ("/images", "/metadata/sessions.db"),
        ("/data/x/../images", "/data/metadata/sessions.db"),
    ],
)
def test_the_database_lies_beside_the_images_root(images_dir: str, expected: str) -> None:
    assert default_db_path(images_dir) == absolute(expected)


def test_paths_are_absolute_and_the_home_folder_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))

    settings = find_settings("images", "~/sessions.db")

    assert settings.images_dir.value == os.path.join(os.getcwd(), "images")
    assert settings.db_path.value == str(tmp_path / "home" / "sessions.db")
    assert find_settings("~/images").db_path.value == str(tmp_path / "home" / "metadata" / "sessions.db")


@pytest.mark.parametrize(
    ("output_dir", "expected"), [("out", "conf/out"), ("../out", "out"), ("./a/b", "conf/a/b"), (".", "conf")]
)
def test_a_relative_output_dir_counts_from_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output_dir: str, expected: str
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "elsewhere").mkdir()
    config = write_config(tmp_path / "conf", output_dir=output_dir)
    monkeypatch.setenv("SDGEN_CONFIG_PATH", str(config))
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert find_settings().images_dir == Setting(str(tmp_path / expected), str(config))


def test_a_named_configuration_comes_before_the_one_in_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "conf").mkdir()
    write_config(tmp_path, output_dir="here")
    monkeypatch.setenv("SDGEN_CONFIG_PATH", str(write_config(tmp_path / "conf", output_dir="there")))

    assert find_settings().images_dir.value == str(tmp_path / "conf" / "there")


def test_a_configuration_with_a_bom(tmp_path: Path) -> None:
    (tmp_path / "sdgen_config.json").write_text('{"output_dir": "out"}', encoding="utf-8-sig")

    assert find_settings().images_dir.value == str(tmp_path / "out")


@pytest.mark.parametrize(
    "config", [None, "{}", "[]", '{"output_dir": null}', '{"output_dir": ""}', '{"output_dir": 5}']
)
def test_nothing_found_names_the_four_ways(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "sdgen_config.json").write_text(config, encoding="utf-8")

    with pytest.raises(SettingsError) as raised:
        find_settings()

    for way in ("--images-dir", "SDGEN_IMAGES_DIR", "IMAGE_FOLDERS", "sdgen_config.json"):
        assert way in raised.value.hint
    assert ("sdgen_config.json has no output_dir" in raised.value.message) == (config is not None)
    assert raised.value.exit_status == 2


@pytest.mark.parametrize(
    "folders",
    ["{", "[]", "{}", "5", "null", '"path"', '["path"]', "[{}]", '[{"path": 5}]', '[{"path": ""}]', "[" * 100_000],
)
def test_image_folders_that_cannot_be_understood(monkeypatch: pytest.MonkeyPatch, folders: str) -> None:
    monkeypatch.setenv("IMAGE_FOLDERS", folders)

    with pytest.raises(SettingsError, match="IMAGE_FOLDERS") as raised:
        find_settings()

    assert "--images-dir" in raised.value.hint


@pytest.mark.parametrize("config", [b"{", b"", b"output_dir: x", b'{"output_dir": "caf\xe9"}', b"[" * 100_000])
def test_a_broken_configuration(tmp_path: Path, config: bytes) -> None:
    (tmp_path / "sdgen_config.json").write_bytes(config)

    with pytest.raises(SettingsError, match=r"sdgen_config\.json") as raised:
        find_settings()

    assert "--images-dir" in raised.value.hint


def test_a_configuration_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sdgen_config.json").mkdir()

    with pytest.raises(SettingsError, match="cannot be read"):
        find_settings()

    assert find_settings("/data/images").images_dir.source == "--images-dir"


def test_a_named_configuration_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_config(tmp_path, output_dir="here")
    monkeypatch.setenv("SDGEN_CONFIG_PATH", str(tmp_path / "gone.json"))

    with pytest.raises(SettingsError, match=r"SDGEN_CONFIG_PATH names .*gone\.json"):
        find_settings()

    assert find_settings("/data/images").images_dir.source == "--images-dir"
