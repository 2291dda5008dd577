"""`compute-stats`, `refresh` and `warm-cache`: bringing stats up to date."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builders import add_image, date, make_session
from tests.cli.harness import PROGRAM, SESSIONS, environment, fails, ok, run
from tests.neighbour import row, rows, write_metadata

LATEST, CUT, TRY, SWEEP, LANDSCAPES, PORTRAIT, SEEDS, FACES = SESSIONS


def database(demo: Path) -> Path:
    return demo.parent / "metadata" / "sessions.db"


def report(*arguments: str) -> tuple[int, int, int]:
    document = json.loads(ok(*arguments, "--json"))
    return document["computed"], document["fresh"], document["failed"]


def test_compute_stats_computes_what_is_outdated(demo: Path) -> None:
    assert report("compute-stats", "--all") == (0, 8, 0)
    add_image(demo / FACES, "late.png")
    date(demo / FACES)
    assert report("compute-stats", "facial", "latest") == (1, 1, 0)
    assert report("compute-stats", "--all", "--force", "--jobs", "2") == (8, 0, 0)


def test_it_ends_with_one_line(demo: Path) -> None:
    outcome = run("compute-stats", "--all")

    assert outcome.out.startswith("0 computed, 8 already fresh, 2 with problems, 0 failed, in ")
    assert outcome.out.count("\n") == 1
    assert [line.split(": ")[0] for line in outcome.err.splitlines()] == [TRY, CUT]


@pytest.mark.parametrize("command", ["compute-stats", "refresh"])
def test_selecting_nothing_or_too_much_is_a_usage_error(shared: Path, command: str) -> None:
    fails(2, command)
    fails(2, command, "latest", "--all")


def test_refresh_takes_names_or_filters_or_all(demo: Path) -> None:
    assert report("refresh", "latest") == (1, 0, 0)
    assert report("refresh", "--liked") == (2, 0, 0)
    assert report("refresh", "--limit", "3") == (3, 0, 0)
    assert report("refresh", "--model", "none such") == (0, 0, 0)
    assert report("refresh", "--all") == (8, 0, 0)
    assert report("refresh", "facial", "latest", "--liked") == (1, 0, 0)
    assert report("refresh", "--all", "--liked") == (2, 0, 0)
    assert report("refresh", "--missing") == (0, 0, 0)
    assert report("refresh", "--where", "images=9") == (1, 0, 0)
    assert report("refresh", "--where", "images>=9", "--where", "model~pony") == (2, 0, 0)
    assert report("refresh", "latest", "portrait", "--where", "images=9") == (1, 0, 0)


def test_jobs_are_one_or_more(shared: Path) -> None:
    for command in (["compute-stats", "--all"], ["refresh", "--all"], ["warm-cache"]):
        assert "--jobs" in fails(2, *command, "--jobs", "0")


def test_warm_cache_says_one_line_or_when_quiet_nothing(demo: Path) -> None:
    assert run("warm-cache").out.startswith("0 computed, 8 already fresh")
    quiet = run("warm-cache", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")
    assert json.loads(ok("warm-cache", "--quiet", "--json"))["fresh"] == 8


def test_a_second_warm_cache_leaves_at_once(images_dir: Path) -> None:
    for number in range(300):
        make_session(images_dir, f"20250101_00{number // 60:02}{number % 60:02}-x", images=5)
    command = [*PROGRAM, "warm-cache", "--json", "--images-dir", str(images_dir)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment()}
    # Both start while a third holds the right to work, so that at most one of them can have it.
    with subprocess.Popen(command, **streams) as one, subprocess.Popen(command, **streams) as other:  # type: ignore[call-overload]
        outputs = [process.communicate(timeout=60) for process in (one, other)]
    worked = [json.loads(out) for out, _ in outputs if out]

    assert (one.returncode, other.returncode) == (0, 0)
    assert len(rows(images_dir.parent / "metadata" / "sessions.db", "session_stats")) == 300
    assert sum(done["computed"] for done in worked) == 300
    assert len(worked) == 1 or {done["computed"] for done in worked} == {0, 300}  # one after the other


def test_while_one_warms_another_leaves_with_a_note(demo: Path) -> None:
    code = (
        "import sys; from sdgen_admin import SessionLibrary\n"
        "with SessionLibrary(sys.argv[1]).warm_lock() as ours: print(ours, flush=True); sys.stdin.read()"
    )
    command = [PROGRAM[0], "-c", code, str(demo)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline().strip() == b"True"
        meanwhile = run("warm-cache")
        quiet = run("warm-cache", "--quiet")
        holder.stdin.close()
        holder.wait(30)

    assert (meanwhile.status, meanwhile.out) == (0, "")
    assert "Another warm-cache is at work" in meanwhile.err
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")
    assert run("warm-cache").out.startswith("0 computed")


def test_prune_deletes_stats_and_never_metadata(demo: Path) -> None:
    shutil.rmtree(demo / FACES)
    outcome = run("warm-cache", "--prune")

    assert outcome.status == 0
    assert "Pruned the stats of 1 session without a folder." in outcome.err
    assert row(database(demo), "session_stats", FACES) is None
    kept = row(database(demo), "session_metadata", FACES)
    assert kept is not None
    assert kept["is_favorite"] == 1


def test_prune_refuses_what_looks_like_an_unmounted_drive(demo: Path) -> None:
    for name in (FACES, SEEDS):  # a quarter of them
        shutil.rmtree(demo / name)
    outcome = run("warm-cache", "--prune")
    assert outcome.status == 1
    assert "2 of 8 sessions" in outcome.err
    assert "--prune --force" in outcome.err
    assert len(rows(database(demo), "session_stats")) == 8

    assert "Pruned the stats of 2 sessions without a folder." in run("warm-cache", "--prune", "--force").err
    assert len(rows(database(demo), "session_stats")) == 6
    assert len(rows(database(demo), "session_metadata")) == 5


def test_an_empty_root_is_offline_and_never_pruned(demo: Path) -> None:
    shutil.rmtree(demo)
    demo.mkdir()

    for force in ([], ["--force"]):
        outcome = run("warm-cache", "--prune", *force)
        assert outcome.status == 0
        assert "The images root images is offline. Its sessions are shown as recorded." in outcome.err
        assert "There are no sessions" not in outcome.err
    assert len(rows(database(demo), "session_stats")) == 8
    assert ok("list", "--format", "ids").splitlines() == list(SESSIONS)


def test_show_names_problem_and_stale_stats(demo: Path) -> None:
    (demo / FACES / "manifest.json").write_text('{"snapshot": ')
    out = ok("show", "facial")

    assert "Problem: manifest.json is not complete, or not a JSON object." in out
    assert "The stats below are from an earlier reading." in out
    assert "illustriousXL_v01.safetensors" in out
    assert "outdated" in ok("list").splitlines()[-1]


def test_show_in_sections(shared: Path) -> None:
    lines = ok("show", "seed_study").splitlines()

    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles == [
        f"{SEEDS}  sweep", "Session", "Generation", "Images", "Parameters", "Placeholders", "Prompts", "Metadata",
        "Source",
    ]  # fmt: skip
    assert "  seed list        4 seeds: 1000, 1001, 1002, 1003" in lines
    assert "  smallest seed    1000" in lines
    assert "  largest seed     1003" in lines
    assert "  seeds run        random" in lines
    assert "  recorded         8" in lines
    assert "  duration         2 min 48 s" in lines
    assert "  rate             2.5 images per minute" in lines
    assert "  note             1002 is the best of them" in lines
    assert "  source           manifest" in lines
    assert "  confidence       high" in lines


def test_show_cuts_long_lists(images_dir: Path) -> None:
    values = [f"v{number}" for number in range(50)]
    params = {"mode": "combinatorial", "seed_list": list(range(12))}
    variations = {
        "Hair": {"used": values, "count": 60},
        "Eyes": {"used": ["blue"], "count": 1},
        "None": {"used": [], "count": 7},
    }
    snapshot = {"generation_params": params, "variations": variations}
    make_session(images_dir, LATEST, manifest={"snapshot": snapshot}, images=1)
    write_metadata(images_dir.parent / "metadata" / "sessions.db", LATEST, is_complete=0, is_test=1, is_favorite=1)
    out = ok("show", "latest", "--images-dir", images_dir)

    assert "  Hair             50 of 60: v0 | v1 | v2 | v3 | v4 + 45 more" in out
    assert "  Eyes             1: blue" in out
    assert "  None             0 of 7" in out
    assert "12 seeds: 0, 1, 2, 3, 4 + 7 more" in out
    assert "  marked complete  no" in out
    assert "  images           1/600" in out
    assert "  completion       ░░░░░░░░   0%" in out


def test_more_images_than_planned(images_dir: Path) -> None:
    params = {"num_images": 1}
    make_session(images_dir, LATEST, manifest={"snapshot": {"generation_params": params}}, images=20)
    where = ("--images-dir", str(images_dir))

    assert ">999%" in ok("list", *where)
    assert ok("list", *where, "--columns", "completion_percentage").splitlines()[1] == "2000.0"
