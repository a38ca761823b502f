"""Wholes whose parts are to be joined: who asks, who does it, and when an attempt has ended.

Joining may take minutes, so nobody who asks waits for its end. Nothing here must survive the process: the
sweeper asks again for every whole that is unfinished on record.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Attempt:
    actor: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Joins:
    """What this process was asked to join."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._asked: dict[str, _Attempt] = {}
        self._under_way: set[str] = set()

    def ask(self, upload_id: str, actor: str) -> asyncio.Event:
        """Ask for an attempt in the name of `actor`; return what is set when it has ended, however it did.

        One that is under way does not count, it may have looked before what is asked for happened: another
        follows it.
        """
        attempt = self._asked.get(upload_id)
        if attempt is None:
            attempt = self._asked[upload_id] = _Attempt(actor)
            if upload_id not in self._under_way:
                self._ready.put_nowait(upload_id)
        attempt.actor = actor
        return attempt.ended

    async def settle(self, upload_ids: Iterable[str], actor: str, seconds: float) -> None:
        """Ask for all of them and wait until their attempts have ended, at most so long."""
        attempts = [self.ask(upload_id, actor) for upload_id in upload_ids]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for ended in attempts:
                    await ended.wait()

    @asynccontextmanager
    async def next(self) -> AsyncIterator[tuple[str, str]]:
        """Wait for the next one that is asked for; give its id and in whose name.

        The attempt ends with the context. There is one at a time for an upload.
        """
        upload_id = await self._ready.get()
        attempt = self._asked.pop(upload_id)
        self._under_way.add(upload_id)
        try:
            yield upload_id, attempt.actor
        finally:
            self._under_way.remove(upload_id)
            if upload_id in self._asked:
                self._ready.put_nowait(upload_id)
            attempt.ended.set()
