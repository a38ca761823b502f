"""Claims on jobs in one queue: take some, end one. Every change in Redis is one script."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import redis.asyncio

from config.settings import Settings
from workers.connection import LIMIT_SECONDS
from workers.keys import Keys
from workers.scripts import load_script

#: A job whose worker vanished this often runs alone.
ALONE_AFTER_DELIVERIES = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one job, until its lease lapses."""

    job_id: str
    #: Names the claim: `<worker>|<random>`. Only its bearer may prolong or end the run.
    owner: str
    #: In arq's format (`workers.definition`).
    definition: bytes
    #: Runs of this job that ended with a lapsed lease.
    deliveries: int
    #: Whether the run before this one was one of them.
    redelivered: bool

    @property
    def alone(self) -> bool:
        """Whether nothing else may run beside it."""
        return self.deliveries >= ALONE_AFTER_DELIVERIES


class Claims:
    """One queue as its worker sees it. Methods raise what `workers.connection.AWAY` lists."""

    def __init__(self, client: redis.asyncio.Redis, queue: str, worker: str, settings: Settings) -> None:
        self._client = client
        self._worker = worker
        self._lease_ms = round(settings.lease_seconds * 1000)
        self._longest_ms = round(settings.max_backoff_seconds * 1000)
        self._keys = Keys(settings.redis_prefix).queue(queue)

    async def take(self, slots: int, held: Collection[str], *, sweep: bool) -> tuple[Claim, ...]:
        """Claim up to `slots` jobs, the fairest first, and with `sweep` those of workers that vanished.

        `held` are the owners under which the caller runs jobs: it cannot vanish for itself.
        """
        owner = f"{self._worker}|{uuid4().hex}"
        args = (slots, self._lease_ms, owner, int(sweep), ALONE_AFTER_DELIVERIES, self._longest_ms, *held)
        rows = await self._run("claim", args)
        return tuple(
            Claim(job_id.decode(), owner, definition, deliveries, bool(vanished))
            for job_id, definition, deliveries, vanished in zip(*[iter(rows)] * 4, strict=True)
        )

    async def finish(self, job_id: str, owner: str) -> None:
        """Forget the job. Nothing happens unless `owner` owns it."""
        await self._run("settle", (job_id, owner, -1))

    async def put_back(self, job_id: str, owner: str, seconds: float) -> None:
        """Have the job run again after `seconds` (0: at once). Nothing happens unless `owner` owns it."""
        await self._run("settle", (job_id, owner, max(0, round(seconds * 1000))))

    async def _run(self, script: str, args: Sequence[Any]) -> Any:  # noqa: ANN401  each script answers in its own way
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self._client.register_script(load_script("queue", script))(self._keys, args)
