"""What may begin: caps for a centre and for all, a full process, a full disk; what is under way goes on."""

import asyncio

import pytest
from aiohttp import ClientResponse

from config.settings import Settings
from gateway.services import Services
from gateway.uploads.space import free_for_uploads
from storage.blobs import Room
from storage.records.database import migrate, open_database
from storage.records.principals import Principals
from tests.gateway.conftest import OpenApi, running_gateway
from tests.gateway.left_uploads import new_upload
from tests.gateway.wire import begun_patch, until_offset
from tests.services.api import BYTES, TUS, Api
from tests.services.databases import ON_BOTH
from tests.services.disk import small_disk
from tests.services.redis import RedisServer


async def try_to_create(api: Api, length: int, **headers: str) -> tuple[ClientResponse, str | None]:
    async with api.session.post(
        "/v1/uploads", headers={**TUS, "Upload-Length": str(length), **headers}
    ) as answer:
        code = None if answer.status == 201 else (await answer.json())["code"]
        return answer, code


@pytest.mark.parametrize(
    ("chosen", "code", "status"),
    [
        ({"open_uploads_per_centre": 2}, "too_many_uploads", 429),
        ({"open_bytes_per_centre": 29}, "too_many_bytes", 429),
        ({"open_uploads": 2}, "busy", 503),
        ({"open_bytes": 29}, "busy", 503),
    ],
)
async def test_beyond_a_cap_no_upload_begins_until_another_ends(api: Api, code: str, status: int) -> None:
    first, _ = await api.create(10)
    second, _ = await api.create(10)
    answer, told = await try_to_create(api, 10)
    assert (answer.status, told) == (status, code)
    assert int(answer.headers["Retry-After"]) > 0
    assert (await api.patch(second, 0, b"a" * 5)).status == 204
    assert await api.offset(second) == 5
    async with api.session.delete(first, headers=TUS) as gone:
        assert gone.status == 204
    await api.create(10)


@pytest.mark.parametrize(
    ("chosen", "code", "status"),
    [
        ({"open_bytes_per_centre": 29, "open_uploads_per_centre": 2}, "too_many_bytes", 429),
        ({"open_bytes": 29, "open_uploads": 2}, "busy", 503),
    ],
)
@ON_BOTH
async def test_a_length_that_comes_later_counts_when_it_comes_and_nothing_is_lost(
    api: Api, code: str, status: int
) -> None:
    deferred = {**BYTES, "Upload-Defer-Length": "1"}
    async with api.session.post("/v1/uploads", headers=deferred, data=b"hello") as answer:
        upload = answer.headers["Location"].removeprefix(api.url)
    other, _ = await api.create(10)
    for _ in range(2):
        headers = {**BYTES, "Upload-Offset": "5", "Upload-Length": "20"}
        async with api.session.patch(upload, headers=headers, data=b"a" * 15) as refused:
            assert (refused.status, (await refused.json())["code"]) == (status, code)
            assert int(refused.headers["Retry-After"]) > 0
    assert (await api.head(upload)).headers["Upload-Defer-Length"] == "1"
    async with api.session.delete(other, headers=TUS) as gone:
        assert gone.status == 204
    assert (await api.patch(upload, 5, b"a" * 15, **{"Upload-Length": "20"})).status == 204


@pytest.mark.parametrize("chosen", [{"open_uploads_per_centre": 1, "open_bytes_per_centre": 100}])
async def test_a_centre_at_its_caps_leaves_another_one_room(open_api: OpenApi) -> None:
    full, other = await open_api(), await open_api(centre="GB002")
    await full.create(100)
    assert (await try_to_create(full, 1))[1] == "too_many_uploads"
    await other.create(100)


@pytest.mark.parametrize("chosen", [{"open_uploads_per_centre": 5}, {"open_bytes_per_centre": 50}])
@ON_BOTH
async def test_many_creations_at_once_never_go_beyond_a_cap(api: Api) -> None:
    tried = await asyncio.gather(*(try_to_create(api, 10) for _ in range(30)))
    assert sorted(answer.status for answer, _ in tried) == [201] * 5 + [429] * 25


