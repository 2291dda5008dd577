"""Stopped by Ctrl-C or by the system: what is done is kept, nothing keeps running, and it says how far it came."""

import io
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdgen_admin.__main__ import main
from sdgen_admin.cli.signals import SIGNALS, Stopped, stopping_on_signals
from sdgen_admin.cli.terminal import progress_bar
from sdgen_admin.services.compute import BATCH
from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import plain, rows
from tests.trust.collections import assert_sound, make_bare
from tests.trust.mirror import assert_mirrored
from tests.trust.program import Hooks, is_group_gone, needs_fork, start, wait_for

MORE = 20

IGNORING_SIGINT = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
"""Starts a program as `nohup` and the background of a shell do."""

signals = pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


@pytest.fixture
def library(images_dir: Path) -> SessionLibrary:
    """A library that knows its root and none of the sessions in it."""
    library = SessionLibrary(images_dir)
    make_bare(images_dir, BATCH + MORE)
    library.compute()
    with plain(Path(library.db_path)) as other:
        other.executescript("DELETE FROM sdgen_admin_sessions; DELETE FROM session_stats")
    return library


@needs_fork
@signals
@pytest.mark.parametrize(
    ("command", "mode"),
    [
        ("compute-stats --all", "wal"),
        ("compute-stats --all --jobs 4", "delete"),
        ("list", "delete"),
        ("refresh --all", "wal"),
        ("warm-cache", "delete"),
    ],
)
def test_what_is_done_is_kept(
    library: SessionLibrary, tmp_path: Path, *, command: str, mode: str, number: int, status: int
) -> None:
    """Stopped while the first batch waits for another program's lock: what was done by then is still stored."""
    path = Path(library.db_path)
    with plain(path) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = tmp_path / "begun"
    place = ["--images-dir", library.roots[0].path, "--db", str(path)]
    running = start(*command.split(), *place, said_in=tmp_path / "said", hooks=Hooks(begun=begun))
    wait_for(begun.exists)
    begun.unlink()
    running.send(number)
    wait_for(begun.exists)  # it tries to keep what is done
    other.execute("ROLLBACK")
    other.close()
    assert running.wait() == status
    assert running.said() == f"Interrupted: {BATCH:,} of {BATCH + MORE:,} sessions computed and kept.\n"
    assert is_group_gone(running.pid)
    assert_sound(path)
    assert len(rows(path, "sdgen_admin_sessions")) == BATCH
    assert library.compute().computed == MORE
    assert_mirrored(library)


@needs_fork
@signals
def test_a_second_time_it_ends_at_once(library: SessionLibrary, tmp_path: Path, number: int, status: int) -> None:
    path = Path(library.db_path)
    begun = tmp_path / "begun"
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        place = ["--images-dir", library.roots[0].path, "--db", str(path)]
        running = start("compute-stats", "--all", *place, said_in=tmp_path / "said", hooks=Hooks(begun=begun))
        for _ in range(2):
            wait_for(begun.exists)
            begun.unlink()
            running.send(number)
            time.sleep(0.3)  # two at the same moment would be one
            begun.unlink(missing_ok=True)
        assert running.wait() == status
        other.execute("ROLLBACK")
    assert running.said() == f"Interrupted: 0 of {BATCH + MORE:,} sessions computed and kept.\n"
    assert is_group_gone(running.pid)
    assert rows(path, "sdgen_admin_sessions") == []


@needs_fork
@signals
def test_an_edit_that_waits_is_given_up(library: SessionLibrary, tmp_path: Path, number: int, status: int) -> None:
    path = Path(library.db_path)
    begun = tmp_path / "begun"
    with plain(path) as other:
        other.execute("BEGIN IMMEDIATE")
        place = ["--images-dir", library.roots[0].path, "--db", str(path)]
        running = start("tag", "latest", "--liked", *place, said_in=tmp_path / "said", hooks=Hooks(begun=begun))
        wait_for(begun.exists)
        running.send(number)
        assert running.wait() == status
        other.execute("ROLLBACK")
    assert running.said() == "Interrupted.\n"
    assert rows(path, "session_metadata") == []


