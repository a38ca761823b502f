"""What is counted of evidence and of jobs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from storage.evidence import Evidence
from workers.counters import Counter, Counters, Histogram

EVIDENCE = Counter(
    "evidence_entered", "Evidence that entered a state, and the code it has there", ("state", "code")
)
JOBS = Counter("jobs", "Runs of jobs that came to an end", ("queue", "outcome"))
REDELIVERED = Counter("jobs_redelivered", "Runs of jobs whose worker before had vanished", ("queue",))
JOB_SECONDS = Histogram(
    "job_run_seconds",
    "Time that runs of jobs took",
    ("queue",),
    (0.05, 0.25, 1, 5, 15, 60, 300, 1800, 7200, 21_600),
)


def count_entered(counters: Counters, evidence: Evidence) -> None:
    """Count that the evidence has come to the state that it is in."""
    counters.add(EVIDENCE, str(evidence.state), evidence.code or "")


@dataclass(slots=True)
class Run:
    """One run of a job; what nobody said anything of was cut short."""

    outcome: str = "interrupted"


@contextmanager
def counting_run(counters: Counters, queue: str) -> Iterator[Run]:
    """Give a run, and count it with its outcome when the context closes."""
    run, began = Run(), time.monotonic()
    try:
        yield run
    finally:
        counters.add(JOBS, queue, run.outcome)
        counters.observe(JOB_SECONDS, queue, seconds=time.monotonic() - began)
