"""A question to the outside world that many may put at once, and that is passed on only now and then."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from storage.errors import StorageError, StorageUnavailable

#: An answer is good for so long: a storm of probes asks no more often.
_GOOD_SECONDS = 3.0

#: Who has not answered by then is taken not to.
_LOOK_SECONDS = 3.0


_log = structlog.get_logger()


class Look:
    """What is asked, and the latest answer. One question is under way at a time, however long it takes."""

    def __init__(self, ask: Callable[[], Awaitable[None]], tasks: asyncio.TaskGroup) -> None:
        """`ask` ends by itself; what it raises, a `StorageError`, is the answer."""
        self._ask = ask
        self._tasks = tasks
        self._asking: asyncio.Task[StorageError | None] | None = None
        self._asked_at = 0.0

    async def answer(self) -> StorageError | None:
        """Return what is wrong, as found out at most some seconds ago; no answer is `StorageUnavailable`."""
        asking = self._begin()
        if not asking.done():
            left = self._asked_at + _LOOK_SECONDS - time.monotonic()
            await asyncio.wait({asking}, timeout=max(0.0, left))
        return asking.result() if asking.done() else StorageUnavailable("no answer in time")

    def drop(self) -> None:
        """Wait for no answer any more."""
        if self._asking:
            self._asking.cancel()

    def _begin(self) -> asyncio.Task[StorageError | None]:
        now = time.monotonic()
        if self._asking is None or (self._asking.done() and now - self._asked_at > _GOOD_SECONDS):
            self._asking, self._asked_at = self._tasks.create_task(self._answer()), now
        return self._asking

    async def _answer(self) -> StorageError | None:
        try:
            await self._ask()
        except StorageError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a client library raises, a probe ends nothing
            _log.warning("look_failed", error=repr(error))
            return StorageUnavailable(repr(error))
        return None


@asynccontextmanager
async def open_look(ask: Callable[[], Awaitable[None]]) -> AsyncIterator[Look]:
    """Give a look; a question that is still under way when the context closes is dropped."""
    async with asyncio.TaskGroup() as tasks:
        look = Look(ask, tasks)
        try:
            yield look
        finally:
            look.drop()
