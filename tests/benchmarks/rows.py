"""The rows of the table: what is measured, what it is compared with, and the goal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.benchmarks import disk_rows, process_rows, query_rows
from tests.benchmarks.bench import Bench, Result


@dataclass(frozen=True)
class Row:
    """One thing to measure."""

    name: str
    measure: Callable[[Bench], Iterator[Result]]


ROWS = (
    Row("cold", disk_rows.cold),
    Row("warm", disk_rows.warm),
    Row("slow", disk_rows.slow),
    Row("session", disk_rows.session),
    Row("manifest", disk_rows.manifest),
    Row("query", query_rows.query),
    Row("list", process_rows.list_sessions),
    Row("start", process_rows.start),
    Row("memory", disk_rows.memory),
)
