"""The sign of life that this process's writers give: one for all of them, by whichever comes first."""

import asyncio
import time
from typing import Protocol

import structlog

from storage.errors import StorageError
from storage.uploads.s3.ledger import Ledger

#: How often it is given for those that got bytes: a taker in another process takes half a second for silence.
_TICK_SECONDS = 0.1
#: …and for the others.
_QUIET_SECONDS = 4.0

_log = structlog.get_logger()


class Living(Protocol):
    """A writer as its process sees it."""

    @property
    def written_at(self) -> float:
        """When it was opened or last got bytes, on this process's clock."""
        ...


class Beats:
    """The writers of this process."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._writers: dict[str, Living] = {}
        self._told_at: dict[str, float] = {}
        self._beaten_at = 0.0

    def enter(self, token: str, writer: Living) -> None:
        """Speak for a writer, too, that the ledger has only just heard of."""
        self._writers[token] = writer
        self._told_at[token] = time.monotonic()

    def leave(self, token: str) -> None:
        """Do not any more."""
        del self._writers[token], self._told_at[token]

    async def run(self) -> None:
        """Give signs of life for all of them until cancelled: each writer has a task that does."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self._beat()
            except StorageError as error:
                _log.warning("uploads_not_heard_of", error=repr(error))

    async def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten_at < _TICK_SECONDS / 2:
            return
        self._beaten_at = now
        due = {
            token: now - writer.written_at
            for token, writer in self._writers.items()
            if writer.written_at > self._told_at[token] or now - self._told_at[token] > _QUIET_SECONDS
        }
        if due:
            self._told_at |= dict.fromkeys(due, now)
            await self._ledger.touch(due)
