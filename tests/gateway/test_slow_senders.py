"""Many slow senders at once: everybody else is answered as if they were not there."""

import asyncio
import time
from contextlib import AsyncExitStack
from statistics import median

import pytest

from tests.gateway.wire import Wire, begun_patch
from tests.services.api import Api
from tests.services.intake import lone_gateway

SENDERS = [60, pytest.param(200, marks=pytest.mark.soak)]


async def times_of(api: Api, upload: str, first: int) -> list[float]:
    """Seconds that a HEAD and a PATCH take together, twenty times."""
    took = []
    for offset in range(first, first + 10_000, 500):
        began = time.monotonic()
        assert await api.offset(upload) == offset
        assert (await api.patch(upload, offset, b"y" * 500)).status == 204
        took.append(time.monotonic() - began)
    return took


async def drip(wire: Wire) -> None:
    while True:
        await wire.send(b"x" * 50)
        await asyncio.sleep(0.25)


@pytest.mark.parametrize("senders", SENDERS)
async def test_slow_senders_keep_nobody_waiting(senders: int) -> None:
    with lone_gateway(free_disk_reserve_bytes=0) as gateway:
        gateway.start_gateway()
        async with Api(gateway.url, gateway.key) as api, AsyncExitStack() as stack:
            upload, _ = await api.create(20_000)
            alone = await times_of(api, upload, 0)
            dripping = []
            for _ in range(senders):
                slow, _ = await api.create(1 << 20)
                wire = await stack.enter_async_context(begun_patch(api, slow, 0, b"x", 1 << 20))
                dripping.append(asyncio.create_task(drip(wire)))
            took = await times_of(api, upload, 10_000)
            for task in dripping:
                task.cancel()
            await asyncio.gather(*dripping, return_exceptions=True)
    assert median(took) < 0.25 + median(alone)
    assert max(took) < 1 + max(alone)
