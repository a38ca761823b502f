"""The enqueuing half of the queue: push jobs, see how deep the queues are and how far jobs got.

It loads no task and no media tool, so that the gateway can use it. Redis may be away at any moment: every
call to it ends within `LIMIT_SECONDS`, and then `QueueUnavailable` is raised; the outbox holds what was not
pushed.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

import redis.asyncio

from config.settings import Settings
from storage.evidence import Evidence, Job
from storage.records.transaction import Changed
from storage.states import StageName
from workers.connection import connect, limited
from workers.counted import count_entered
from workers.counters import Counters, open_counters
from workers.definition import format_job
from workers.errors import QueueUnavailable
from workers.keys import Keys
from workers.pipeline import QUEUES
from workers.scripts import load_script
from workers.signals import format_signal
from workers.subscription import subscribe

__all__ = ["JobQueue", "Progress", "QueueDepth", "QueueUnavailable", "RunningJob", "open_queue"]

#: Jobs in one call: few enough that nobody else waits for it longer than some milliseconds.
_AT_ONCE = 500
#: A progress by segments that nobody reported for so long is forgotten.
_SEGMENTS_KEPT_SECONDS = 7 * 86_400
_NONE_DEAD: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many jobs of one queue are in which state, and who works on them."""

    name: str
    #: Could start now.
    ready: int
    #: Due later.
    delayed: int
    #: Running.
    leased: int
    #: Ended `failed`; known to the records, not to Redis.
    dead: int
    #: How long the longest waiting ready job has been ready; 0 when none is.
    oldest_age_seconds: float
    workers: int
    #: Jobs that those workers run at once, together.
    slots: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running stage is: `progress` from 0 to 1; `eta_seconds` is `None` while unknown."""

    progress: float
    eta_seconds: float | None
    #: When this attempt first ran.
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RunningJob:
    """One job that a worker runs now."""

    job_id: str
    queue: str
    worker: str
    #: Since it was claimed.
    seconds: float


class JobQueue:
    """The queues of one deployment.

    Every method raises `QueueUnavailable`, but for `follow_up`, `signal`, `listen` and those that report.
    """

    def __init__(self, client: redis.asyncio.Redis, keys: Keys, counters: Counters) -> None:
        #: What this process counts.
        self.counters = counters
        self._client = client
        self._keys = keys

    async def lacking(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many live workers of each queue lack a tool that they would use and can do without."""
        keys = [self._keys.queue(name).lacking for name in QUEUES]
        said = await self._run(load_script("lacking"), keys, ())
        return {name: _by_tool(members) for name, members in zip(QUEUES, said, strict=True)}

    async def push(self, jobs: Sequence[Job]) -> None:
        """Take jobs in; those that are queued, delayed or running already are left as they are."""
        now = datetime.now(UTC)
        for queue, group in groupby(sorted(jobs, key=lambda job: job.queue), key=lambda job: job.queue):
            script, keys = load_script("queue", "push"), self._keys.queue(queue)
            for batch in _batches(tuple(group)):
                await self._run(script, keys, [field for job in batch for field in _fields(job, now)])

    async def follow_up(self, changed: Changed) -> None:
        """Push the jobs that a committed change makes due, count it, and tell who follows the evidence.

        Lost without a word while Redis is away: the outbox holds the jobs, and who follows looks by himself.
        """
        if changed.after.state is not changed.before.state:
            count_entered(self.counters, changed.after)
        with suppress(QueueUnavailable):
            if changed.jobs:
                await self.push(changed.jobs)
            await self.signal(changed.after)

    async def signal(self, evidence: Evidence) -> None:
        """Tell who follows the evidence that its record changed; lost as above."""
        with suppress(QueueUnavailable):
            async with limited():
                await self._client.publish(self._keys.events, format_signal(evidence.centre_id, evidence.id))

    async def listen(self, heard: Callable[[bytes], None], standing: Callable[[bool], None]) -> None:
        """Give `heard` every message (`workers.signals`), for ever; see `workers.subscription`."""
        await subscribe(self._client, self._keys.events, heard, standing)

    async def missing(self, jobs: Sequence[Job]) -> tuple[Job, ...]:
        """Return the jobs that Redis does not know."""
        unknown: list[Job] = []
        for batch in _batches(jobs):
            known = await self._run(load_script("known"), [self._keys.job(job.id) for job in batch], ())
            unknown += [job for job, exists in zip(batch, known, strict=True) if not exists]
        return tuple(unknown)

    async def depths(self, dead: Mapping[str, int] = _NONE_DEAD) -> tuple[QueueDepth, ...]:
        """Measure every queue; `dead` is how many jobs of each queue ended `failed`, by the records."""
        script = load_script("queue", "depth")
        return tuple(
            [_depth(name, dead, await self._run(script, self._keys.queue(name), ())) for name in QUEUES]
        )

    async def running(self) -> tuple[RunningJob, ...]:
        """Return what runs now, in all queues."""
        script = load_script("queue", "running")
        jobs: list[RunningJob] = []
        for name in QUEUES:
            rows = await self._run(script, self._keys.queue(name), ())
            jobs += [
                RunningJob(job_id.decode(), name, owner.decode().partition("|")[0], milliseconds / 1000)
                for job_id, owner, milliseconds in zip(*[iter(rows)] * 3, strict=True)
            ]
        return tuple(jobs)

    async def report(
        self, evidence_id: str, stage: StageName, progress: float, eta_seconds: float | None
    ) -> None:
        """Tell how far a running stage is (0 to 1); it never goes back within an attempt.

        Lost without a word while Redis is away or does not know the job: work goes on without it.
        """
        keys = (self._keys.evidence(evidence_id), self._keys.job(""), self._keys.events)
        eta = "" if eta_seconds is None else eta_seconds
        try:
            await self._run(load_script("report"), keys, (evidence_id, str(stage), progress, eta))
        except QueueUnavailable:
            return

    async def report_segments(self, evidence: Evidence, stage: StageName, done: Mapping[int, float]) -> None:
        """Tell which share of a stage is done by each of these of its segments; otherwise as `report`."""
        keys = (self._keys.evidence(evidence.id), self._keys.job(""), self._keys.events)
        pairs = [value for pair in done.items() for value in pair]
        args = (evidence.id, str(stage), evidence.centre_id, _SEGMENTS_KEPT_SECONDS, *pairs)
        with suppress(QueueUnavailable):
            await self._run(load_script("report_segments"), keys, args)

    async def progress(self, evidence_id: str) -> Mapping[StageName, Progress]:
        """Return how far the stages are that run now; those that wait are not in it."""
        return (await self.progress_of([evidence_id]))[evidence_id]

    async def progress_of(self, evidence_ids: Sequence[str]) -> Mapping[str, Mapping[StageName, Progress]]:
        """Return the same for several pieces of evidence, in one call: a page takes no longer than one."""
        if not evidence_ids:
            return {}
        script = self._client.register_script(load_script("progress"))
        async with limited(), self._client.pipeline(transaction=False) as pipeline:
            for evidence_id in evidence_ids:
                await script((self._keys.evidence(evidence_id), self._keys.job("")), (), client=pipeline)
            answers = await pipeline.execute()
        return {key: _progress(rows) for key, rows in zip(evidence_ids, answers, strict=True)}

    async def take_turn(self, what: str, worker: str, seconds: float) -> bool:
        """Tell whether this worker may do, for so long, what one process at a time should do.

        A hint that spares work and no lock: after Redis was wiped, two may have the turn.
        """
        milliseconds = round(seconds * 1000)
        return bool(await self._run(load_script("turn"), [self._keys.turn(what)], [worker, milliseconds]))

    async def _run(self, script: str, keys: Sequence[str], args: Sequence[Any]) -> Any:  # noqa: ANN401  each script answers in its own way
        async with limited():
            return await self._client.register_script(script)(keys, args)


