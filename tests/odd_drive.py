"""Drives with odd habits, mounted for the tests: see the fixture `odd_drive`.

A drive is a folder served by FUSE from a process of its own, `python -m tests.odd_drive BACKING MOUNT OPTIONS`.
Where FUSE or `fusepy` is missing, the tests that ask for a drive are skipped.
"""

import argparse
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

_SECONDS_TO_MOUNT = 20.0


@dataclass(frozen=True)
class Habits:
    """What is odd about a drive."""

    fold_case: bool = False
    """Names that differ only by case are one (NTFS, exFAT, APFS)."""
    one_form: bool = False
    """Composed and decomposed names are one (APFS, HFS+)."""
    coarse: bool = False
    """Times come in steps of two seconds (FAT, exFAT)."""
    clock: float = 0.0
    """By how many seconds the drive's clock is ahead; negative if it is behind."""
    frozen: bool = False
    """A folder's time never changes."""
    manifest_error: int = 0
    """The error number with which opening a `manifest.json` fails; 0 if it doesn't."""

    def folded(self, name: str) -> str:
        """Return what two spellings of one name have in common on this drive."""
        if self.one_form or self.fold_case:
            name = unicodedata.normalize("NFC", name)
        return unicodedata.normalize("NFC", name.casefold()) if self.fold_case else name


class Drive:
    """A mounted drive. Also usable as a path: `drive / "images"`."""

    def __init__(self, path: Path, backing: Path, habits: Habits) -> None:
        self.path = path
        """Where it is mounted."""
        self.backing = backing
        """The ordinary folder that holds what is on it."""
        self.habits = habits
        self._server: subprocess.Popen[bytes] | None = None

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def __fspath__(self) -> str:
        return str(self.path)

    def mount(self) -> None:
        """Mount it; skip the test if that does not work here."""
        options = [f"--{name}={value}" for name, value in asdict(self.habits).items()]
        command = [sys.executable, "-m", "tests.odd_drive", str(self.backing), str(self.path), *options]
        home = Path(__file__).parent.parent
        self._server = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        end = time.monotonic() + _SECONDS_TO_MOUNT
        while not self.path.is_mount():
            if self._server.poll() is not None or time.monotonic() > end:
                self._server.kill()
                _, said = self._server.communicate()
                _skip(f"FUSE does not work here: {said.decode(errors='replace').strip()[-200:]}")
            time.sleep(0.01)

    def unmount(self) -> None:
        """Unmount it; its files stay in the backing folder."""
        if self._server is None:
            return
        subprocess.run([_fusermount() or "fusermount", "-u", "-z", str(self.path)], check=False, capture_output=True)
        try:
            self._server.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.communicate()
        self._server = None

    def remount(self, **habits: Any) -> None:
        """Mount the same files at the same place, some habits changed: `drive.remount(manifest_error=0)`."""
        self.unmount()
        self.habits = replace(self.habits, **habits)
        self.mount()


class MakeDrive(Protocol):
    """What the fixture `odd_drive` gives: `odd_drive(fold_case=True)` mounts a drive with this habit."""

    def __call__(
        self,
        *,
        fold_case: bool = False,
        one_form: bool = False,
        coarse: bool = False,
        clock: float = 0.0,
        frozen: bool = False,
        manifest_error: int = 0,
    ) -> Drive:
        """Return a new, empty drive."""


@contextmanager
def drives(folder: Path) -> Iterator[MakeDrive]:
    """Give what makes drives below a folder; they are unmounted in the end."""
    if sys.platform == "win32" or _fusermount() is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        _skip("FUSE is not here")
    if importlib.util.find_spec("fuse") is None:
        _skip("fusepy is not installed")
    made: list[Drive] = []

    def make(**habits: Any) -> Drive:
        path, backing = folder / f"drive-{len(made)}", folder / f"backing-{len(made)}"
        path.mkdir()
        backing.mkdir()
        drive = Drive(path, backing, Habits(**habits))
        made.append(drive)
        drive.mount()
        return drive

    try:
        yield make
    finally:
        for drive in made:
            drive.unmount()


def _skip(reason: str) -> NoReturn:
    import pytest  # here, since a drive's own process has no use for it

    pytest.skip(reason)


def _fusermount() -> str | None:
    return shutil.which("fusermount3") or shutil.which("fusermount")


