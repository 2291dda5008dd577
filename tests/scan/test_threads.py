"""Threads that nobody has to wait for."""

import subprocess
import sys
import threading
import time

import pytest

from sdgen_admin.scan.threads import DaemonThreads


def test_calls_are_made_side_by_side() -> None:
    executor = DaemonThreads(3)
    together = threading.Barrier(3)

    results = [executor.submit(lambda n: (together.wait(60), n)[1], n) for n in range(3)]

    assert [future.result(60) for future in results] == [0, 1, 2]
    executor.shutdown()


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    with DaemonThreads(1) as executor:
        future = executor.submit(int, "x")

        with pytest.raises(ValueError, match="invalid literal"):
            future.result(60)
        assert executor.submit(int, "7").result(60) == 7


@pytest.mark.parametrize("is_at_once", [False, True])
def test_shutting_down(is_at_once: bool) -> None:
    executor = DaemonThreads(1)
    may_end = threading.Event()
    begun = threading.Event()

    def wait() -> bool:
        begun.set()
        return may_end.wait(60)

    first = executor.submit(wait)
    second = executor.submit(int, "2")
    assert begun.wait(60)

    executor.shutdown(wait=False, cancel_futures=is_at_once)
    may_end.set()

    assert first.result(60)
    if is_at_once:
        assert second.cancelled()
    else:
        assert second.result(60) == 2
    for thread in executor._threads:
        thread.join(60)
        assert not thread.is_alive()


def test_without_room_for_all_threads_those_that_there_are_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = DaemonThreads(4)
    assert executor.submit(int, "1").result(60) == 1

    def no_room(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_room)

    assert [executor.submit(int, "2").result(60) for _ in range(3)] == [2, 2, 2]
    with pytest.raises(RuntimeError):
        DaemonThreads(4).submit(int, "3")
    executor.shutdown()


def test_a_call_that_never_returns_does_not_keep_the_program_alive() -> None:
    program = """
import time
from sdgen_admin.scan.threads import DaemonThreads
DaemonThreads(1).submit(time.sleep, 3600)
print("done")
"""
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=600)

    assert done.stdout == "done\n"
    assert time.monotonic() - begun < 3600
