"""Lists and downloads: queries that lie, a queue that hangs, tags and ranges."""

import asyncio
import signal

import pytest
from sqlalchemy import text

from config.settings import Settings
from gateway.services import Services
from storage.records.database import open_database
from tests.services.api import TUS, Api
from tests.services.redis import RedisServer
from workers.connection import LIMIT_SECONDS


@pytest.mark.parametrize(
    "limit",
    ["000000001" + "0" * 5000, "00000000100000", "201", "0", "-1", "1.0", "+1", "%D9%A3", "1e2", "0200 "],
)
async def test_a_limit_that_is_none_is_400(api: Api, limit: str) -> None:
    status, body, _ = await api.download(f"/v1/evidence?limit={limit}")
    assert (status, b"bad_request" in body) == (400, True)


async def test_a_hung_queue_delays_a_page_once_and_not_by_item(api: Api, redis_server: RedisServer) -> None:
    sent = [await api.send(b"hello", "essay.txt") for _ in range(6)]
    assert redis_server.process
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        began = asyncio.get_running_loop().time()
        status, body, _ = await api.download("/v1/evidence")
        assert status == 200
        assert all(path.rpartition("/")[2].encode() in body for path in sent)
        assert asyncio.get_running_loop().time() - began < LIMIT_SECONDS * 2
    finally:
        redis_server.process.send_signal(signal.SIGCONT)


async def test_a_page_of_nothing_on_its_way_asks_no_queue(api: Api, redis_server: RedisServer) -> None:
    await api.create(5)
    await api.create(0)
    assert redis_server.process
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        async with asyncio.timeout(LIMIT_SECONDS / 2):
            assert (await api.download("/v1/evidence"))[0] == 200
    finally:
        redis_server.process.send_signal(signal.SIGCONT)


async def test_progress_of_several_is_asked_in_one_go(services: Services) -> None:
    assert await services.queue.progress_of(["e1", "e2"]) == {"e1": {}, "e2": {}}
    assert await services.queue.progress_of([]) == {}


async def test_a_record_that_cannot_be_read_is_our_mistake_and_named_by_its_request(
    api: Api, settings: Settings
) -> None:
    upload, _ = await api.create(5)
    async with open_database(settings.database_url) as database:
        await database.execute(text("UPDATE upload SET frozen = '3'"))
    answer = await api.patch(upload, 0, b"hello")
    assert answer.status == 500
    async with api.session.delete(upload, headers=TUS) as answer:
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (500, "internal_error")
        assert answer.headers["X-Request-Id"] in problem["remedy"]
