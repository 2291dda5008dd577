"""Rows about reading folders: against the floor, on a slow drive, and in memory."""

import os
import sys
from collections.abc import Iterator

from tests.benchmarks.bench import Bench, Result, ms
from tests.benchmarks.child import measure
from tests.benchmarks.collection import make_collection, make_session, session_id
from tests.benchmarks.floor import compiled, floor

MB = 1024 * 1024


def cold(bench: Bench) -> Iterator[Result]:
    """All sessions, nothing cached."""
    for sessions in (1_000,) if bench.is_quick else (1_000, 10_000, 100_000):
        root = bench.collection(sessions)
        rounds = range(bench.rounds if sessions < 100_000 else 2)
        pairs = [
            (floor("cold", root, bench.folder, 1), measure("compute", root, bench.new_database()).seconds)
            for _ in rounds
        ]
        least, ours = map(min, zip(*pairs, strict=True))
        # With a few images each, it is not the drive that takes the time, but a row and its indexes for each session.
        goal = 1.75 if sessions < 100_000 else None
        yield Result(f"cold, {sessions:,} sessions", ms(ours), f"floor {ms(least)}", ours / least, goal)


def warm(bench: Bench) -> Iterator[Result]:
    """All sessions, all fresh."""
    for sessions in (1_000,) if bench.is_quick else (1_000, 10_000, 100_000):
        root, db = bench.collection(sessions), bench.new_database()
        measure("compute", root, db)
        pairs = [
            (floor("warm", root, bench.folder, 1), measure("compute", root, db).seconds) for _ in range(bench.rounds)
        ]
        least, ours = map(min, zip(*pairs, strict=True))
        yield Result(f"warm, {sessions:,} sessions", ms(ours), f"floor {ms(least)}", ours / least, 3.0)


def slow(bench: Bench) -> Iterator[Result]:
    """Cold and warm if each file-system call waits 0.3 ms: as the drive rewards, against one call at a time.

    Each in a new process, so that what it loads is not taken for the drive's speed.
    """
    shim = compiled("slow.c", bench.folder, "-shared", "-fPIC", "-ldl") if sys.platform == "linux" else None
    if shim is None:
        yield Result("slow drive", "not measured", "needs Linux and cc", 0, None)
        return
    for sessions, images in ((150, 20), (1_000, 20)) if bench.is_quick else ((150, 20), (150, 1_000), (1_000, 20)):
        root = make_collection(bench.path(f"{sessions}-of-{images}"), [images] * sessions)
        yield from _on_slow_drive(bench, shim, root, sessions, f"{sessions:,} sessions of {images:,} images")
    if not bench.is_quick:
        yield from _on_slow_drive(bench, shim, bench.collection(1_000), 1_000, "1,000 sessions of many sizes")


def _on_slow_drive(bench: Bench, shim: str, root: str, sessions: int, what: str) -> Iterator[Result]:
    environment = {**os.environ, "LD_PRELOAD": shim, "SLOW_ROOT": root}
    times: dict[tuple[str, str], float] = {}
    for jobs in ("1", "auto", "auto", "auto"):
        db = bench.new_database()
        for kind in ("cold", "warm"):
            seconds = measure("compute", root, db, jobs, environment=environment).seconds
            times[kind, jobs] = min(seconds, times.get((kind, jobs), seconds))
    # 150 fresh sessions take 300 calls, 0.1 s: the start of the program weighs too much for a goal.
    for kind, goal in (("cold", 8.0), ("warm", 8.0)) if sessions >= 1_000 else (("cold", 5.0),):
        one, auto = times[kind, "1"], times[kind, "auto"]
        name = f"slow drive, {kind}, {what}"
        yield Result(name, ms(auto), f"one at a time {ms(one)}", one / auto, goal, at_least=True)


def session(bench: Bench) -> Iterator[Result]:
    """One session of 1,000 images."""
    root = make_collection(bench.path("one-session"), [1_000])
    seconds = bench.best(lambda: measure("one_session", root, bench.new_database(), session_id(0)).seconds)
    yield Result("one session of 1,000 images", ms(seconds), "", seconds * 1000, 20.0, " ms")


def manifest(bench: Bench) -> Iterator[Result]:
    """A manifest of 100,000 images: 100 MB."""
    folder = bench.path("big-manifest")
    path = os.path.join(folder, "manifest.json")
    if not os.path.exists(path):
        make_session(folder, 0, 0, listed=100_000)
    size = os.path.getsize(path)
    ours = bench.best(lambda: measure("manifest", folder).seconds)
    reading = bench.best(lambda: measure("read_file", path).seconds)
    peak = (measure("manifest", folder).peak_kb - measure("nothing").peak_kb) * 1024
    yield Result(f"manifest of {size / MB:.0f} MB, time", ms(ours), f"reading it {ms(reading)}", ours / reading, 3.0)
    yield Result("the same, peak memory", f"{peak / MB:.0f} MB", "its size", peak / size, 2.0)


def memory(bench: Bench) -> Iterator[Result]:
    """Peak memory with ten times the sessions, 100 images each: 1,000,000 images."""
    few, many = (200, 2_000) if bench.is_quick else (1_000, 10_000)
    peaks = []
    for sessions in (few, many):
        root = make_collection(bench.path(f"{sessions}-linked"), [100] * sessions, linked=True)
        peaks.append(measure("compute", root, bench.new_database()).peak_kb / 1024)
    yield Result(
        f"memory, {many * 100:,} images in {many:,} sessions",
        f"{peaks[1]:.0f} MB",
        f"{few:,} sessions {peaks[0]:.0f} MB",
        peaks[1] / peaks[0],
        1.0,
    )
