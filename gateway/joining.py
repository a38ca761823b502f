"""The tasks that join the parts of wholes in the background, as long as the application runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from gateway.services import Services
from gateway.sweeping import survive
from gateway.uploads.wholes import join

#: Joins of one process at once: they keep a disk busy, and threads that others need.
_AT_ONCE = 4


@asynccontextmanager
async def joining(services: Services) -> AsyncIterator[None]:
    """Join what is asked for until the context closes; what is under way then is begun again later."""
    async with asyncio.TaskGroup() as tasks:
        joiners = [tasks.create_task(_join_for_ever(services)) for _ in range(_AT_ONCE)]
        try:
            yield
        finally:
            for joiner in joiners:
                joiner.cancel()


async def _join_for_ever(services: Services) -> None:
    while True:
        async with services.joins.next() as (upload_id, actor):
            await survive(partial(join, services, upload_id, actor), upload_id=upload_id)
