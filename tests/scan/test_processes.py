"""An executor of helper processes."""

import io
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import pytest

from sdgen_admin.scan.helper import main, serve
from sdgen_admin.scan.processes import HelperProcesses
from tests.platforms import needs_raw_names


@pytest.fixture
def executor() -> Iterator[HelperProcesses]:
    """Two processes with two threads each."""
    processes = HelperProcesses(2, 2)
    yield processes
    processes.shutdown(wait=False, cancel_futures=True)


def calls(*wanted: tuple[object, ...]) -> bytes:
    """Return calls as they are sent: each a function and its arguments."""
    return b"".join(
        pickle.dumps((number, pickle.dumps((fn, args, {})))) for number, (fn, *args) in enumerate(wanted, 1)
    )


def replies(data: bytes) -> dict[int, tuple[object, object]]:
    """Return results and errors by number."""
    stream = io.BytesIO(data)
    found = {}
    while stream.tell() < len(data):
        number, result, error = pickle.load(stream)
        found[number] = (result, error)
    return found


def test_calls_are_answered_by_other_processes(executor: HelperProcesses) -> None:
    answers = {executor.submit(os.getpid).result(60) for _ in range(2)}
    assert os.getpid() not in answers

    some = [executor.submit(os.path.join, "a", str(number)) for number in range(100)]

    assert [future.result(60) for future in some] == [os.path.join("a", str(number)) for number in range(100)]


def test_the_work_is_divided(executor: HelperProcesses) -> None:
    futures = [executor.submit(time.sleep, 0.2) for _ in range(4)]
    assert [process.load for process in executor._processes] == [2, 2]
    assert [future.result(60) for future in futures] == [None] * 4


def test_an_error_is_raised_where_the_result_is_asked_for(executor: HelperProcesses) -> None:
    with pytest.raises(FileNotFoundError):
        executor.submit(os.listdir, "/nowhere/at/all").result(60)
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result(60)
    assert executor.submit(divmod, 7, 2).result(60) == (3, 1)


def test_what_cannot_be_sent_is_an_error_of_the_call(executor: HelperProcesses) -> None:
    with pytest.raises((AttributeError, pickle.PicklingError)):
        executor.submit(lambda: 1)
    with pytest.raises(TypeError):  # nor can an open file be sent back
        executor.submit(open, os.devnull).result(60)
    assert executor.submit(int, "3").result(60) == 3


def test_what_a_process_had_when_it_died_is_told_and_the_others_go_on(executor: HelperProcesses) -> None:
    doomed = executor.submit(os._exit, 1)
    with pytest.raises(BrokenExecutor):
        doomed.result(60)

    assert [executor.submit(int, "1").result(60) for _ in range(3)] == [1, 1, 1]
    with pytest.raises(BrokenExecutor):
        executor.submit(os._exit, 1).result(60)
    with pytest.raises(BrokenExecutor, match="gone"):
        executor.submit(int, "1")


def test_shutting_down_at_once_leaves_nobody_waiting() -> None:
    executor = HelperProcesses(1, 1)
    future = executor.submit(time.sleep, 3600)

    executor.shutdown(wait=False, cancel_futures=True)
    executor.shutdown()

    with pytest.raises(BrokenExecutor):
        future.result(60)
    assert [process._process.returncode is None for process in executor._processes] == [False]


def test_shutting_down_in_peace_finishes_the_work() -> None:
    with HelperProcesses(1, 2) as executor:
        futures = [executor.submit(int, str(number)) for number in range(20)]

    assert [future.result(0) for future in futures] == list(range(20))


def test_without_room_for_all_processes_those_that_there_are_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    real = subprocess.Popen
    started: list[object] = []

    def start(*args: object, **kwargs: object) -> object:
        if len(started) == 2:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(real(*args, **kwargs))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    executor = HelperProcesses(5, 1)
    assert len(executor._processes) == 2
    with pytest.raises(OSError, match="unavailable"):
        HelperProcesses(1, 1)
    executor.shutdown()


@pytest.mark.skipif(os.name == "nt", reason="interrupts go to a whole console on Windows")
def test_an_interrupt_is_not_its_affair(executor: HelperProcesses) -> None:
    before = executor.submit(os.getpid).result(60)
    os.kill(before, signal.SIGINT)

    assert executor.submit(int, "5").result(60) == 5
    assert all(process.is_running for process in executor._processes)


@needs_raw_names
def test_names_that_are_no_utf8_arrive(tmp_path: Path, executor: HelperProcesses) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()

    assert executor.submit(os.listdir, str(tmp_path)).result(60) == [folder.name]
    assert executor.submit(os.path.isdir, str(folder)).result(60)


@pytest.mark.parametrize("end", [b"", b"\x80\x05", b"."], ids=["clean", "cut off", "nonsense"])
def test_it_serves_until_there_is_no_more(end: bytes) -> None:
    answered = io.BytesIO()

    serve(io.BytesIO(calls((int, "1"), (divmod, 1, 0)) + end), answered, 1)

    found = replies(answered.getvalue())
    assert found[1] == (1, None)
    assert isinstance(found[2][1], ZeroDivisionError)


def test_an_error_that_cannot_be_sent_is_described() -> None:
    answered = io.BytesIO()

    serve(io.BytesIO(calls((_raise_what_cannot_be_sent,))), answered, 1)

    (result, error) = replies(answered.getvalue())[1]
    assert result is None
    assert isinstance(error, RuntimeError)
    assert "the lock" in str(error)


def test_it_serves_on_the_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(calls((int, "1"), (int, "2")))))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(answered))
    before = signal.getsignal(signal.SIGINT)
    try:
        main(2)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

    assert replies(answered.getvalue()) == {1: (1, None), 2: (2, None)}


def test_long_calls_and_long_replies_do_not_wait_for_each_other() -> None:
    executor = HelperProcesses(1, 2)

    futures = [executor.submit(_long_reply, "x" * 2_000) for _ in range(200)]

    assert {len(future.result(60)) for future in futures} == {200_000}
    executor.shutdown()


def test_a_reply_that_cannot_be_read_is_not_waited_for() -> None:
    executor = HelperProcesses(1, 1)

    with pytest.raises(BrokenExecutor):
        executor.submit(_raise_what_cannot_be_read).result(60)
    with pytest.raises(BrokenExecutor):
        executor.submit(int, "1").result(60)
    executor.shutdown(cancel_futures=True)


def test_without_room_for_a_thread_no_process_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            started.append(self)

    def no_room(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(subprocess, "Popen", Watched)
    monkeypatch.setattr(threading.Thread, "start", no_room)
    with pytest.raises(RuntimeError, match="new thread"):
        HelperProcesses(1, 1)

    assert [process.poll() is None for process in started] == [False]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_in_a_forked_child_the_processes_are_the_parents(executor: HelperProcesses) -> None:
    assert executor.submit(int, "1").result(60) == 1
    child = os.fork()
    if not child:
        executor.shutdown(wait=False, cancel_futures=True)
        os._exit(7)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert executor.submit(int, "2").result(60) == 2


class PickyError(Exception):
    """An exception that can be sent, but not be made again."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)


def _raise_what_cannot_be_read() -> None:
    raise PickyError(1, "x")


def _long_reply(text: str) -> str:
    return text * 100


def _raise_what_cannot_be_sent() -> None:
    raise OSError("the lock", threading.Lock())
