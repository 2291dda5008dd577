"""Reading sessions in another process: the process, and the client that starts it.

Not `multiprocessing`: its fork is unsafe in a web backend with threads, and its spawn runs the caller's main
module again. The two sides exchange MessagePack frames, each behind its length in four bytes.
"""

import os
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from typing import IO

import msgspec

from sdgen_admin.disk.folder import SessionReading, read_session

_LENGTH = struct.Struct(">I")
_REQUEST = msgspec.msgpack.Decoder(list[str])
_REPLY = msgspec.msgpack.Decoder(list[SessionReading])
_ENCODER = msgspec.msgpack.Encoder()

_BOOT = "import sys; sys.path[:] = {path!r}; from sdgen_admin.scan.worker import main; main({images_dir!r})"


class Worker:
    """A process that reads sessions of one images root.

    Args:
        images_dir: The images root, absolute.
    """

    def __init__(self, images_dir: str) -> None:
        boot = _BOOT.format(path=sys.path, images_dir=images_dir)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", boot],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def work(self, items: list[str]) -> list[SessionReading]:
        """Return the readings of the sessions `items`. Raises OSError or EOFError if the process is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _send(self._process.stdin, items)
        reply = _receive(self._process.stdout)
        if reply is None:
            raise EOFError
        return _REPLY.decode(reply)

    def stop(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was still to be sent has nobody to go to
                    stream.close()


def serve(images_dir: str, requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    while (request := _receive(requests)) is not None:
        ids = _REQUEST.decode(request)
        _send(replies, [read_session(os.path.join(images_dir, name), name) for name in ids])


def main(images_dir: str) -> None:
    """Serve on standard input and output; an interrupt is the starting process's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(images_dir, sys.stdin.buffer, sys.stdout.buffer)


def _send(stream: IO[bytes], message: list[str] | list[SessionReading]) -> None:
    body = _ENCODER.encode(message)
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes | None:
    """Return the next frame, or None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None