class _Files:
    """A drive's file operations, under the names that FUSE calls them by."""

    def __init__(self, backing: str, habits: Habits) -> None:
        self._backing = backing
        self._habits = habits

    def _there(self, path: str) -> str:
        """Return the file that a path on the drive means, as it is spelled in the backing folder."""
        there = self._backing
        for name in path.split("/"):
            if name:
                there = os.path.join(there, self._spelled(there, name))
        return there

    def _spelled(self, folder: str, name: str) -> str:
        if os.path.lexists(os.path.join(folder, name)):
            return name
        try:
            names = os.listdir(folder)
        except OSError:
            return name
        folded = self._habits.folded(name)
        return next((there for there in names if self._habits.folded(there) == folded), name)

    def getattr(self, path: str, _handle: int | None = None) -> dict[str, float]:
        found = os.lstat(self._there(path))
        names = ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid", "st_atime_ns", "st_ctime_ns", "st_mtime_ns")
        state = {name.removesuffix("_ns"): getattr(found, name) for name in names}
        moment = found.st_mtime_ns + int(self._habits.clock * 1e9)
        if self._habits.coarse:
            moment -= moment % 2_000_000_000
        if self._habits.frozen and stat.S_ISDIR(found.st_mode):
            moment = 1_700_000_000_000_000_000
        state["st_mtime"] = moment
        return state

    def readdir(self, path: str, _handle: int) -> list[str]:
        return [".", "..", *os.listdir(self._there(path))]

    def open(self, path: str, flags: int) -> int:
        if self._habits.manifest_error and os.path.basename(path) == "manifest.json":
            raise OSError(self._habits.manifest_error, "")
        return os.open(self._there(path), flags)

    def create(self, path: str, mode: int, _info: Any = None) -> int:
        return os.open(self._there(path), os.O_CREAT | os.O_RDWR, mode)

    def read(self, _path: str, size: int, offset: int, handle: int) -> bytes:
        return os.pread(handle, size, offset)

    def write(self, _path: str, data: bytes, offset: int, handle: int) -> int:
        return os.pwrite(handle, data, offset)

    def truncate(self, path: str, length: int, handle: int | None = None) -> None:
        os.truncate(self._there(path) if handle is None else handle, length)

    def release(self, _path: str, handle: int) -> None:
        os.close(handle)

    def rename(self, old: str, new: str) -> None:
        """Rename as such drives do: also to another spelling of the same name."""
        source, (folder, name) = self._there(old), os.path.split(new)
        target = self._there(new)
        os.rename(source, os.path.join(self._there(folder), name) if source == target else target)

    def unlink(self, path: str) -> None:
        os.unlink(self._there(path))

    def mkdir(self, path: str, mode: int) -> None:
        os.mkdir(self._there(path), mode)

    def rmdir(self, path: str) -> None:
        os.rmdir(self._there(path))

    def symlink(self, path: str, target: str) -> None:
        os.symlink(target, self._there(path))

    def readlink(self, path: str) -> str:
        return os.readlink(self._there(path))

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> None:
        os.utime(self._there(path), ns=times or (time.time_ns(),) * 2)

    def chmod(self, path: str, mode: int) -> None:
        os.chmod(self._there(path), mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        os.chown(self._there(path), uid, gid)

    def statfs(self, path: str) -> dict[str, int]:
        found = os.statvfs(self._backing)
        names = (
            "f_bavail",
            "f_bfree",
            "f_blocks",
            "f_bsize",
            "f_favail",
            "f_ffree",
            "f_files",
            "f_frsize",
            "f_namemax",
        )
        return {name: getattr(found, name) for name in names}


def _serve() -> None:
    """Serve one drive until it is unmounted."""
    from fuse import FUSE, Operations  # type: ignore[import-untyped, import-not-found, unused-ignore]

    parser = argparse.ArgumentParser()
    parser.add_argument("backing")
    parser.add_argument("mount")
    for name, default in asdict(Habits()).items():
        parser.add_argument(f"--{name}", default=default, type=_is_true if isinstance(default, bool) else type(default))
    given = vars(parser.parse_args())
    backing, mount = given.pop("backing"), given.pop("mount")
    files = _Files(backing, Habits(**given))

    class Served(Operations):  # type: ignore[misc, unused-ignore]
        use_ns = True

        def __call__(self, operation: str, *arguments: Any) -> Any:
            """Do what `fuse` asks for; it turns an OSError into its number."""
            ours = getattr(files, operation, None)
            return super().__call__(operation, *arguments) if ours is None else ours(*arguments)

    FUSE(Served(), mount, foreground=True, nothreads=True, attr_timeout=0, entry_timeout=0, negative_timeout=0)


def _is_true(text: str) -> bool:
    return text == "True"


if __name__ == "__main__":
    _serve()
