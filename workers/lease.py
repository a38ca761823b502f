"""A worker of one queue: arq's worker, with claims by lease in place of arq's polling and locks.

What stays arq's: the job format, the table of functions, the context handed to them. What differs: a worker
that was killed is noticed within a lease and not after a job's longest time, a deploy counts nothing, nothing
expires, nothing waits behind what runs, and Redis may come and go.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from arq.jobs import deserialize_job_raw
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func

from config.settings import Settings
from workers.claims import Claim, Claims
from workers.connection import AWAY, backoff, connect
from workers.definition import deserialize, serialize
from workers.doorbell import listen
from workers.errors import Postpone
from workers.heartbeat import Heartbeat
from workers.keys import Keys
from workers.room import Room

_log = structlog.get_logger()

#: How often a worker looks by itself, in case the doorbell was missed.
_LOOK_SECONDS = 0.5
#: Tasks handle their failures themselves; what escapes one runs again after this.
_ESCAPED_SECONDS = 5.0


class LeaseWorker(Worker):
    """Runs the jobs of one queue, at most `slots` at once, until `drain` is called.

    A function gets arq's context (`ctx`, and of its own `job_id`, and `deliveries` and `redelivered` of its
    claim) and the arguments that `workers.definition` gave it. It may raise `Postpone`. It is cancelled when
    its lease was lost or when the worker stops; a child process must not outlive that.
    """

    def __init__(
        self,
        queue_name: str,
        functions: Mapping[str, WorkerCoroutine],
        slots: int,
        settings: Settings,
        heartbeat: Heartbeat,
        room: Room,
        ctx: Mapping[str, Any],
        lacking: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        super().__init__(
            [func(coroutine, name=name) for name, coroutine in functions.items()],
            queue_name=queue_name,
            max_jobs=slots,
            poll_delay=_LOOK_SECONDS,
            handle_signals=False,
            ctx=dict(ctx),
            job_serializer=serialize,
            job_deserializer=deserialize,
        )
        self._settings = settings
        self._heartbeat = heartbeat
        self._room = room
        self._lacking = lacking
        self._doorbell = Keys(settings.redis_prefix).queue(queue_name).doorbell
        self._rung = asyncio.Event()
        #: Owner of each job in `tasks`.
        self._owners: dict[str, str] = {}
        self._sweep_from = 0.0
        self._pauses = backoff()

    async def run(self) -> None:  # type: ignore[override]  # arq's own runs a loop; here several share one
        """Work until drained; Redis coming and going never ends it."""
        async with connect(self._settings) as client:
            self._claims = Claims(client, self.queue_name, self._heartbeat.worker, self._settings)
            self._heartbeat.join(self.queue_name, self.max_jobs, self._tell_lost, self._lacking)
            try:
                async with asyncio.TaskGroup() as group:
                    bell = group.create_task(listen(client, self._doorbell, self._rung))
                    await self._claim_until_drained(group)
                    await self._hand_back()
                    bell.cancel()
            finally:
                self._heartbeat.leave(self.queue_name)

    def drain(self) -> None:
        """Stop claiming; running jobs get `drain_seconds`, then they are put back uncounted; `run` ends."""
        self.allow_pick_jobs = False
        self._rung.set()

    async def _claim_until_drained(self, group: asyncio.TaskGroup) -> None:
        try:
            while self.allow_pick_jobs:
                pause = await self._claim(group)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._rung.wait()
                self._rung.clear()
        finally:
            self.allow_pick_jobs = False

    async def _claim(self, group: asyncio.TaskGroup) -> float:
        """Fill the free slots; return how long to rest unless the doorbell rings or a slot gets free."""
        free = self.max_jobs - len(self.tasks)
        if free == 0 or not self._room.open:
            return _LOOK_SECONDS
        sweep = time.monotonic() >= self._sweep_from
        try:
            claims = await self._claims.take(free, self._owners.values(), sweep=sweep)
        except AWAY as error:
            # After an outage every lease looks lapsed: those who live are given one lease to prolong theirs.
            self._sweep_from = time.monotonic() + self._settings.lease_seconds
            _log.warning("claim_failed", queue=self.queue_name, error=type(error).__name__)
            return next(self._pauses)
        self._pauses = backoff()
        for claim in claims:
            self._start(claim, group)
        return _LOOK_SECONDS

    def _start(self, claim: Claim, group: asyncio.TaskGroup) -> None:
        """Run the job. One that runs here already (Redis was wiped meanwhile) goes on under its new claim."""
        self._owners[claim.job_id] = claim.owner
        self._heartbeat.hold(self.queue_name, claim.job_id, claim.owner)
        if claim.job_id not in self.tasks:
            self.tasks[claim.job_id] = group.create_task(self._work(claim))

    async def _work(self, claim: Claim) -> None:
        again: float | None = 0.0
        try:
            async with self._room.enter(alone=claim.alone):
                again = await self._outcome(claim)
        finally:
            try:
                # Before Python 3.11.3 a cancelled task cannot ask Redis: where one of its client's limits of
                # time ends, that looks like another cancellation.
                await asyncio.create_task(self._settle(claim.job_id, again))
            finally:
                self._heartbeat.release(self.queue_name, claim.job_id)
                del self._owners[claim.job_id], self.tasks[claim.job_id]
                self._rung.set()

    async def _outcome(self, claim: Claim) -> float | None:
        """Run the task, and return in how many seconds it must run again; `None`: it is done."""
        try:
            await self._call(claim)
        except Postpone as postponed:
            return postponed.seconds
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            _log.error("task_cancelled_itself", job_id=claim.job_id)
            return _ESCAPED_SECONDS
        except Exception:  # noqa: BLE001  the last net below the task edge: no job is ever dropped
            _log.exception("task_escaped", job_id=claim.job_id)
            return _ESCAPED_SECONDS
        return None

    async def _call(self, claim: Claim) -> None:
        name, args, kwargs, _, _ = deserialize_job_raw(claim.definition, deserializer=self.job_deserializer)
        ctx = {
            **self.ctx,
            "job_id": claim.job_id,
            "deliveries": claim.deliveries,
            "redelivered": claim.redelivered,
        }
        await self.functions[name].coroutine(ctx, *args, **kwargs)

    async def _settle(self, job_id: str, again: float | None) -> None:
        """Finish the job or put it back, under whichever claim it ends; while Redis is away, go on trying."""
        settled, pauses = None, backoff()
        while settled != (owner := self._owners[job_id]):
            try:
                if again is None:
                    await self._claims.finish(job_id, owner)
                else:
                    await self._claims.put_back(job_id, owner, again)
                settled = owner
            except AWAY as error:
                _log.warning("settle_failed", job_id=job_id, error=type(error).__name__)
                if not self.allow_pick_jobs:
                    return
                await asyncio.sleep(next(pauses))

    async def _hand_back(self) -> None:
        if self.tasks:
            await asyncio.wait(self.tasks.values(), timeout=self._settings.drain_seconds)
        for task in self.tasks.values():
            task.cancel()

    def _tell_lost(self, job_id: str, owner: str) -> None:
        """In the heartbeat's thread: have the job stopped. A loop that is closed runs none."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._lose, job_id, owner)

    def _lose(self, job_id: str, owner: str) -> None:
        if self._owners.get(job_id) == owner:
            _log.warning("lease_lost", job_id=job_id)
            self._heartbeat.release(self.queue_name, job_id)
            self.tasks[job_id].cancel()