@asynccontextmanager
async def open_queue(settings: Settings) -> AsyncIterator[JobQueue]:
    """Give the queues; succeeds while Redis is away, too."""
    keys = Keys(settings.redis_prefix)
    async with connect(settings) as client, open_counters(client, keys) as counters:
        yield JobQueue(client, keys, counters)


def _progress(rows: Sequence[Any]) -> Mapping[StageName, Progress]:
    return {
        StageName(stage.decode()): Progress(
            float(progress), float(eta) if eta else None, datetime.fromtimestamp(int(started) / 1000, UTC)
        )
        for stage, progress, eta, started in zip(*[iter(rows)] * 4, strict=True)
    }


def _batches(jobs: Sequence[Job]) -> list[Sequence[Job]]:
    return [jobs[first : first + _AT_ONCE] for first in range(0, len(jobs), _AT_ONCE)]


def _fields(job: Job, now: datetime) -> tuple[Any, ...]:
    # A delay and not a time: Redis counts it by its own clock.
    delay_ms = max(0, round((job.due_at - now).total_seconds() * 1000))
    # Segments report together, not as the stage's one job.
    speaks_for = str(job.stage) if job.segment is None else ""
    return job.id, job.evidence_id, speaks_for, job.centre_id, delay_ms, format_job(job, now)


def _depth(name: str, dead: Mapping[str, int], row: Sequence[Any]) -> QueueDepth:
    ready, delayed, leased, oldest_ms, workers = row
    slots = sum(int(worker.rpartition(b"|")[2]) for worker in workers)
    return QueueDepth(name, ready, delayed, leased, dead.get(name, 0), oldest_ms / 1000, len(workers), slots)


def _by_tool(members: Sequence[bytes]) -> Mapping[str, int]:
    return Counter(member.decode().rpartition("|")[2] for member in members)
