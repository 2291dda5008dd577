"""One measured call in a process of its own: `python -m tests.benchmarks.child CALL ARGUMENT…`.

Prints as JSON the seconds of the call and the process's peak memory in KB. Importing the library and Pydantic's first
model, 20 ms that any program with Pydantic pays once, come before the call; whatever else it loads is counted.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple


class Measured(NamedTuple):
    """What one call took."""

    seconds: float
    peak_kb: int


def measure(call: str, *arguments: str, environment: dict[str, str] | None = None) -> Measured:
    """Run one of `CALLS` in a new process."""
    command = [sys.executable, "-m", "tests.benchmarks.child", call, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
    return Measured(*json.loads(done.stdout))


def compute(images_dir: str, db_path: str, jobs: str = "auto") -> float:
    """Bring all sessions up to date."""
    from sdgen_admin import SessionFilter, SessionLibrary

    SessionFilter()
    library = SessionLibrary(images_dir, db_path)
    count = None if jobs == "auto" else int(jobs)
    return _seconds(lambda: library.compute(jobs=count))


def one_session(images_dir: str, db_path: str, session_id: str) -> float:
    """Compute one session and store it, in a program that has computed one before; the best of ten."""
    from sdgen_admin import SessionLibrary

    library = SessionLibrary(images_dir, db_path)
    library.compute([session_id], force=True)
    return min(_seconds(lambda: library.compute([session_id], force=True)) for _ in range(10))


def manifest(session_path: str) -> float:
    """Read one session folder."""
    from sdgen_admin import SessionStatsCalculator

    calculator = SessionStatsCalculator(session_path)
    return _seconds(calculator.compute_stats)


def read_file(path: str) -> float:
    """Read a file."""
    return _seconds(lambda: _read(path))


def nothing() -> float:
    """Import what the other calls import: its peak memory is what the others' is compared with."""
    from sdgen_admin import SessionLibrary, SessionStatsCalculator

    return _seconds(lambda: (SessionLibrary, SessionStatsCalculator))


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak_kb() -> int:
    """Return this process's peak memory in KB, 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    except OSError:
        return _most_resident()


def _most_resident() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


CALLS: dict[str, Callable[..., float]] = {
    call.__name__: call for call in (compute, one_session, manifest, read_file, nothing)
}

if __name__ == "__main__":
    seconds = CALLS[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(json.dumps([seconds, peak_kb()]))