@pytest.mark.parametrize("chosen", [{"open_uploads_per_centre": 1}])
@ON_BOTH
async def test_of_equal_creations_at_once_none_is_refused_and_nothing_is_left_of_those_that_were(
    api: Api, settings: Settings
) -> None:
    tried = await asyncio.gather(*(try_to_create(api, 10, **{"Idempotency-Key": "once"}) for _ in range(12)))
    assert {answer.status for answer, _ in tried} == {201}
    assert len({answer.headers["Location"] for answer, _ in tried}) == 1
    await asyncio.gather(*(try_to_create(api, 10) for _ in range(12)))
    assert len(list((settings.store / "uploads").iterdir())) == 1


@pytest.mark.parametrize("chosen", [{"receiving_requests": 2}])
async def test_a_process_that_receives_all_it_can_takes_nothing_new_but_goes_on_with_what_began(
    api: Api,
) -> None:
    uploads = [(await api.create(1000))[0] for _ in range(3)]
    async with begun_patch(api, uploads[0], 0, b"a" * 9, 1000) as one:
        async with begun_patch(api, uploads[1], 0, b"a" * 9, 1000):
            await until_offset(api, uploads[0], 9)
            await until_offset(api, uploads[1], 9)
            answer, code = await try_to_create(api, 10)
            assert (answer.status, code, answer.headers["Retry-After"]) == (503, "busy", "5")
            assert (await api.patch(uploads[2], 0, b"c" * 1000)).status == 204
        await one.send(b"b" * 991)
        assert (await one.answer())[0] == 204
    await api.create(10)


@pytest.mark.parametrize("chosen", [{"free_disk_reserve_bytes": 1 << 60}])
async def test_at_the_reserve_nothing_begins_and_a_body_is_refused_before_it_is_read(
    api: Api, services: Services
) -> None:
    answer, code = await try_to_create(api, 10)
    assert (answer.status, code, "Retry-After" in answer.headers) == (507, "storage_full", True)
    upload = await new_upload(services, length=1000)
    path = f"/v1/uploads/{upload.id}"
    async with begun_patch(api, path, 0, b"", 1000) as wire:
        status, headers, _ = await wire.answer()
        assert (status, headers["retry-after"]) == (507, "600")
    assert await api.offset(path) == 0


@pytest.mark.parametrize(("reserve", "left"), [(None, 60), (0, 160), (50, 110)])
def test_the_reserve_is_five_percent_or_two_gib_unless_chosen(reserve: int | None, left: int) -> None:
    assert free_for_uploads(Room(160, 2000), reserve) == left
    assert free_for_uploads(Room(9 << 40, 10 << 40), None) == (9 << 40) - (2 << 30)


async def test_a_disk_that_fills_while_a_body_arrives_ends_it_at_the_reserve_and_keeps_its_bytes(
    redis_server: RedisServer,
) -> None:
    with small_disk(64 << 20) as disk:
        if not disk.mounted:
            pytest.skip("only root may mount the small disk that this test fills")
        settings = Settings(
            data=disk.folder, port=0, redis_url=redis_server.url, free_disk_reserve_bytes=30 << 20
        )
        await asyncio.to_thread(migrate, settings.database_url)
        async with running_gateway(settings) as url, Api(url, await new_key(settings)) as api:
            upload, _ = await api.create(1000)
            async with begun_patch(api, upload, 0, b"a" * 100, 1000) as wire:
                await until_offset(api, upload, 100)
                (disk.folder / "filling").write_bytes(bytes(40 << 20))

                async def drip() -> None:
                    for _ in range(100):
                        await wire.send(b"b")
                        await asyncio.sleep(0.05)

                dripping = asyncio.create_task(drip())
                status, headers, _ = await wire.answer()
                dripping.cancel()
                assert (status, headers["retry-after"]) == (507, "600")
            kept = await api.offset(upload)
            assert 100 < kept < 200
            assert (await api.patch(upload, kept, b"c" * (1000 - kept))).status == 507
            (disk.folder / "filling").unlink()
            assert (await api.patch(upload, kept, b"c" * (1000 - kept))).status == 204


async def new_key(settings: Settings) -> str:
    async with open_database(settings.database_url) as database:
        return (await Principals(database).create_key("test", frozenset(), "GB001"))[0]
