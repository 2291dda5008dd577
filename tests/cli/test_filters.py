"""Filters: each field of `SessionFilter` is a flag, and each flag does what the field does."""

import shutil
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from sdgen_admin.cli.app import COMMANDS
from sdgen_admin.cli.filters import Filters
from sdgen_admin.models.enums import RatingFilter, Source, StatusFilter
from sdgen_admin.models.fields import FIELDS, Field
from sdgen_admin.models.filters import SessionFilter
from tests.builders import make_session
from tests.cli.harness import SESSIONS, fails, flags_of, ok, run

LATEST, CUT, TRY, SWEEP, LANDSCAPES, PORTRAIT, SEEDS, FACES = SESSIONS
FILTERING = ("list", "refresh")


def ids(*arguments: str) -> list[str]:
    return ok("list", *arguments, "--format", "ids").splitlines()


@pytest.mark.parametrize("command", FILTERING)
@pytest.mark.parametrize("field", SessionFilter.model_fields)
def test_every_field_is_a_flag_of_every_filtering_command(command: str, field: str) -> None:
    flags = flags_of(command)[field]

    assert flags[0] == "--" + field.replace("_", "-")
    is_three_way = SessionFilter.model_fields[field].annotation == bool | None
    assert len(flags) == (2 if is_three_way else 1)


def test_the_group_of_flags_has_the_fields_and_no_more() -> None:
    assert {field.name for field in fields(Filters)} == set(SessionFilter.model_fields)


def test_whoever_filters_takes_the_whole_group() -> None:
    def takes_filters(module: str) -> bool:
        command: Callable[..., None] = import_module(f"sdgen_admin.cli.commands.{module}").command
        return "filters" in getattr(command, "__wrapped__").__annotations__  # noqa: B009 -- unknown to the type checker

    assert tuple(name for name, module in COMMANDS.items() if takes_filters(module)) == FILTERING


def test_flags_that_are_not_given_ask_nothing() -> None:
    assert Filters().query(limit=100) == SessionFilter()
    assert not Filters().narrows()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("--liked", [SWEEP, FACES]),
        ("--no-liked", [LATEST, CUT, TRY, LANDSCAPES, PORTRAIT, SEEDS]),
        ("--test", [TRY]),
        ("--no-test --liked", [SWEEP, FACES]),
        ("--complete", [LATEST, SWEEP, SEEDS, FACES]),
        ("--no-complete", [LANDSCAPES, PORTRAIT]),  # of the others nothing says how many were planned
        ("--seed-sweep", [SWEEP, SEEDS]),
        ("--no-seed-sweep --liked", [FACES]),
        ("--model PONY", [LANDSCAPES, PORTRAIT]),
        ("--model PONY --model nothing", [LANDSCAPES, PORTRAIT]),
        ("--model pony --model illustrious --liked", [SWEEP, FACES]),
        ("--model %", []),
        ("--from-date 2025-11-06", [LATEST, CUT]),
        ("--to-date 2025-10-20", [SEEDS, FACES]),
        ("--from-date 2025-10-20T09:15:00 --to-date 2025-10-28T20:11:45", [PORTRAIT, SEEDS]),
        ("--tag faces", [SWEEP, FACES]),
        ("--tag faces --tag portfolio", [FACES]),
        ("--untagged --liked", []),
        ("--untagged --test", [TRY]),
        ("--rating like", [FACES]),
        ("--rating dislike", [PORTRAIT]),
        ("--rating none --liked", [SWEEP]),
        ("--status aborted", [PORTRAIT]),
        ("--status ongoing", [LANDSCAPES]),
        ("--status stalled", [LANDSCAPES]),  # its last image is from 2025
        ("--status running", []),
        ("--status unknown", [CUT, TRY]),
        ("--problem", [CUT, TRY]),
        ("--no-problem --status ongoing", [LANDSCAPES]),
        ("--source folder", [CUT, TRY]),
        ("--source manifest --liked", [SWEEP, FACES]),
        ("--missing", []),
        ("--search BEST", [SEEDS]),
        ("--search portfolio", [FACES]),
        ("--where images<=9", [LATEST, CUT, TRY, PORTRAIT, SEEDS]),
        ("--where complete=none", [CUT, TRY]),
        ("--where created>=2025-11-06 --where images!=6", [CUT]),
        ("--where model~PONY --where status=aborted", [PORTRAIT]),
        ("--where marked_complete=none --limit 1", [LATEST]),
        ("--where liked=yes --tag portfolio", [FACES]),
        ("--sort name --limit 2", [SEEDS, FACES]),
        ("--sort name --reverse --limit 1", [LATEST]),
        ("--sort images --limit 2", [LANDSCAPES, FACES]),
        ("--sort completion --no-complete --limit 4", [LANDSCAPES, PORTRAIT]),
        ("--offset 6", [SEEDS, FACES]),
        ("--limit 2 --offset 1", [CUT, TRY]),
        ("--offset 100", []),
    ],
)
def test_what_each_flag_finds(shared: Path, flags: str, expected: list[str]) -> None:
    found = ids(*flags.split())

    assert found == expected
    assert ids(*flags.split(), "--cached") == found


@pytest.mark.parametrize("key", ["created", "updated", "name", "model", "images", "completion"])
def test_every_order_can_be_reversed(shared: Path, key: str) -> None:
    assert sorted(ids("--sort", key)) == sorted(SESSIONS)
    assert ids("--sort", key, "--reverse")[0] != ids("--sort", key)[0]


