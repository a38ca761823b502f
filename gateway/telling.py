"""New evidence, told to whoever follows its centre, without anybody waiting for Redis.

A signal may be lost: who follows looks by himself. So nothing is kept for a Redis that does not answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from storage.evidence import Evidence
from workers.queue import JobQueue

#: Signals that may wait while Redis hangs; then more of them are lost.
_MOST = 1000


class Telling:
    """What is still to be told."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Evidence] = asyncio.Queue(_MOST)

    def tell(self, evidence: Evidence) -> None:
        """Have it told that this evidence is new."""
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(evidence)

    async def tell_for_ever(self, queue: JobQueue) -> None:
        """Tell one after the other."""
        while True:
            await queue.signal(await self._waiting.get())


@asynccontextmanager
async def open_telling(queue: JobQueue) -> AsyncIterator[Telling]:
    """Tell what is asked for until the context closes."""
    telling = Telling()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(telling.tell_for_ever(queue))
        try:
            yield telling
        finally:
            task.cancel()
