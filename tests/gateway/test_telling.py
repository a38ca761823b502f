"""A Redis that hangs keeps nobody waiting who begins an upload."""

import asyncio
import signal

from config.settings import Settings
from gateway.events.reader import POLL_SECONDS
from tests.gateway.events.reading import reading, until_subscribed
from tests.services.api import Api
from tests.services.redis import RedisServer
from workers.connection import LIMIT_SECONDS


async def test_while_redis_hangs_uploads_begin_at_once(api: Api, redis_server: RedisServer) -> None:
    assert redis_server.process
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        began = asyncio.get_running_loop().time()
        for _ in range(5):
            await api.create(5)
        # Less than one wait for it.
        assert asyncio.get_running_loop().time() - began < LIMIT_SECONDS
    finally:
        redis_server.process.send_signal(signal.SIGCONT)


async def test_new_evidence_is_told_at_once(api: Api, settings: Settings) -> None:
    async with reading(api, "/v1/events") as stream:
        await until_subscribed(settings)
        began = asyncio.get_running_loop().time()
        _, evidence = await api.create(5)
        told = (await stream.evidence()).data
        assert f"/v1/evidence/{told['id']}" == evidence
        # Not found by looking.
        assert asyncio.get_running_loop().time() - began < POLL_SECONDS / 2
