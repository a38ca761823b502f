"""Bodies that trickle are ended, uploads that grow for ever too; slow people are not."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from gateway.services import Services
from gateway.uploads.expiry import expiry_after
from tests.gateway.left_uploads import state_of
from tests.gateway.wire import Wire, begun_patch, until_offset
from tests.services.api import Api, until

#: The window is two silences long.
TRICKLING = [{"silent_connection_seconds": 0.5, "minimum_rate_bytes_per_second": 1000}]


async def drip(wire: Wire, piece: bytes, pause_seconds: float) -> None:
    while True:
        await wire.send(piece)
        await asyncio.sleep(pause_seconds)


@pytest.mark.parametrize("chosen", TRICKLING)
async def test_a_body_that_trickles_is_told_the_offset_and_cut_and_its_bytes_are_kept(api: Api) -> None:
    upload, _ = await api.create(10_000)
    began = asyncio.get_running_loop().time()
    async with begun_patch(api, upload, 0, b"abc", 10_000) as wire:
        dripping = asyncio.create_task(drip(wire, b"x", 0.05))
        status, headers, body = await wire.answer()
        dripping.cancel()
        assert (status, json.loads(body)["code"], headers["connection"]) == (408, "too_slow", "close")
        told = int(headers["upload-offset"])
        await wire.rest(5)
    assert 1 <= asyncio.get_running_loop().time() - began < 5
    assert await api.offset(upload) == told > 3


@pytest.mark.parametrize("chosen", TRICKLING)
async def test_a_repetition_that_trickles_is_cut_too(api: Api) -> None:
    upload, _ = await api.create(10_000)
    assert (await api.patch(upload, 0, b"x" * 10_000)).status == 204
    async with begun_patch(api, upload, 0, b"", 10_000) as wire:
        dripping = asyncio.create_task(drip(wire, b"x", 0.05))
        status, headers, body = await wire.answer()
        dripping.cancel()
        assert (status, json.loads(body)["code"], headers["connection"]) == (408, "too_slow", "close")
        assert headers["upload-offset"] == "10000"


@pytest.mark.parametrize("chosen", [{**TRICKLING[0], "silent_connection_seconds": 1.5}])
async def test_a_slow_sender_above_the_least_rate_gets_through(api: Api) -> None:
    """At twice the least rate, for longer than the window."""
    upload, _ = await api.create(8000)
    now = asyncio.get_running_loop().time
    async with begun_patch(api, upload, 0, b"", 8000) as wire:
        began, sent = now(), 0
        while sent < 8000:
            await asyncio.sleep(0.1)
            due = min(8000, int(2000 * (now() - began)))
            await wire.send(b"x" * (due - sent))
            sent = due
        assert (await wire.answer())[0] == 204


@pytest.mark.parametrize("chosen", [{"silent_connection_seconds": 1.0, "minimum_rate_bytes_per_second": 0}])
async def test_without_a_least_rate_any_byte_is_a_sign_of_life(api: Api) -> None:
    upload, _ = await api.create(12)
    async with begun_patch(api, upload, 0, b"", 12) as wire:
        for _ in range(12):
            await wire.send(b"x")
            await asyncio.sleep(0.2)
        assert (await wire.answer())[0] == 204


def test_an_upload_expires_after_its_last_byte_but_not_later_than_its_greatest_age() -> None:
    settings = Settings(upload_lifetime_seconds=100, upload_max_age_seconds=250)
    created = datetime(2026, 11, 21, tzinfo=UTC)
    seconds = [
        (expiry_after(settings, created, created + timedelta(seconds=now)) - created).total_seconds()
        for now in (0, 100, 200, 300)
    ]
    assert seconds == [100, 200, 250, 250]


@pytest.mark.parametrize(
    "chosen",
    [{"upload_lifetime_seconds": 60, "upload_max_age_seconds": 1.5, "silent_connection_seconds": 1}],
)
async def test_an_upload_that_is_too_old_is_ended_though_bytes_still_come(
    api: Api, services: Services
) -> None:
    upload, _ = await api.create(10_000_000)
    async with begun_patch(api, upload, 0, b"a", 10_000_000) as wire:
        await until_offset(api, upload, 1)
        dripping = asyncio.create_task(drip(wire, b"x" * 100, 0.05))
        status, _, body = await wire.answer()
        dripping.cancel()
        assert (status, json.loads(body)["code"]) == (410, "upload_gone")
    record = await services.uploads.load(upload.rpartition("/")[2], None)
    assert record.expires_at - record.created_at == timedelta(seconds=1.5)

    async def is_swept() -> bool:
        from gateway.sweeping import sweep

        await sweep(services, datetime.now(UTC))
        return await state_of(services, record) == "expired"

    await until(is_swept)
    assert (await api.head(upload)).status == 410
