"""The sign of life that this process's writers give: one for all of them, whoever's turn it is."""

import time
from typing import Protocol

from storage.uploads.s3.ledger import Ledger

#: How often it is given for those that got bytes…
TICK_SECONDS = 0.2
#: …and for the others.
_QUIET_SECONDS = 4.0


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

    async def beat(self) -> None:
        """Tell the ledger of all writers, unless that was done a moment ago. Raises `StorageUnavailable`."""
        now = time.monotonic()
        if now - self._beaten_at < TICK_SECONDS / 2:
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
