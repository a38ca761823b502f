"""`/readyz`: whether uploads can be taken, and what is missing where they cannot."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from gateway import looking
from storage.records.database import migrate
from storage.s3 import bucket as bucket_module
from tests.gateway.conftest import OpenApi, running_gateway
from tests.services.api import Api, Json, until
from tests.services.disk import small_disk
from tests.services.object_store import ObjectStore
from tests.services.proxy import Fault, FaultyProxy, faulty_proxy
from tests.services.redis import RedisServer
from workers.heartbeat import open_heartbeat

READY = (200, "ready", True, True)
FULL = (200, "degraded", True, False)
UNAVAILABLE = (503, "unavailable", False, False)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "_GOOD_SECONDS", 0.1)


async def ask(api: Api) -> tuple[int, Json]:
    async with api.session.get("/readyz") as answer:
        return answer.status, await answer.json()


async def until_told(api: Api, wanted: tuple[int, str, bool, bool], seconds: float = 30) -> None:
    async def told() -> bool:
        status, body = await ask(api)
        return (status, body["status"], body["store"], body["room"]) == wanted

    await until(told, seconds)


@pytest.fixture
async def nobody(url: str) -> AsyncIterator[Api]:
    async with Api(url, "") as api:
        yield api


@pytest.mark.parametrize("folder", ["store", "store/uploads", "store/blobs"])
async def test_a_store_whose_folder_is_gone_is_unavailable_until_it_is_back(
    nobody: Api, settings: Settings, folder: str
) -> None:
    await until_told(nobody, READY)
    (settings.data / folder).rename(settings.data / "elsewhere")
    await until_told(nobody, UNAVAILABLE)
    assert (await ask(nobody))[1]["records"]
    (settings.data / "elsewhere").rename(settings.data / folder)
    await until_told(nobody, READY)


@pytest.mark.parametrize("reserve", [20 << 20, 0])
async def test_a_disk_without_room_beyond_the_reserve_is_told_and_all_else_goes_on(
    redis_server: RedisServer, tmp_path: Path, reserve: int
) -> None:
    with small_disk(40 << 20) as disk:
        if not disk.mounted:
            pytest.skip("only root may mount the small disk that this test fills")
        (tmp_path / "store").symlink_to(disk.folder)
        settings = Settings(
            data=tmp_path, port=0, redis_url=redis_server.url, free_disk_reserve_bytes=reserve
        )
        await asyncio.to_thread(migrate, settings.database_url)
        async with running_gateway(settings) as url, Api(url, "") as api:
            await until_told(api, READY)
            with (disk.folder / "filling").open("wb") as filling, pytest.raises(OSError, match="space"):
                filling.write(bytes(50 << 20))
            await until_told(api, FULL)
            (disk.folder / "filling").unlink()
            await until_told(api, READY)


async def test_what_workers_lack_is_told_and_makes_nothing_unavailable(
    nobody: Api, settings: Settings, open_api: OpenApi
) -> None:
    assert (await ask(nobody))[1]["lacking"] == []
    with open_heartbeat(settings) as heartbeat:
        heartbeat.join("image", 2, lambda *_: None, lambda: ("libreoffice", "libwmf"))

        async def told() -> bool:
            status, body = await ask(nobody)
            return (status, body["status"], body["lacking"]) == (200, "ready", ["libreoffice", "libwmf"])

        await until(told)
        ops = await open_api(roles=("ops",))
        metrics = (await ops.download("/metrics"))[1].decode()
        assert 'workers_lacking{queue="image",tool="libreoffice"} 1.0' in metrics


async def test_without_redis_it_is_degraded_and_nobody_knows_what_workers_lack(
    nobody: Api, redis_server: RedisServer
) -> None:
    redis_server.kill()
    status, body = await ask(nobody)
    assert (status, body["status"], body["redis"], body["lacking"]) == (200, "degraded", False, None)


class TestObjectStore:
    @pytest.fixture
    def proxy(self, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
        monkeypatch.setattr(bucket_module, "_HURRIED", bucket_module.Patience(2, 1, 1))
        monkeypatch.setattr(looking, "_LOOK_SECONDS", 0.5)
        with faulty_proxy(object_store.port) as proxy:
            yield proxy

    @pytest.fixture
    def chosen(self, object_store: ObjectStore, proxy: FaultyProxy, s3_url: str) -> dict[str, Any]:
        return {"storage": s3_url.replace(object_store.endpoint, proxy.endpoint)}

    async def test_a_store_that_was_killed_is_unavailable_until_it_runs_again(
        self, nobody: Api, object_store: ObjectStore
    ) -> None:
        await until_told(nobody, READY)
        object_store.kill()
        await until_told(nobody, UNAVAILABLE)
        object_store.start()
        await until_told(nobody, READY)

    async def test_a_store_that_says_nothing_keeps_a_probe_only_for_seconds_and_is_asked_once_at_a_time(
        self, nobody: Api, proxy: FaultyProxy
    ) -> None:
        await until_told(nobody, READY)
        proxy.choose = lambda _: Fault(silent=True)
        await until_told(nobody, UNAVAILABLE)
        before = len(proxy.requests)
        async with asyncio.timeout(30):
            told = await asyncio.gather(*(ask(nobody) for _ in range(200)))
        assert {status for status, _ in told} == {503}
        assert len(proxy.requests) - before <= 30  # one a second

    async def test_a_bucket_that_refuses_us_is_unavailable(self, nobody: Api, proxy: FaultyProxy) -> None:
        proxy.choose = lambda _: Fault(status=403, code="AccessDenied")
        await until_told(nobody, UNAVAILABLE)
