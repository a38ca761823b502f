"""A gateway in the test's own process, on a real database, disk and Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from config.settings import Settings
from gateway.app import create_app
from storage.records.database import migrate, open_database
from storage.records.principals import Principals
from tests.services.api import Api
from tests.services.redis import RedisServer

OpenApi = Callable[..., Awaitable[Api]]


@pytest.fixture
async def settings(tmp_path: Path, redis_server: RedisServer) -> Settings:
    made = Settings(data=tmp_path, redis_url=redis_server.url, free_disk_reserve_bytes=0)
    await asyncio.to_thread(migrate, made.database_url)
    return made


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    runner = web.AppRunner(create_app(settings), access_log=None, max_field_size=32 * 1024)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


@pytest.fixture
async def open_api(url: str, settings: Settings) -> AsyncIterator[OpenApi]:
    """Make a client for a new key: `await open_api(centre="GB002", roles=("ops",))`; or for `key=`."""
    opened: list[Api] = []

    async def open_one(
        centre: str | None = "GB001", roles: tuple[str, ...] = (), key: str | None = None
    ) -> Api:
        if key is None:
            async with open_database(settings.database_url) as database:
                key, _ = await Principals(database).create_key("test", frozenset(roles), centre)
        opened.append(Api(url, key))
        return opened[-1]

    yield open_one
    for api in opened:
        await api.session.close()


@pytest.fixture
async def api(open_api: OpenApi) -> Api:
    return await open_api()
