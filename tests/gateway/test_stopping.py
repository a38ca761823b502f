"""A gateway told to stop: every sender hears at once where its upload stands, and that is exact."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from tests.gateway.wire import begun_patch, connected, head_of, until_kept, until_offset
from tests.services.api import BYTES, Api
from tests.services.intake import Intake, lone_gateway


@pytest.fixture
def gateway() -> Iterator[Intake]:
    """A gateway process that can be stopped and started again."""
    with lone_gateway() as intake:
        intake.start_gateway()
        yield intake


async def stopped(gateway: Intake) -> int:
    assert gateway.gateway
    return await asyncio.to_thread(gateway.gateway.wait, 20)


def stop(gateway: Intake) -> None:
    assert gateway.gateway
    gateway.gateway.send_signal(signal.SIGTERM)


async def test_a_slow_sender_is_told_the_offset_that_the_next_start_knows(gateway: Intake) -> None:
    async with Api(gateway.url, gateway.key) as api:
        upload, _ = await api.create(100_000)
        async with begun_patch(api, upload, 0, b"a" * 100, 100_000) as wire:

            async def drip() -> None:
                while True:
                    await wire.send(b"b" * 100)
                    await asyncio.sleep(0.02)

            dripping = asyncio.create_task(drip())
            await until_offset(api, upload, 101)
            stop(gateway)
            status, headers, body = await wire.answer(5)
            dripping.cancel()
            assert (status, headers["connection"]) == (503, "close")
            assert b'"code": "busy"' in body
            told = int(headers["upload-offset"])
            assert told > 100
        assert await stopped(gateway) == 0
        gateway.start_gateway()
        assert await api.offset(upload) == told


async def test_while_stopping_readyz_says_so_and_no_upload_begins(gateway: Intake) -> None:
    async with Api(gateway.url, gateway.key) as api:
        slow, _ = await api.create(1000)
        other, _ = await api.create(1000)
        async with begun_patch(api, slow, 0, b"a" * 100, 1000) as wire, connected(api.url) as kept:
            await kept.send(head_of(api, "GET", "/readyz", {}))
            assert (await kept.answer())[0] == 200
            await until_offset(api, slow, 100)
            stop(gateway)
            status, headers, _ = await wire.answer()
            assert (status, headers["upload-offset"]) == (503, "100")
            await kept.send(head_of(api, "GET", "/readyz", {}))
            status, _, body = await kept.answer()
            assert (status, b"stopping" in body) == (503, True)
            headers = {**BYTES, "Upload-Offset": "0", "Content-Length": "3"}
            await kept.send(head_of(api, "PATCH", other, headers) + b"abc")
            status, headers, _ = await kept.answer()
            assert (status, headers["connection"], headers["upload-offset"]) == (503, "close", "0")
        assert await stopped(gateway) == 0
        gateway.start_gateway()
        assert await api.offset(other) == 0


async def test_forty_senders_are_ended_within_the_time_a_stop_may_take(gateway: Intake) -> None:
    async with Api(gateway.url, gateway.key) as api:
        uploads = [(await api.create(1000))[0] for _ in range(40)]

        async def send(upload: str) -> tuple[str, int, str]:
            async with begun_patch(api, upload, 0, upload.encode(), 1000) as wire:
                status, headers, _ = await wire.answer(15)
                return upload, status, headers["upload-offset"]

        sending = [asyncio.create_task(send(upload)) for upload in uploads]
        await until_kept(gateway.folder, [len(upload) for upload in uploads])
        started = asyncio.get_running_loop().time()
        stop(gateway)
        told = await asyncio.gather(*sending)
        assert await stopped(gateway) == 0
        assert asyncio.get_running_loop().time() - started < 8
        gateway.start_gateway()
        for upload, status, offset in told:
            assert status == 503
            assert await api.offset(upload) == int(offset) == len(upload)
