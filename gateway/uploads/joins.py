"""Wholes whose parts are to be joined: who asks, who does it, and when an attempt has ended.

Joining may take minutes, so nobody who asks waits for its end. Nothing here must survive the process: the
sweeper asks again for every whole that is unfinished on record.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress


class Joins:
    """What this process was asked to join."""

    def __init__(self) -> None:
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._actors: dict[str, str] = {}
        self._ended: dict[str, asyncio.Event] = {}

    def ask(self, upload_id: str, actor: str) -> asyncio.Event:
        """Ask for an attempt in the name of `actor`; return what is set when one has ended, however it did.

        While an attempt is under way another one follows: what is asked for may be news to the first.
        """
        if upload_id not in self._actors:
            self._asked.put_nowait(upload_id)
        self._actors[upload_id] = actor
        return self._ended.setdefault(upload_id, asyncio.Event())

    async def settle(self, upload_ids: Iterable[str], actor: str, seconds: float) -> None:
        """Ask for all of them and wait until their attempts have ended, at most so long."""
        attempts = [self.ask(upload_id, actor) for upload_id in upload_ids]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for ended in attempts:
                    await ended.wait()

    async def next(self) -> tuple[str, str]:
        """Wait for the next one that is asked for; return its id and in whose name."""
        upload_id = await self._asked.get()
        return upload_id, self._actors.pop(upload_id)

    def end(self, upload_id: str) -> None:
        """Tell those who wait that an attempt has ended, unless one was asked for since it began."""
        if upload_id not in self._actors and (ended := self._ended.pop(upload_id, None)):
            ended.set()
