"""The doorbell, over a real Redis."""

import asyncio

import pytest

from workers.connection import connect
from workers.doorbell import listen

BELL = "intake:queue:scan:doorbell"


async def test_pushing_a_job_rings(queue, make_job, queue_settings):
    rung = asyncio.Event()
    async with connect(queue_settings) as client:
        listening = asyncio.create_task(listen(client, BELL, rung))
        async with asyncio.timeout(5):
            while (await client.pubsub_numsub(BELL))[0][1] < 1:  # noqa: ASYNC110  only Redis knows
                await asyncio.sleep(0.01)
            await queue.push([make_job()])
            await rung.wait()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening


@pytest.mark.parametrize("steps", range(40))
async def test_listening_ends_when_it_is_cancelled_at_whichever_step(queue_settings, steps):
    async with connect(queue_settings) as client:
        listening = asyncio.create_task(listen(client, "bell", asyncio.Event()))
        for _ in range(steps):
            await asyncio.sleep(0)
        listening.cancel()
        done, _ = await asyncio.wait([listening], timeout=2)
        assert done
        assert listening.cancelled()
