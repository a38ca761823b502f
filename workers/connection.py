"""Connections to Redis: one time limit for all, what counts as Redis being away, and how to wait for it."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import redis
import redis.asyncio
import redis.asyncio.retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from config.settings import Settings
from workers.errors import QueueUnavailable

#: No call to Redis takes longer, whatever happened to it.
LIMIT_SECONDS = 2.0
#: An idle connection is tried this often, so that one that died unseen is noticed.
_TRY_SECONDS = 15
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 3.0

#: Redis is away, still loading, full, or does not answer.
AWAY = (RedisError, OSError, TimeoutError)


def connect(settings: Settings) -> redis.asyncio.Redis:
    """Return a client that connects when it is first used.

    Callers bound every call by `asyncio.timeout(LIMIT_SECONDS)`. The client's own `socket_timeout` stays
    unset: it sends through `asyncio.wait_for`, which on Python 3.11 may swallow a cancellation.
    """
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=LIMIT_SECONDS,
        health_check_interval=_TRY_SECONDS,
        # A connection may have died unseen while it lay idle: every call may be tried on a second one.
        retry=redis.asyncio.retry.Retry(NoBackoff(), 1, (ConnectionLost,)),
        retry_on_error=[ConnectionLost],
    )
    return client


def connect_blocking(settings: Settings) -> redis.Redis:
    """Return a client for a thread of its own; it connects when it is first used."""
    limit = min(LIMIT_SECONDS, settings.lease_seconds / 3)
    return redis.Redis.from_url(settings.redis_url, socket_timeout=limit, socket_connect_timeout=limit)


@asynccontextmanager
async def limited() -> AsyncIterator[None]:
    """Limit a call's time; let an absent Redis have one name, `QueueUnavailable`."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            yield
    except AWAY as error:
        raise QueueUnavailable(f"Redis: {error}") from error


def backoff() -> Iterator[float]:
    """Yield ever longer pauses in seconds for as long as Redis is away, each cut at random."""
    longest = _FIRST_PAUSE_SECONDS
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311  spreads workers out; no secret
        longest = min(longest * 2, _LONGEST_PAUSE_SECONDS)
