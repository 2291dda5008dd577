"""Where the images roots and the database are found: four ways, in their order."""

import json
import os
from pathlib import Path

import pytest

from sdgen_admin.errors import RootNotFoundError, SettingsError
from sdgen_admin.models.roots import Root
from sdgen_admin.settings import Origin, drives_folder, find_settings, root_named

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


needs_another_system = pytest.mark.skipif(os.name == "nt", reason="on Windows these are ordinary paths")


@pytest.fixture
def _under_wsl(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.path.exists("/etc/wsl.conf"):
        pytest.skip("this is WSL itself, with a configuration of its own")
    monkeypatch.setenv("WSL_DISTRO_NAME", "Ubuntu")


@pytest.fixture
def _not_under_wsl(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WSL_DISTRO_NAME", "WSL_INTEROP"):
        monkeypatch.delenv(name, raising=False)
    version = Path("/proc/version")
    if version.exists() and "microsoft" in version.read_text(encoding="utf-8").lower():
        pytest.skip("this is WSL itself")


def set_images_dir(way: str, path: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    match way:
        case "SDGEN_IMAGES_DIR":
            monkeypatch.setenv(way, path)
        case "IMAGE_FOLDERS":
            monkeypatch.setenv(way, json.dumps([{"name": "out", "path": path}]))
        case "sdgen_config.json":
            write_config(folder, output_dir=path)


WAYS = ("option", "SDGEN_IMAGES_DIR", "IMAGE_FOLDERS", "sdgen_config.json")


@needs_another_system
@pytest.mark.usefixtures("_under_wsl")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", ["D:\\sd\\out", "D:/sd/out", "d:\\sd\\out\\"])
def test_under_wsl_a_drive_is_where_it_is_mounted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str, path: str
) -> None:
    set_images_dir(way, path, monkeypatch, tmp_path)

    settings = find_settings([path] if way == "option" else None, "E:\\sd\\sessions.db")

    assert settings.roots == (Root("out", "/mnt/d/sd/out"),)
    assert settings.db_path == "/mnt/e/sd/sessions.db"
    assert find_settings([path]).db_path == "/mnt/d/sd/metadata/sessions.db"


@needs_another_system
@pytest.mark.usefixtures("_under_wsl")
def test_under_wsl_everything_else_that_names_a_file_is_translated_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDGEN_DB", "D:\\sd\\sessions.db")
    monkeypatch.setenv("SDGEN_IMAGES_DIR", "D:\\a:/b:E:/c")
    assert find_settings().db_path == "/mnt/d/sd/sessions.db"
    assert [root.path for root in find_settings().roots] == ["/mnt/d/a", "/b", "/mnt/e/c"]

    monkeypatch.delenv("SDGEN_IMAGES_DIR")
    monkeypatch.setenv("SDGEN_CONFIG_PATH", "D:\\sd\\sdgen_config.json")
    with pytest.raises(SettingsError, match=r"SDGEN_CONFIG_PATH names /mnt/d/sd/sdgen_config\.json"):
        find_settings()


@needs_another_system
@pytest.mark.usefixtures("_under_wsl")
@pytest.mark.parametrize("path", ["\\\\server\\share\\out", "\\\\wsl$\\Debian\\home"])
def test_what_wsl_does_not_mount_is_said_to_be_a_windows_path(path: str) -> None:
    for images_dirs, db_path in (([path], None), (["/out"], path)):
        with pytest.raises(SettingsError, match="is a Windows path") as raised:
            find_settings(images_dirs, db_path)
        assert (raised.value.code, raised.value.details) == ("windows-path", {"path": path, "wsl": True})


@needs_another_system
@pytest.mark.usefixtures("_not_under_wsl")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", ["D:\\sd\\out", "D:/sd/out", "\\\\server\\share"])
def test_elsewhere_the_error_says_that_it_is_a_windows_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str, path: str
) -> None:
    set_images_dir(way, path, monkeypatch, tmp_path)

    with pytest.raises(SettingsError, match="is a Windows path") as raised:
        find_settings([path] if way == "option" else None)

    assert (raised.value.code, raised.value.details) == ("windows-path", {"path": path, "wsl": False})


@needs_another_system
@pytest.mark.parametrize("environment", ["", "Ubuntu"])
@pytest.mark.parametrize("name", ["D:\\sd\\out", "D:", "\\\\server\\share"])
def test_a_folder_that_really_has_such_a_name_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, environment: str
) -> None:
    monkeypatch.setenv("WSL_DISTRO_NAME", environment)
    (tmp_path / name).mkdir()

    assert paths(name) == [str(tmp_path / name)]
    assert paths(str(tmp_path / name)) == [str(tmp_path / name)]


@needs_another_system
def test_a_folder_called_by_one_letter_stays_a_part_of_the_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "D").mkdir()
    monkeypatch.setenv("SDGEN_IMAGES_DIR", "D:/sd/out")

    assert paths() == [str(tmp_path / "D"), "/sd/out"]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (None, "/mnt/"),
        ("", "/mnt/"),
        ("[automount]\nenabled = true\n", "/mnt/"),
        ("[automount]\nroot = /windir/  # as on Windows\n", "/windir/"),
        ('[automount]\nroot = "/"\noptions = "metadata,umask=22"\n', "/"),
        ("[network]\nhostname = 100%\n[automount]\nroot=/w\nroot=/x\n", "/x"),
        ("[automount]\nroot =\n", "/mnt/"),
        ("root = /windir/\n", "/mnt/"),
        ("\ufeff[automount", "/mnt/"),
    ],
)
def test_wsl_says_where_drives_are(tmp_path: Path, configuration: str | None, expected: str) -> None:
    path = tmp_path / "wsl.conf"
    if configuration is not None:
        path.write_text(configuration, encoding="utf-8")

    assert drives_folder(str(path)) == expected
