"""`python -m sdgen_admin`, and the entry of the command `sdgen-admin`."""

import sys

from sdgen_admin.cli.signals import Stopped, stop_on_signals


def main() -> None:
    """Run the command line of this process."""
    stop_on_signals()
    try:
        from sdgen_admin.cli.app import app  # noqa: PLC0415 -- it takes a while, in which a signal may come

        app(prog_name="sdgen-admin")
    except Stopped as stopped:
        print(stopped, file=sys.stderr)  # noqa: T201 -- the command line is where printing belongs
        sys.exit(stopped.exit_status)


if __name__ == "__main__":
    main()
