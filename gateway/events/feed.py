"""The feed of this process: one subscription and one reader for all its streams, none without."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from gateway.events.mailbox import Mailbox
from gateway.events.reader import Reader
from gateway.events.scope import Scope
from gateway.events.streams import Streams
from gateway.services import Services

_PAUSE_SECONDS = 1.0

_log = structlog.get_logger()


class Feed:
    """Fills the mailboxes of streams for as long as there are any."""

    def __init__(self, services: Services, tasks: asyncio.TaskGroup) -> None:
        self._services = services
        self._tasks = tasks
        self._streams = Streams(services.settings)
        self._starting = asyncio.Lock()
        self._reader: Reader | None = None
        self._running: tuple[asyncio.Task[None], ...] = ()

    @asynccontextmanager
    async def follow(self, scope: Scope, owner: str, mailbox: Mailbox) -> AsyncIterator[Reader]:
        """Fill the mailbox with every change from now on; give who fills it.

        Raises `StorageError`, `Problem` (429, 503).
        """
        self._streams.add(scope, owner, mailbox)
        try:
            yield await self._start()
        finally:
            self._streams.remove(scope, mailbox)
            if not self._streams:
                self.stop()

    def close(self) -> None:
        """End every stream at once, because the server stops."""
        self._streams.close()

    def stop(self) -> None:
        """Read nothing any more."""
        for task in self._running:
            task.cancel()
        self._running, self._reader = (), None

    async def _start(self) -> Reader:
        async with self._starting:
            if self._reader:
                return self._reader
            services = self._services
            reader = Reader(services.evidence, services.queue, self._streams)
            await reader.begin()
            self._reader = reader
            self._running = (
                self._tasks.create_task(_for_ever(reader.read)),
                self._tasks.create_task(_for_ever(lambda: services.queue.listen(reader.hear, reader.stand))),
            )
            return reader


@asynccontextmanager
async def open_feed(services: Services) -> AsyncIterator[Feed]:
    """Give the feed; its streams have to end before the context closes."""
    async with asyncio.TaskGroup() as tasks:
        feed = Feed(services, tasks)
        try:
            yield feed
        finally:
            feed.close()
            feed.stop()


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the feed's edge: it must outlive whatever it meets
            _log.warning("feed_waits", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)
