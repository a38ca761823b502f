"""Listening to one channel of Redis for as long as it is wanted, whatever happens to Redis.

What is said while nobody listens is missed, as pub/sub is: listeners also look by themselves now and then.
"""

import asyncio
from collections.abc import Callable

import redis.asyncio

from workers.connection import AWAY, LIMIT_SECONDS, backoff

_LISTEN_SECONDS = 10.0


async def subscribe(
    client: redis.asyncio.Redis,
    channel: str,
    heard: Callable[[bytes], None],
    standing: Callable[[bool], None] = lambda _: None,
) -> None:
    """Give `heard` every message, for ever; while Redis is away, go on trying.

    `standing` is told when the subscription begins to stand, and when it was lost.
    """
    pauses = backoff()
    while True:
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as channels:
                async with asyncio.timeout(LIMIT_SECONDS):
                    await channels.subscribe(channel)
                pauses = backoff()
                standing(True)
                while True:
                    async with asyncio.timeout(_LISTEN_SECONDS + LIMIT_SECONDS):
                        if message := await channels.get_message(timeout=_LISTEN_SECONDS):
                            heard(message["data"])
        except AWAY:
            standing(False)
            await asyncio.sleep(next(pauses))
