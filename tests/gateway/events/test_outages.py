"""Redis goes, comes back and forgets; the database does not answer; the server stops."""

import asyncio
import signal
from collections.abc import Iterator

import aiohttp
import pytest
import redis

from config.settings import Settings
from gateway.services import Services
from tests.gateway.events.reading import add, change, reading, subscribers
from tests.services.api import Api, until
from tests.services.intake import Intake, lone_gateway
from tests.services.redis import RedisServer

EVENTS = "/v1/events"


async def test_without_streams_nothing_is_subscribed_and_with_many_it_is_once(
    api: Api, services: Services, settings: Settings
) -> None:
    async def subscribed(count: int) -> bool:
        return await subscribers(settings) == count

    await add(services)
    assert await subscribers(settings) == 0
    for _ in range(2):
        async with reading(api, EVENTS), reading(api, EVENTS), reading(api, EVENTS):
            await until(lambda: subscribed(1))
        await change(services, await add(services), flags=("x",))  # the gone are noticed when written to
        await until(lambda: subscribed(0))


async def test_a_redis_that_forgets_everything_costs_no_change(
    api: Api, services: Services, redis_server: RedisServer
) -> None:
    evidence_id = await add(services)
    async with reading(api, EVENTS) as stream:
        for number in range(5):
            with redis.Redis.from_url(redis_server.url) as client:
                client.flushall()
            await change(services, evidence_id, flags=(str(number),))
            assert (await stream.evidence()).data["flags"] == [str(number)]


async def test_without_redis_changes_come_within_seconds_and_at_once_when_it_is_back(
    api: Api, services: Services, redis_server: RedisServer
) -> None:
    evidence_id = await add(services)
    async with reading(api, EVENTS) as stream, reading(api, f"/v1/evidence/{evidence_id}/events") as own:
        await own.evidence()
        redis_server.kill()
        await change(services, evidence_id, flags=("away",))
        for followed in (stream, own):
            assert (await followed.evidence(5)).data["flags"] == ["away"]
        async with reading(api, EVENTS, stream.last_id) as resumed:
            assert (await resumed.evidence(5)).data["id"] == evidence_id
        redis_server.start()
        await change(services, evidence_id, flags=("back",))
        for followed in (stream, own):
            assert (await followed.evidence(8)).data["flags"] == ["back"]


async def test_a_redis_that_hangs_delays_a_change_but_does_not_lose_it(
    api: Api, services: Services, redis_server: RedisServer
) -> None:
    evidence_id = await add(services)
    assert redis_server.process
    async with reading(api, EVENTS) as stream:
        redis_server.process.send_signal(signal.SIGSTOP)
        try:
            await change(services, evidence_id, flags=("x",))
            assert (await stream.evidence(20)).data["flags"] == ["x"]
        finally:
            redis_server.process.send_signal(signal.SIGCONT)


@pytest.fixture
def gateway() -> Iterator[Intake]:
    with lone_gateway() as intake:
        intake.start_gateway()
        yield intake


async def test_a_server_that_is_told_to_stop_ends_its_streams_at_once(gateway: Intake) -> None:
    assert gateway.gateway
    async with Api(gateway.url, gateway.key) as api:
        _, evidence = await api.create(5)
        async with reading(api, EVENTS) as stream, reading(api, f"{evidence}/events") as own:
            await own.evidence()
            began = asyncio.get_running_loop().time()
            gateway.gateway.send_signal(signal.SIGTERM)
            await stream.ended()
            await own.ended()
            assert asyncio.get_running_loop().time() - began < 8
            assert await asyncio.to_thread(gateway.gateway.wait, 20) == 0


async def test_a_gateway_that_is_killed_is_followed_again_where_it_was_left(gateway: Intake) -> None:
    async with Api(gateway.url, gateway.key) as api:
        async with reading(api, EVENTS) as stream:
            await api.create(5)
            await stream.evidence()
            gateway.kill_gateway()
            with pytest.raises((aiohttp.ClientError, EOFError)):
                await stream.next()
        gateway.start_gateway()
        evidence = await api.send(b"hello")
        async with reading(api, EVENTS, stream.last_id) as again:
            event = await again.until(lambda event: event.data["state"] == "received")
            assert evidence.endswith(event.data["id"])
