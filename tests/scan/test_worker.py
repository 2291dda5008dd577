"""Reading sessions in another process."""

import io
import os
import signal
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from sdgen_admin.disk.folder import SessionReading, read_session
from sdgen_admin.scan.worker import Worker, main, serve
from tests.builders import make_session
from tests.platforms import needs_raw_names

NAMES = ["20251107_120000-a", "20251107_120001-長い髪", "20251107_120002-broken", "20251107_120003-gone"]


@pytest.fixture
def expected(images_dir: Path) -> list[SessionReading]:
    """The readings of `NAMES`: a good session, another, a broken one, one that is not there."""
    make_session(images_dir, NAMES[0])
    make_session(images_dir, NAMES[1], images=2)
    make_session(images_dir, NAMES[2], manifest="{")
    return [read_session(str(images_dir / name), name) for name in NAMES]


@contextmanager
def worker(images_dir: Path) -> Iterator[Worker]:
    process = Worker(str(images_dir))
    try:
        yield process
    finally:
        process.stop()


def frame(message: object) -> bytes:
    body = msgspec.msgpack.encode(message)
    return struct.pack(">I", len(body)) + body


def test_a_process_reads_as_this_one_does(images_dir: Path, expected: list[SessionReading]) -> None:
    with worker(images_dir) as process:
        assert process.work(NAMES) == expected
        assert process.work([]) == []
        assert process.work(NAMES[:1]) == expected[:1]


def test_a_process_that_is_gone_is_an_error(images_dir: Path) -> None:
    with worker(images_dir) as process:
        process._process.kill()
        process._process.wait()
        with pytest.raises((OSError, EOFError)):
            process.work(NAMES)


def test_a_process_that_dies_over_its_work_is_an_error(images_dir: Path) -> None:
    with worker(images_dir) as process:
        assert process._process.stdin is not None
        process._process.stdin.write(struct.pack(">I", 3) + b"\xc1\xc1\xc1")
        with pytest.raises((OSError, EOFError)):
            process.work(NAMES)


def test_stopping_ends_the_process_and_can_be_done_twice(images_dir: Path) -> None:
    process = Worker(str(images_dir))

    process.stop()
    process.stop()

    assert process._process.returncode is not None
    with pytest.raises((OSError, EOFError, ValueError)):
        process.work(NAMES)


@needs_raw_names
def test_an_images_root_that_is_no_utf8(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"caf\xe9")
    make_session(root, NAMES[0])

    with worker(root) as process:
        assert process.work(NAMES[:1]) == [read_session(str(root / NAMES[0]), NAMES[0])]


@pytest.mark.parametrize("end", [b"", b"\0\0", struct.pack(">I", 100) + b"\x90"], ids=["clean", "head", "body"])
def test_it_serves_until_there_is_no_more(images_dir: Path, expected: list[SessionReading], end: bytes) -> None:
    replies = io.BytesIO()

    serve(str(images_dir), io.BytesIO(frame(NAMES) + frame([]) + end), replies)

    assert replies.getvalue() == frame(expected) + frame([])


def test_it_serves_on_the_standard_streams(
    monkeypatch: pytest.MonkeyPatch, images_dir: Path, expected: list[SessionReading]
) -> None:
    replies = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(frame(NAMES))))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(replies))
    before = signal.getsignal(signal.SIGINT)
    try:
        main(str(images_dir))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

    assert replies.getvalue() == frame(expected)


@pytest.mark.skipif(os.name == "nt", reason="interrupts go to a whole console on Windows")
def test_an_interrupt_is_not_its_affair(images_dir: Path, expected: list[SessionReading]) -> None:
    with worker(images_dir) as process:
        process.work([])
        process._process.send_signal(signal.SIGINT)
        assert process.work(NAMES) == expected
