"""`python -m tests.benchmarks`: measure, print a table of ratios and goals, and fail where a goal is missed."""

# ruff: noqa: T201 -- the table is what it is for

import argparse
import os
import sys
import tempfile
from contextlib import nullcontext

from tests.benchmarks.bench import NOISE, Bench, Result
from tests.benchmarks.floor import PYTHON_TO_C, compiled
from tests.benchmarks.rows import ROWS

LINE = "{:<48} {:>12}  {:<28} {:>9}  {:>9}  {}"


def main() -> int:
    """Run the benchmark and return the exit status."""
    options = _options()
    names = options.rows.split(",") if options.rows else [row.name for row in ROWS]
    folder = nullcontext(os.path.abspath(options.dir)) if options.dir else tempfile.TemporaryDirectory()
    with folder as path:
        os.makedirs(path, exist_ok=True)
        bench = Bench(path, options.quick)
        if compiled("floor.c", path) is None:
            print(f"There is no C compiler: the floor is a Python loop's time × {PYTHON_TO_C:.2f}.")
        print(LINE.format("what", "measured", "compared with", "ratio", "goal", ""))
        results = [_print(result) for row in ROWS if row.name in names for result in row.measure(bench)]
    missed = [result.what for result in results if result.fails]
    print(f"missed by more than {NOISE - 1:.0%}: {'; '.join(missed) or 'none'}")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = ",".join(row.name for row in ROWS)
    parser.add_argument("--rows", metavar="NAME,…", help=f"which to measure, of {names}", default="")
    parser.add_argument("--quick", action="store_true", help="small collections and few rounds")
    parser.add_argument("--dir", help="keep the collections here, for the next run; by default they are deleted")
    options = parser.parse_args()
    if unknown := set(filter(None, options.rows.split(","))) - {row.name for row in ROWS}:
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {names}")
    return options


def _print(result: Result) -> Result:
    goal = "" if result.goal is None else f"{'≥' if result.at_least else '≤'} {result.goal:.4g}{result.unit}"
    verdict = "MISSED" if result.fails else ""
    ratio = f"{result.ratio:.2f}{result.unit}" if result.ratio else ""
    print(LINE.format(result.what, result.measured, result.compared_with, ratio, goal, verdict), flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
