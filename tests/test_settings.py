"""Where the images roots and the database are found: four ways, in their order."""

import json
import os
from pathlib import Path

import pytest

from sdgen_admin.errors import RootNotFoundError, SettingsError
from sdgen_admin.models.roots import Root
from sdgen_admin.settings import Origin, find_settings, root_named

FOLDERS = json.dumps([{"name": "mine", "path": "/from/image_folders"}, {"name": "other", "path": "/other"}])
ENVIRONMENT = {"SDGEN_IMAGES_DIR": f"/from/environment{os.pathsep}/more", "IMAGE_FOLDERS": FOLDERS}
OPTION = Origin("option", "images-dir")
VARIABLE = Origin("variable", "SDGEN_IMAGES_DIR")
LIST = Origin("variable", "IMAGE_FOLDERS")
FILE = Origin("file", "sdgen_config.json")
BESIDE = Origin("default", "beside the images root")


def absolute(*paths: str) -> list[str]:
    return [os.path.abspath(path) for path in paths]


def write_config(folder: Path, **values: object) -> Path:
    path = folder / "sdgen_config.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def paths(*images_dirs: str) -> list[str]:
    return [root.path for root in find_settings(images_dirs).roots]


@pytest.mark.parametrize(
    ("given", "environment", "expected", "origin"),
    [
        (["/from/option"], ENVIRONMENT, ["/from/option"], OPTION),
        (["/from/option", "/second"], ENVIRONMENT, ["/from/option", "/second"], OPTION),
        ([], ENVIRONMENT, ["/from/environment", "/more"], VARIABLE),
        ([""], ENVIRONMENT, ["/from/environment", "/more"], VARIABLE),  # as of an unset variable
        (["", "/second"], ENVIRONMENT, ["/second"], OPTION),
        (None, ENVIRONMENT, ["/from/environment", "/more"], VARIABLE),
        (None, ENVIRONMENT | {"SDGEN_IMAGES_DIR": "/one"}, ["/one"], VARIABLE),
        (None, ENVIRONMENT | {"SDGEN_IMAGES_DIR": ""}, ["/from/image_folders", "/other"], LIST),
        (None, ENVIRONMENT | {"SDGEN_IMAGES_DIR": os.pathsep}, ["/from/image_folders", "/other"], LIST),
        (None, {"IMAGE_FOLDERS": FOLDERS}, ["/from/image_folders", "/other"], LIST),
        (None, {"IMAGE_FOLDERS": ""}, ["/from/config"], FILE),
        (None, {}, ["/from/config"], FILE),
    ],
)
def test_the_images_roots_are_found_in_this_order(
    *,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: list[str] | None,
    environment: dict[str, str],
    expected: list[str],
    origin: Origin,
) -> None:
    write_config(tmp_path, output_dir="/from/config")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = find_settings(given)

    assert [root.path for root in settings.roots] == absolute(*expected)
    assert settings.roots_origin == origin


def test_empty_parts_of_a_path_list_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDGEN_IMAGES_DIR", os.pathsep.join(["", "/a", "", "/b", ""]))

    assert paths() == absolute("/a", "/b")


def test_every_root_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [{"name": "mine", "path": "/a/out"}, {"path": "/b/out"}, {"name": "mine", "path": "/c"}]
    monkeypatch.setenv("IMAGE_FOLDERS", json.dumps(entries))

    assert [root.name for root in find_settings().roots] == ["mine", "out", "mine-2"]
    assert [root.name for root in find_settings(["/a/out", "/b/out", "/b/out"]).roots] == ["out", "out-2"]


def test_a_root_by_its_name() -> None:
    roots = (Root("a", "/a"), Root("b", "/b"))

    assert root_named(roots, "b") == Root("b", "/b")
    with pytest.raises(RootNotFoundError, match="'c'") as raised:
        root_named(roots, "c")
    assert raised.value.details == {"root": "c", "known": ["a", "b"]}


@pytest.mark.parametrize(
    ("given", "variable", "expected", "origin"),
    [
        ("/from/option.db", "/from/environment.db", "/from/option.db", Origin("option", "db")),
        (None, "/from/environment.db", "/from/environment.db", Origin("variable", "SDGEN_DB")),
        (None, "", "/data/metadata/sessions.db", BESIDE),
        (None, None, "/data/metadata/sessions.db", BESIDE),
    ],
)
def test_the_database_is_found_in_this_order(
    monkeypatch: pytest.MonkeyPatch, given: str | None, variable: str | None, expected: str, origin: Origin
) -> None:
    if variable is not None:
        monkeypatch.setenv("SDGEN_DB", variable)
    settings = find_settings(["/data/images"], given)

    assert [settings.db_path] == absolute(expected)
    assert settings.db_origin == origin


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
    assert [find_settings([images_dir]).db_path] == absolute(expected)


