"""The room in which a process runs its jobs: many side by side, or one alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """Keeps a job that may take its worker down away from all others of the process."""

    def __init__(self) -> None:
        self._inside = 0
        self._asked = 0
        self._one_alone = False
        self._changed = asyncio.Event()

    @property
    def open(self) -> bool:
        """Whether more jobs should be claimed: not while one runs alone or waits to."""
        return self._asked == 0

    @asynccontextmanager
    async def enter(self, *, alone: bool) -> AsyncIterator[None]:
        """Wait until this job may run, and hold the room while it does."""
        self._asked += alone
        try:
            while self._one_alone or (alone and self._inside):
                self._changed.clear()
                await self._changed.wait()
            self._inside += 1
            self._one_alone = alone
            try:
                yield
            finally:
                self._inside -= 1
                self._one_alone = False
        finally:
            self._asked -= alone
            self._changed.set()
