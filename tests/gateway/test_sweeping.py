"""Sweeps: nobody's trouble is another's, nothing that receives is dropped, and no bytes stay behind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from gateway import sweeping
from gateway.services import Services
from gateway.sweeping import sweep
from storage.upload import UploadRef, UploadState
from tests.gateway.left_uploads import execute, files_of, let_idle, new_upload, state_of
from tests.services.api import Api, cut_connection, until

HURRIED = {
    "upload_lifetime_seconds": 2,
    "silent_connection_seconds": 1,
    "minimum_rate_bytes_per_second": 0,
}


@pytest.mark.parametrize(
    ("chosen_database", "damage"),
    [
        ("sqlite", "frozen = '{'"),
        ("sqlite", "state = 'open', metadata = x'ff'"),
        ("sqlite", "frozen = '3'"),
        ("postgresql", "frozen = '3'"),
    ],
    indirect=["chosen_database"],
)
async def test_one_unreadable_record_keeps_no_other_upload_from_being_swept(
    services: Services, settings: Settings, damage: str
) -> None:
    uploads = sorted([await new_upload(services, 3, b"abc") for _ in range(3)], key=lambda upload: upload.id)
    await execute(settings, f"UPDATE upload SET {damage} WHERE id = :id", id=uploads[0].id)
    await sweep(services, datetime.now(UTC))
    assert [await state_of(services, upload) for upload in uploads[1:]] == [UploadState.FINISHED] * 2


async def test_an_abandon_that_fails_keeps_no_other_upload_from_expiring(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = sorted(
        [await new_upload(services, lifetime=-9) for _ in range(3)], key=lambda upload: upload.id
    )
    for upload in uploads:
        let_idle(settings, upload.id, 100)
    end = services.uploads.end

    async def end_or_fail(upload_id: str, *args: object, **values: object) -> object:
        if upload_id == uploads[0].id:
            raise RuntimeError("nobody foresaw this")
        return await end(upload_id, *args, **values)

    monkeypatch.setattr(services.uploads, "end", end_or_fail)
    await sweep(services, datetime.now(UTC))
    states = [await state_of(services, upload) for upload in uploads]
    assert states == [UploadState.OPEN, UploadState.EXPIRED, UploadState.EXPIRED]


async def test_no_error_of_the_records_ends_the_sweeper(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def fail(*_: object) -> tuple[str, ...]:
        asked.set()
        raise RuntimeError("nobody foresaw this")

    for name in ("open_ids", "expired_ids", "forgettable_ids", "unknown_ids"):
        monkeypatch.setattr(services.uploads, name, fail)
    monkeypatch.setattr(sweeping, "_PAUSE_SECONDS", 0.01)
    async with sweeping.sweeping(services):
        for _ in range(2):
            asked.clear()
            await asyncio.wait_for(asked.wait(), 5)


@pytest.mark.parametrize("chosen", [HURRIED])
async def test_an_upload_that_is_receiving_never_expires(api: Api, services: Services) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b"x"
            await asyncio.sleep(0.08)

    upload, _ = await api.create(60)
    sending = asyncio.create_task(api.patch(upload, 0, body()))
    while not sending.done():
        await sweep(services, datetime.now(UTC))
        await asyncio.sleep(0.2)
    assert (await sending).status == 204


@pytest.mark.parametrize("chosen", [HURRIED])
async def test_the_expiry_counts_from_the_last_byte_of_a_request_that_was_cut(
    api: Api, services: Services
) -> None:
    upload, _ = await api.create(100)
    upload_id = upload.rpartition("/")[2]
    before = (await services.uploads.load(upload_id, None)).expires_at
    await asyncio.sleep(1)
    async with cut_connection(api, upload, 0, b"abc", 100):
        pass

    async def moved() -> bool:
        return (await services.uploads.load(upload_id, None)).expires_at > before + timedelta(seconds=0.9)

    await until(moved)


async def test_an_upload_past_its_time_is_kept_while_bytes_arrive(
    services: Services, settings: Settings
) -> None:
    upload = await new_upload(services, sent=b"abc", lifetime=-9)
    await sweep(services, datetime.now(UTC))
    assert await state_of(services, upload) is UploadState.OPEN
    let_idle(settings, upload.id, 60)
    await sweep(services, datetime.now(UTC))
    assert await state_of(services, upload) is UploadState.EXPIRED
    assert files_of(settings, upload) == []


async def test_an_expiry_that_moved_meanwhile_is_decided_by_the_record(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await new_upload(services, sent=b"abc", lifetime=-9)
    idle_seconds = services.store.idle_seconds

    async def move_and_look(ref: UploadRef) -> float:
        await services.uploads.touch(upload.id, datetime.now(UTC) + timedelta(seconds=60))
        return await idle_seconds(ref) + 100

    monkeypatch.setattr(services.store, "idle_seconds", move_and_look)
    await sweep(services, datetime.now(UTC))
    assert await state_of(services, upload) is UploadState.OPEN
    assert await services.store.offset(upload.ref) == 3


@pytest.mark.parametrize("chosen", [HURRIED])
async def test_an_expired_upload_answers_410_for_a_day_before_it_is_forgotten(
    api: Api, services: Services, settings: Settings
) -> None:
    path, evidence = await api.create(10)
    upload_id = path.rpartition("/")[2]
    let_idle(settings, upload_id, 60)
    await sweep(services, datetime.now(UTC) + timedelta(seconds=3))
    for _ in range(2):
        await sweep(services, datetime.now(UTC) + timedelta(hours=23))
        assert (await api.head(path)).status == 410
        assert (await api.patch(path, 0, b"x")).status == 410
    found = await api.evidence(evidence)
    assert (found["state"], found["code"]) == ("expired", "expired")
    await sweep(services, datetime.now(UTC) + timedelta(hours=25))
    assert (await api.head(path)).status == 404
