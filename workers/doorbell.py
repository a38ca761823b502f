"""The doorbell of a queue: wakes its workers when a job becomes ready.

It may be missed, as pub/sub is: workers also look by themselves now and then.
"""

import asyncio

import redis.asyncio

from workers.connection import AWAY, LIMIT_SECONDS, backoff

_LISTEN_SECONDS = 10.0


async def listen(client: redis.asyncio.Redis, channel: str, rung: asyncio.Event) -> None:
    """Set `rung` whenever the bell rings, for ever; while Redis is away, go on trying."""
    pauses = backoff()
    while True:
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as bell:
                async with asyncio.timeout(LIMIT_SECONDS):
                    await bell.subscribe(channel)
                pauses = backoff()
                while True:
                    async with asyncio.timeout(_LISTEN_SECONDS + LIMIT_SECONDS):
                        if await bell.get_message(timeout=_LISTEN_SECONDS):
                            rung.set()
        except AWAY:
            await asyncio.sleep(next(pauses))
