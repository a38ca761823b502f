"""The doorbell of a queue: wakes its workers when a job becomes ready.

It may be missed, as pub/sub is: workers also look by themselves now and then.
"""

import asyncio

import redis.asyncio

from workers.subscription import subscribe


async def listen(client: redis.asyncio.Redis, channel: str, rung: asyncio.Event) -> None:
    """Set `rung` whenever the bell rings, for ever; while Redis is away, go on trying."""
    await subscribe(client, channel, lambda _: rung.set())