@pytest.fixture
def _stopping() -> Iterator[None]:
    """Signals to this process do what they do to the program."""
    with stopping_on_signals():
        yield


@signals
@pytest.mark.usefixtures("_stopping")
def test_it_says_how_far_it_came(number: int, status: int) -> None:
    def work() -> None:
        with progress_bar(quiet=True) as progress:
            progress(1240, 10_000)
            signal.raise_signal(number)

    with pytest.raises(Stopped) as caught:
        work()
    assert str(caught.value) == "Interrupted: 1,240 of 10,000 sessions computed and kept."
    assert caught.value.exit_status == status


class Interrupting(io.BytesIO):
    """Standard input whose first read is interrupted."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def read(self, size: int | None = -1, /) -> bytes:
        signal.raise_signal(self._number)
        return b""

    read1 = read


@signals
@pytest.mark.usefixtures("_stopping")
def test_while_it_waits_for_input(
    library: SessionLibrary,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    number: int,
    status: int,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupting(number)))
    monkeypatch.setattr(sys, "argv", ["sdgen-admin", "tag", "-", "--liked", "--images-dir", library.roots[0].path])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == status
    assert capsys.readouterr() == ("", "Interrupted.\n")


@signals
def test_while_it_is_still_loading(*, number: signal.Signals, status: int) -> None:
    code = f"""
import signal, sys
class Stop:
    def find_spec(self, name, *_):
        if name == "typer":
            signal.raise_signal({number.value})
sys.meta_path.insert(0, Stop())
from sdgen_admin.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.splitlines()) == (status, [b"Interrupted."])


def test_afterwards_signals_do_what_they_did() -> None:
    handlers = [signal.getsignal(number) for number in SIGNALS]
    with stopping_on_signals():
        assert signal.getsignal(signal.SIGTERM) not in handlers

    assert [signal.getsignal(number) for number in SIGNALS] == handlers


def test_what_is_ignored_stays_ignored() -> None:
    """As under `nohup`, and in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stopping_on_signals():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@needs_fork
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_under_nohup(library: SessionLibrary, number: int, status: int) -> None:
    """Ctrl-C is not for it; it can still be terminated."""
    with plain(Path(library.db_path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        command = [sys.executable, "-m", "sdgen_admin", "tag", "latest", "--liked", "--images-dir"]
        with subprocess.Popen(
            [*IGNORING_SIGINT, *command, library.roots[0].path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stderr is not None
            said = running.stderr.readline()  # that it waits
            running.send_signal(number)
            if not status:
                time.sleep(0.5)  # it goes on waiting
                other.execute("ROLLBACK")
            assert running.wait(60) == status
            if status:
                other.execute("ROLLBACK")
    assert b"aiting" in said
    assert len(rows(Path(library.db_path), "session_metadata")) == (status == 0)


def call_main(*arguments: str, in_thread: bool = False) -> tuple[object, bytes]:
    """Call `main()` in a process that does other things as well; return its exit status and its output."""
    code = f"""
import sys, threading
from sdgen_admin.__main__ import main
sys.argv = ["sdgen-admin", *sys.argv[1:]]
def call():
    try:
        main()
    except SystemExit as end:
        print(end.code, file=sys.stderr)
def start():
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
for _ in range(2):
    {"start" if in_thread else "call"}()
"""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, timeout=60, check=True)
    return done.stderr.decode(errors="replace").splitlines(), done.stdout


@pytest.mark.parametrize("in_thread", [False, True])
def test_main_can_be_called_again_and_in_a_thread(images_dir: Path, *, in_thread: bool) -> None:
    make_bare(images_dir, 1)
    SessionLibrary(images_dir).compute()
    line = ["list", "--format", "ids", "--quiet", "--images-dir", str(images_dir)]
    status, out = call_main(*line, in_thread=in_thread)

    assert status == ["0", "0"]
    first, second = out.splitlines()
    assert first == second
