"""Every Redis key, in one place, all under `settings.redis_prefix`.

No script invents a key: those that name their keys themselves (a job found in a queue) are given the
part before the id. Redis Cluster is not supported, because one script touches several slots.
"""

from dataclasses import dataclass
from typing import NamedTuple


class QueueKeys(NamedTuple):
    """The keys of one queue, in the order in which `scripts/queue.lua` takes them as `KEYS`."""

    #: Sorted set: centres with ready jobs, by the virtual time at which each is served next.
    centres: str
    #: String: the queue's virtual time.
    clock: str
    #: Sorted set: ids of ready jobs, by the time since which they are ready (ms).
    ready: str
    #: Sorted set: ids of delayed jobs, by the time at which they are due (ms).
    delayed: str
    #: Sorted set: ids of running jobs, by the time at which their lease ends (ms).
    leased: str
    #: Sorted set: `<worker>|<slots>`, by the time until which the worker is known to live (ms).
    workers: str
    #: Sorted set: `<worker>|<tool>` of what workers say they lack, by the same time.
    lacking: str
    #: Channel rung whenever a job becomes ready.
    doorbell: str
    #: Before a centre's id; sorted set: its ready jobs, by the time at which they were pushed (ms).
    line: str
    #: Before a job's id; hash: its definition, owner, deliveries, progress.
    job: str
    #: Before an evidence's id; hash: stage to id of the job that is known for it.
    evidence: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one deployment."""

    prefix: str

    def queue(self, name: str) -> QueueKeys:
        """Return the keys of the queue of that name."""
        own = f"{self.prefix}:queue:{name}"
        return QueueKeys(
            centres=f"{own}:centres",
            clock=f"{own}:clock",
            ready=f"{own}:ready",
            delayed=f"{own}:delayed",
            leased=f"{own}:leased",
            workers=f"{own}:workers",
            lacking=f"{own}:lacking",
            doorbell=f"{own}:doorbell",
            line=f"{own}:line:",
            job=self.job(""),
            evidence=self.evidence(""),
        )

    def job(self, job_id: str) -> str:
        """Return the key of one job's hash."""
        return f"{self.prefix}:job:{job_id}"

    def evidence(self, evidence_id: str) -> str:
        """Return the key of the hash that knows the jobs of one piece of evidence."""
        return f"{self.prefix}:evidence:{evidence_id}"

    def turn(self, what: str) -> str:
        """Return the key that names who does what one process at a time should do."""
        return f"{self.prefix}:turn:{what}"

    def counted_by(self, process: str) -> str:
        """Return the key that has the number of the last batch of counts that a process sent."""
        return f"{self.prefix}:counted:{process}"

    @property
    def counters(self) -> str:
        """Return the key of the hash of what all processes counted, by counter and labels."""
        return f"{self.prefix}:counters"

    @property
    def events(self) -> str:
        """Return the channel on which progress is told as it is reported."""
        return f"{self.prefix}:events"
