"""What happens while stats are brought up to date, to become a report."""

import time
from dataclasses import dataclass, field

from sdgen_admin.models.reports import ComputeReport, SessionProblem


@dataclass
class Outcome:
    """What happened so far."""

    started: float = field(default_factory=time.perf_counter)
    computed: int = 0
    fresh: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    undecodable: list[str] = field(default_factory=list)
    failures: set[str] = field(default_factory=set)
    offline: list[str] = field(default_factory=list)
    passed_over: int = 0
    missing: int = 0
    newly_missing: int = 0

    def report(self) -> ComputeReport:
        """Return the report as of now, unvalidated: building a validator takes longer than a fresh listing."""
        return ComputeReport.model_construct(
            computed=self.computed,
            fresh=self.fresh,
            failed=len(self.failures),
            problems=tuple(
                SessionProblem.model_construct(
                    session_id=name,
                    problem=problem,
                    is_unlisted=name in self.undecodable,
                    is_failure=name in self.failures,
                )
                for name, problem in sorted(self.problems.items())
            ),
            seconds=round(time.perf_counter() - self.started, 3),
            offline=tuple(self.offline),
            passed_over=self.passed_over,
            missing=self.missing,
            newly_missing=self.newly_missing,
        )
