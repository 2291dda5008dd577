"""Forked processes: children can use a library that their parent uses in other threads, or are told that they cannot.

Each case is a program of its own: what forks here would fork the tests.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from sdgen_admin.services.library import SessionLibrary
from tests.neighbour import make_database
from tests.trust.collections import assert_sound, make_bare
from tests.trust.program import PATIENCE, needs_fork

pytestmark = needs_fork

HEAD = """
import multiprocessing, os, subprocess, sys, threading, time
from sdgen_admin import *

library = SessionLibrary(sys.argv[1], lock_timeout=20)
one = library.resolve(["latest"])[0]

def tag(word):
    library.update_metadata(one, SessionMetadataUpdate(add_tags=(word,)))

# Python's locks on modules that are loaded right now, and Pydantic's on a model that is built at its first use, are
# theirs: whatever a thread does for the first time at the moment of a fork can stop the child. So it is done before.
import concurrent.futures.thread, logging
tag("parent")
library.find(search="1"), library.history(), library.tags()

def fork(work):
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except ForkedError as error:
            os.write(1, f"{error.code} {error}\\n".encode())
            os._exit(3)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
    return child

def status(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

class Busy:
    def __init__(self, *works):
        self.stop, self.errors = False, []
        self.threads = [threading.Thread(target=self.run, args=(work,)) for work in works]
    def run(self, work):
        while not self.stop:
            try:
                work()
            except Exception as error:
                self.errors.append(repr(error))
    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(0.1)
        return self
    def __exit__(self, *_):
        self.stop = True
        for thread in self.threads:
            thread.join()
        print("errors", self.errors)
"""


@pytest.fixture(params=["delete", "wal"])
def library(images_dir: Path, request: pytest.FixtureRequest) -> SessionLibrary:
    library = SessionLibrary(images_dir)
    make_database(Path(library.db_path), journal_mode=request.param)
    make_bare(images_dir, 40)
    library.compute()
    return library


def run(library: SessionLibrary, script: str) -> list[str]:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", HEAD + script, library.roots[0].path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert_sound(Path(library.db_path))
    return done.stdout.splitlines()


def test_beside_threads_at_work(library: SessionLibrary) -> None:
    said = run(
        library,
        """
works = lambda: library.find(limit=None, fresh=False), library.find, lambda: tag("parent"), library.history
with Busy(*works):
    children = [fork(lambda: tag(f"child-{number}")) for number in range(20)]
    print({status(child) for child in children})
""",
    )
    assert said == ["{0}", "errors []"]
    assert library.tags() == dict.fromkeys(["parent", *(f"child-{number}" for number in range(20))], 1)


def test_two_threads_that_fork_beside_one_at_work(library: SessionLibrary) -> None:
    said = run(
        library,
        """
found = []
def forks():
    found.extend(status(fork(library.tags)) for _ in range(10))
with Busy(library.find):
    threads = [threading.Thread(target=forks) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(found == [0] * 20)
""",
    )
    assert said == ["errors []", "True"]


def test_a_child_that_forks_again_and_outlives_its_parent(library: SessionLibrary) -> None:
    said = run(
        library,
        """
ours, theirs = os.pipe()
def child():
    def grandchild():
        os.setsid()
        time.sleep(0.3)
        tag("grandchild")
        os.write(theirs, b".")
    fork(grandchild)
with Busy(library.find):
    print(status(fork(child)))
print(os.read(ours, 1))
""",
    )
    assert said == ["0", "errors []", "b'.'"]
    assert library.tags() == {"grandchild": 1, "parent": 1}


def test_what_was_made_before_is_first_used_in_children(library: SessionLibrary) -> None:
    """As in web servers that load the program and then fork."""
    said = run(
        library,
        """
services = SessionMetadataService(library.db_path), SessionStatsService(library.db_path, sys.argv[1])
def work(number):
    tag(f"w{number}")
    return services[0].get_metadata(one) is not None and services[1].get_stats(one) is not None
with multiprocessing.get_context("fork").Pool(4) as pool:
    print(pool.map(work, range(12)) == [True] * 12)
""",
    )
    assert said == ["True"]
    assert len(library.tags()) == 13


def test_inside_a_use_of_its_own_a_fork_does_not_wait(library: SessionLibrary) -> None:
    said = run(
        library,
        """
with library.select(SessionFilter()) as (count, sessions):
    print(len(list(sessions)), status(fork(library.tags)))
    print(status(fork(lambda: None)), status(fork(lambda: fork(library.tags) and os.wait())))
    print(subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, preexec_fn=os.setpgrp).stdout)
library.compute(force=True, progress=lambda done, total: done == 1 and print(status(fork(library.tags))))
print(status(fork(library.tags)))
""",
    )
    forked = (
        f"forked {library.db_path} cannot be used here: this process was forked while its parent was using a database."
    )
    assert said == [forked, "40 3", forked, "0 0", "b'1\\n'", forked, "3", "0"]


def test_a_long_use_is_not_waited_for(library: SessionLibrary) -> None:
    said = run(
        library,
        """
begun, go_on = threading.Event(), threading.Event()
def long_use():
    with library.records():
        begun.set()
        go_on.wait()
thread = threading.Thread(target=long_use)
thread.start()
begun.wait()
found = []
other = threading.Timer(0.2, lambda: found.append(library.tags()))
other.start()
print(status(fork(library.tags)))  # waits for a second
before = time.monotonic()
print([status(fork(library.tags)) for _ in range(4)], time.monotonic() - before < 3)
go_on.set()
thread.join()
other.join()
print(found, status(fork(library.tags)))
""",
    )
    forked = (
        f"forked {library.db_path} cannot be used here: this process was forked while its parent was using a database."
    )
    assert sorted(said) == sorted([forked] * 5 + ["3", "[3, 3, 3, 3] True", "[{'parent': 1}] 0"])