@pytest.mark.parametrize("field", [field for field in FIELDS if field.is_sortable], ids=lambda field: field.name)
def test_every_field_is_a_sort_key_by_any_of_its_names(shared: Path, field: Field) -> None:
    found = ids("--sort", field.name, "--cached")

    assert sorted(found) == sorted(SESSIONS)
    for name in (field.label, field.name.upper(), *field.aliases):
        assert ids("--sort", name, "--cached") == found


@pytest.mark.parametrize("flag", ["--rating", "--status", "--source"])
def test_every_value_of_an_enum_is_taken(shared: Path, flag: str) -> None:
    values: dict[str, list[str]] = {
        "--rating": list(RatingFilter),
        "--status": list(StatusFilter),
        "--source": list(Source),
    }

    assert all(isinstance(ids(flag, value), list) for value in values[flag])
    assert f"Invalid value for '{flag}'" in fails(2, "list", flag, "no-such-value")


@pytest.mark.parametrize("word", ["today", "yesterday", "7d", "2w", "3m"])
def test_days_in_words(images_dir: Path, word: str) -> None:
    days = {"today": 0, "yesterday": 1, "7d": 7, "2w": 14, "3m": 90}[word]
    first = date.today() - timedelta(days=days)
    for day in (first, first - timedelta(days=1)):
        make_session(images_dir, f"{day:%Y%m%d}_000000-x", images=1)
    where = ("--images-dir", str(images_dir))

    assert ids("--from-date", word, *where) == [f"{first:%Y%m%d}_000000-x"]
    assert len(ids("--to-date", word, *where)) == 2
    assert datetime.now().date() - first in (timedelta(days=days), timedelta(days=days + 1))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--from-date soon", "--from-date: Invalid date 'soon'.\nUse a date (2025-11-07)"),
        ("--to-date 2025-13-01", "--to-date: Invalid date '2025-13-01'."),
        ("--limit 0", "--limit: Input should be greater than or equal to 1."),
        ("--limit 501", "--limit: Input should be less than or equal to 500.\nA page has 1 to 500"),
        ("--search \udcff", "--search: it is not valid UTF-8."),
        ("--offset -1", "--offset: Input should be greater than or equal to 0."),
        ("--sort colour", "--sort: There is no field 'colour'."),
        ("--sort sampler_nam", "Did you mean sampler_name?"),
        ("--sort tags", "--sort: Sessions cannot be sorted by tags.\nSort by a field that holds one value"),
        ("--where colour=red", "--where: There is no field 'colour'."),
        ("--where samplr=x", "Did you mean sampler_name?"),
        ("--where steps", "--where: Invalid condition 'steps'.\nWrite FIELD OPERATOR VALUE in quotes"),
        ("--where steps=many", "--where: Invalid value 'many' for steps: a number is expected."),
        ("--where steps~3", "--where: steps is not text"),
        ("--limit many", "Invalid value for '--limit': "),  # the rest is Typer's, and changes
        ("--limit 5 --all", "--all and --limit contradict each other."),
        ("--lkied", "No such option: --lkied"),
        ("surplus", "unexpected extra argument"),
    ],
)
def test_a_wrong_value_is_a_usage_error_that_names_its_flag(shared: Path, flags: str, said: str) -> None:
    assert said in fails(2, "list", *flags.split())


def test_all_sessions_are_not_a_number_of_them(shared: Path) -> None:
    assert "--all and --limit contradict each other." in fails(2, "refresh", "--all", "--limit", "5")


def test_an_order_alone_selects_nothing_to_refresh(shared: Path) -> None:
    assert "No session is named." in fails(2, "refresh", "--sort", "name", "--reverse")


def test_all_has_no_limit(images_dir: Path) -> None:
    for number in range(105):
        (images_dir / f"20250101_{number // 60:02}{number % 60:02}00-x").mkdir()
    where = ("--images-dir", str(images_dir))

    assert (len(ids(*where)), len(ids("--all", *where)), len(ids("--limit", "7", *where))) == (100, 105, 7)


def test_missing_sessions_are_listed_only_when_asked_for(demo: Path) -> None:
    (demo / SEEDS).rename(demo / "elsewhere")

    assert SEEDS not in ids()
    assert ids("--missing") == [SEEDS]
    assert "gone" in ok("list", "--missing")


def test_lost_folders_are_told_once_or_as_long_as_it_looks_like_an_unmounted_drive(images_dir: Path) -> None:
    sessions = [make_session(images_dir, f"2025110{number}_120000-a") for number in range(1, 8)]
    ok("list", "--images-dir", images_dir)

    def told(*arguments: str) -> str:
        lines = run(*arguments, "--images-dir", images_dir).err.splitlines()
        return next((line for line in lines if "no folder any more" in line), "")

    shutil.rmtree(sessions[0])
    assert told("list") == "1 of 7 sessions has no folder any more. See them with: sdgen-admin list --missing"
    assert told("list") == ""
    shutil.rmtree(sessions[1])
    for command in ("refresh --all", "refresh --model x", "compute-stats --all", "warm-cache", "list --limit 1"):
        assert (
            told(*command.split())
            == "2 of 7 sessions have no folder any more. See them with: sdgen-admin list --missing"
        )
