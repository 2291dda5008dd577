"""What runs in a helper process. It loads as little as possible: a process should be at work at once."""

import pickle
import signal
import sys
from contextlib import suppress
from threading import Lock, Thread
from typing import IO


def main(threads: int) -> None:
    """Answer calls on standard input and output. The parent handles interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer, threads)


def serve(calls: IO[bytes], replies: IO[bytes], threads: int) -> None:
    """Answer calls until there are no more.

    Args:
        calls: Pickled tuples of a number and a call: pickled, too, a function, its arguments and keyword arguments.
        replies: Takes pickled tuples of the number, the result, and the error raised instead, if any.
        threads: How many calls to work on at a time.
    """
    reading, writing = Lock(), Lock()

    def work() -> None:
        with suppress(EOFError, pickle.UnpicklingError):
            while True:
                with reading:
                    number, call = pickle.load(calls)  # noqa: S301 -- from the process that started this one
                reply = _answer(number, call)
                with writing:
                    replies.write(reply)
                    replies.flush()

    workers = [Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _answer(number: int, call: bytes) -> bytes:
    try:
        fn, args, kwargs = pickle.loads(call)  # noqa: S301 -- from the process that started this one
        return pickle.dumps((number, fn(*args, **kwargs), None))
    except BaseException as error:  # noqa: BLE001 -- it is raised where the result is asked for
        with suppress(Exception):  # an exception may hold what cannot be pickled
            return pickle.dumps((number, None, error))
        return pickle.dumps((number, None, RuntimeError(repr(error))))
