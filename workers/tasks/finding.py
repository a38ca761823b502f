"""What a stage's work returns: the decision to apply, and what was published for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from storage.evidence import Change, Evidence
from workers.context import Context
from workers.decisions import Run

#: Pure: the evidence as it then stands, and the run, to a change, or to none when it is no longer awaited.
Decide = Callable[[Evidence, Run], Change | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one run of a stage."""

    decide: Decide
    #: Keys of blobs published for this finding; removed when the record no longer waits for it.
    published: tuple[str, ...] = ()
    #: The job must be delivered again after this pause; nothing was found yet.
    again_seconds: float | None = None
    #: As which the run is counted.
    outcome: str = "done"


#: The typed work of one stage: evidence in, finding out. It may be run twice and changes no record itself.
Work = Callable[[Context, Evidence], Awaitable[Finding]]


class Outage(Exception):
    """A part of ours is down: the evidence waits and says why (`code`); nothing is counted against it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
