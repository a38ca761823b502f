"""A gateway in the test's own process, on a real database, disk and Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from gateway.app import create_app, open_services
from gateway.listening import listening
from gateway.services import Services
from gateway.uploads.completion import tell_wholes
from storage.records.database import migrate, open_database
from storage.records.principals import Principals
from tests.gateway.openapi.contract import keeping_contract
from tests.services.api import Api
from tests.services.issuer import Issuer
from tests.services.redis import RedisServer

OpenApi = Callable[..., Awaitable[Api]]


@pytest.fixture
def chosen() -> dict[str, Any]:
    """Settings that a test chooses: `@pytest.mark.parametrize("chosen", [{"port": 1}])`."""
    return {}


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """One that vouches for people; a module's `chosen` makes the gateway trust it."""
    async with Issuer() as issuer:
        yield issuer


@pytest.fixture
async def settings(
    tmp_path: Path, redis_server: RedisServer, chosen_database: str, chosen: dict[str, Any]
) -> Settings:
    usual = {"data": tmp_path, "port": 0, "redis_url": redis_server.url, "free_disk_reserve_bytes": 0}
    usual["database_url"] = chosen_database
    made = Settings(**usual | chosen)
    await asyncio.to_thread(migrate, made.database_url)
    return made


@pytest.fixture
def patient_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests wait for wholes to be joined as long as a busy machine needs."""
    monkeypatch.setattr("gateway.tus.create.JOIN_SECONDS", 60.0)
    monkeypatch.setattr("gateway.tus.head.LOOK_SECONDS", 60.0)
    monkeypatch.setattr(tell_wholes, "__defaults__", (60.0,))


@asynccontextmanager
async def running_gateway(settings: Settings) -> AsyncIterator[str]:
    app = create_app(settings)
    with keeping_contract(app):
        async with listening(app, settings) as ((host, port), *_):
            yield f"http://{host}:{port}"


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    async with running_gateway(settings) as url:
        yield url


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    """Records and stores as a process of their own beside the gateway would have them."""
    async with open_services(settings) as services:
        yield services


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


@pytest.fixture(params=["same process", "another process"])
async def rival(request: pytest.FixtureRequest, api: Api, settings: Settings) -> AsyncIterator[Api]:
    """The same client at this gateway, or at a second one on the same data."""
    key = api.session.headers["Authorization"].removeprefix("Bearer ")
    if request.param == "same process":
        async with Api(api.url, key) as client:
            yield client
    else:
        async with running_gateway(settings) as url, Api(url, key) as client:
            yield client
