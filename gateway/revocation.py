"""Keys that are revoked while their bytes arrive: the requests are ended, what has arrived stays.

Every request's key is looked up when it begins. One that goes on for hours is looked at again, together with
all others of this process, once in `LOOK_SECONDS`: no piece of a body asks the database. What ends in between
is caught when it matters: see `gateway.uploads.completion.complete`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from aiohttp import StreamReader

from gateway.problems import Revoked
from storage.errors import StorageError
from storage.records.principals import Principals

#: Time between two looks.
LOOK_SECONDS = 1.0

_log = structlog.get_logger()


class Senders:
    """Whose bytes this process receives."""

    def __init__(self, principals: Principals) -> None:
        self._principals = principals
        self._receiving: list[tuple[str, StreamReader]] = []

    @contextmanager
    def receiving(self, principal_id: str, body: StreamReader) -> Iterator[None]:
        """Have the body ended by `Revoked` once its sender's key is revoked."""
        entry = (principal_id, body)
        self._receiving.append(entry)
        try:
            yield
        finally:
            self._receiving.remove(entry)

    async def look(self) -> None:
        """End every body whose sender's key was revoked; a database that does not answer ends none."""
        asked = {principal_id for principal_id, _ in self._receiving}
        if not asked:
            return
        try:
            revoked = await self._principals.revoked(asked)
        except StorageError as error:
            _log.warning("revocations_not_seen", error=repr(error))
            return
        for principal_id, body in self._receiving:
            if principal_id in revoked:
                body.set_exception(Revoked())


@asynccontextmanager
async def watching_keys(principals: Principals) -> AsyncIterator[Senders]:
    """Look again and again, until the context closes."""
    senders = Senders(principals)
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_look_for_ever(senders))
        try:
            yield senders
        finally:
            watching.cancel()


async def _look_for_ever(senders: Senders) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await senders.look()