def test_the_database_of_several_roots(tmp_path: Path) -> None:
    first, second = str(tmp_path / "a" / "images"), str(tmp_path / "b" / "images")
    beside_first = str(tmp_path / "a" / "metadata" / "sessions.db")
    beside_second = tmp_path / "b" / "metadata" / "sessions.db"

    assert find_settings([first, second]).db_path == beside_first
    beside_second.parent.mkdir(parents=True)
    beside_second.touch()
    assert find_settings([first, second]).db_path == str(beside_second)
    inner = os.path.join(first, "inner")
    assert find_settings([inner, first]).db_path == beside_first  # never inside a root


def test_paths_are_absolute_and_the_home_folder_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))

    settings = find_settings(["images"], "~/sessions.db")

    assert [root.path for root in settings.roots] == absolute("images")
    assert settings.db_path == str(tmp_path / "home" / "sessions.db")
    assert find_settings(["~/images"]).db_path == str(tmp_path / "home" / "metadata" / "sessions.db")


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

    assert paths() == [str(tmp_path / expected)]
    assert find_settings().roots_origin == Origin("file", str(config))


def test_a_named_configuration_comes_before_the_one_in_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "conf").mkdir()
    write_config(tmp_path, output_dir="here")
    monkeypatch.setenv("SDGEN_CONFIG_PATH", str(write_config(tmp_path / "conf", output_dir="there")))

    assert paths() == [str(tmp_path / "conf" / "there")]


def test_a_configuration_with_a_bom(tmp_path: Path) -> None:
    (tmp_path / "sdgen_config.json").write_text('{"output_dir": "out"}', encoding="utf-8-sig")

    assert paths() == [str(tmp_path / "out")]


def test_a_configuration_without_output_dir_means_results(tmp_path: Path) -> None:
    write_config(tmp_path, api_url="http://localhost")

    assert paths() == [str(tmp_path / "results")]


def test_nothing_found_has_a_code_of_its_own() -> None:
    with pytest.raises(SettingsError) as raised:
        find_settings()

    assert raised.value.code == "no-images-root"


@pytest.mark.parametrize("config", ["[]", '{"output_dir": null}', '{"output_dir": ""}', '{"output_dir": 5}'])
def test_an_output_dir_that_is_not_a_path(tmp_path: Path, config: str) -> None:
    (tmp_path / "sdgen_config.json").write_text(config, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"sdgen_config\.json has no valid output_dir") as raised:
        find_settings()
    assert raised.value.code == "invalid-settings"
    assert raised.value.details == {"name": "sdgen_config.json"}


@pytest.mark.parametrize(
    "folders",
    [
        "{", "[]", "{}", "5", "null", '"path"', '["path"]', "[{}]", '[{"path": 5}]', '[{"path": ""}]',
        '[{"path": "/fine"}, {"name": "not"}]', "[" * 100_000,
    ],
)  # fmt: skip
def test_image_folders_that_cannot_be_understood(monkeypatch: pytest.MonkeyPatch, folders: str) -> None:
    monkeypatch.setenv("IMAGE_FOLDERS", folders)

    with pytest.raises(SettingsError, match="IMAGE_FOLDERS") as raised:
        find_settings()

    assert (raised.value.code, raised.value.details["name"]) == ("invalid-settings", "IMAGE_FOLDERS")
    assert paths("/data/images") == absolute("/data/images")


@pytest.mark.parametrize("config", [b"{", b"", b"output_dir: x", b'{"output_dir": "caf\xe9"}', b"[" * 100_000])
def test_a_broken_configuration(tmp_path: Path, config: bytes) -> None:
    (tmp_path / "sdgen_config.json").write_bytes(config)

    with pytest.raises(SettingsError, match=r"sdgen_config\.json") as raised:
        find_settings()

    assert raised.value.code == "invalid-settings"


def test_a_configuration_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sdgen_config.json").mkdir()

    with pytest.raises(SettingsError, match="cannot be read"):
        find_settings()

    assert find_settings(["/data/images"]).roots_origin == OPTION


def test_a_named_configuration_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_config(tmp_path, output_dir="here")
    monkeypatch.setenv("SDGEN_CONFIG_PATH", str(tmp_path / "gone.json"))

    with pytest.raises(SettingsError, match=r"SDGEN_CONFIG_PATH names .*gone\.json"):
        find_settings()

    assert find_settings(["/data/images"]).roots_origin == OPTION


@pytest.mark.skipif(os.name == "nt", reason="Windows has such names")
def test_a_path_that_no_drive_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_FOLDERS", json.dumps([{"path": "\ud800"}]))
    with pytest.raises(SettingsError, match="not a valid path") as raised:
        find_settings()
    raised.value.message.encode()
