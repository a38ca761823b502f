"""What is counted in all processes of a deployment and added up in Redis, so that any gateway can tell it.

Counting only adds to a number of this process. Once a second what was counted since goes to Redis in one
call, each batch once: a killed process loses about a second of its counts, and no total ever goes back but
when Redis is wiped. While Redis is away, the numbers wait.
"""

import asyncio
import json
import secrets
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

import redis.asyncio

from workers.connection import limited
from workers.errors import QueueUnavailable
from workers.keys import Keys
from workers.scripts import load_script

_PAUSE_SECONDS = 1.0
#: What the last numbers get when the process ends.
_LAST_SECONDS = 0.5
#: A batch whose answer was lost comes again sooner than this.
_REMEMBERED_SECONDS = 86_400

#: Name of a counter, then its labels; of a histogram also the bucket, or `SUM`.
Field = tuple[str, ...]
SUM = "sum"


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that only grows. Labels have few values: never ids, nor what a client says."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many durations fall below each bound; otherwise as a counter."""

    name: str
    help: str
    labels: tuple[str, ...]
    #: In seconds, ascending; one more bucket has what is above the last.
    bounds: tuple[float, ...]


class Counters:
    """What this process counts, and what all of them counted."""

    def __init__(self, client: redis.asyncio.Redis, keys: Keys) -> None:
        process = secrets.token_hex(8)
        self._client = client
        self._keys = (keys.counters, keys.counted_by(process))
        self._pending: dict[Field, float] = {}
        #: What is being sent, or is to be sent again under the same number.
        self._batch: dict[Field, float] = {}
        self._number = 0
        self._sending = asyncio.Lock()

    def add(self, counter: Counter, *labels: str, amount: float = 1) -> None:
        """Count; takes a microsecond."""
        self._add((counter.name, *labels), amount)

    def observe(self, histogram: Histogram, *labels: str, seconds: float) -> None:
        """Count a duration; takes two."""
        self._add((histogram.name, *labels, str(bisect_left(histogram.bounds, seconds))), 1)
        self._add((histogram.name, *labels, SUM), seconds)

    def _add(self, field: Field, amount: float) -> None:
        self._pending[field] = self._pending.get(field, 0) + amount

    async def send(self) -> None:
        """Add what was counted to the totals. Raises `QueueUnavailable`; then it is kept."""
        async with self._sending:
            await self._send_batch()
            self._batch, self._pending = self._pending, {}
            self._number += 1
            await self._send_batch()

    async def _send_batch(self) -> None:
        if not self._batch:
            return
        amounts = [text for pair in self._batch.items() for text in (json.dumps(pair[0]), pair[1])]
        script = self._client.register_script(load_script("count"))
        async with limited():
            await script(self._keys, [self._number, _REMEMBERED_SECONDS, *amounts])
        self._batch = {}

    async def totals(self) -> Mapping[Field, float]:
        """Return what all processes counted, up to a second ago. Raises `QueueUnavailable`."""
        await self.send()
        async with limited():
            found = await cast("Awaitable[dict[bytes, bytes]]", self._client.hgetall(self._keys[0]))
        return {tuple(json.loads(field)): float(total) for field, total in found.items()}

    async def send_for_ever(self) -> None:
        """Send once a second."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            with suppress(QueueUnavailable):
                await self.send()


@asynccontextmanager
async def open_counters(client: redis.asyncio.Redis, keys: Keys) -> AsyncIterator[Counters]:
    """Give counters that are sent until the context closes, and once more then."""
    counters = Counters(client, keys)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(counters.send_for_ever())
        try:
            yield counters
        finally:
            sending.cancel()
    with suppress(QueueUnavailable, TimeoutError):
        async with asyncio.timeout(_LAST_SECONDS):
            await counters.send()
