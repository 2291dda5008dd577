"""`python -m sdgen_admin`, and the entry of the command `sdgen-admin`."""

import os
import sys

from sdgen_admin.cli.signals import Stopped, stopping_on_signals


def main() -> None:
    """Run the command line `sys.argv` in this process, and exit. Works in any thread, any number of times."""
    with stopping_on_signals():
        try:
            # What is imported here takes a while, in which a signal may come.
            from sdgen_admin.cli import shells  # noqa: PLC0415

            if shells.is_asked():
                shells.answer()

            from sdgen_admin.cli.app import app  # noqa: PLC0415

            app(prog_name="sdgen-admin")
        except Stopped as stopped:
            if sys.stderr is not None:
                print(stopped, file=sys.stderr)  # noqa: T201 -- the command line is where printing belongs
            sys.exit(stopped.exit_status)


def program() -> None:
    """Run the command line in a process that is there for nothing else."""
    _read_names_as_utf8()
    main()


def _read_names_as_utf8() -> None:
    """Start again in UTF-8 mode if the locale has another encoding: on disk, names are UTF-8 under every locale.

    What is written for people stays in the locale's encoding.
    """
    encoding = sys.getfilesystemencoding()
    # Windows and macOS are always right. A frozen program may not heed the variable: once is enough.
    if encoding != "utf-8" and os.name == "posix" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.environ.setdefault("PYTHONIOENCODING", encoding)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 -- this very program


if __name__ == "__main__":
    program()
