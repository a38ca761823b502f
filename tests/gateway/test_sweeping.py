"""Sweeps: nobody's trouble is another's, nothing that receives is dropped, and no bytes stay behind."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from uuid6 import uuid7

from config.settings import Settings
from gateway import sweeping
from gateway.services import Services
from gateway.sweeping import ORPHAN_SECONDS, sweep
from gateway.tus.completion import abandon, complete
from storage.errors import NotFound, StorageError
from storage.evidence import Evidence, original_key
from storage.records.audit import AuditTrail
from storage.records.database import open_database
from storage.states import EvidenceState
from storage.upload import Upload, UploadRef, UploadState
from tests.gateway.conftest import OpenApi
from tests.services.api import TUS, Api, cut_connection, until
from workers.decisions import abandoned
from workers.pipeline import first_stages

LATE = timedelta(days=400)
HURRIED = {"upload_lifetime_seconds": 2, "silent_connection_seconds": 1}


async def new_upload(services: Services, length: int = 10, sent: bytes = b"", lifetime: float = 60) -> Upload:
    now = datetime.now(UTC)
    evidence = Evidence(str(uuid7()), "GB001", EvidenceState.RECEIVING, now, now, stages=first_stages())
    upload = Upload(
        id=secrets.token_urlsafe(24),
        evidence_id=evidence.id,
        centre_id="GB001",
        principal_id="sender",
        created_at=now,
        expires_at=now + timedelta(seconds=lifetime),
        length_bytes=length,
    )
    await services.store.create(upload.ref)
    await services.uploads.create(upload, evidence)
    async with services.store.open_writer(upload.ref) as writer:
        await writer.write([sent])
    return upload


def let_idle(settings: Settings, upload_id: str, seconds: float) -> None:
    """Make what is stored of an upload look untouched for so long."""
    folder, then = settings.store / "uploads" / upload_id, time.time() - seconds
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))


def files_of(settings: Settings, upload: Upload) -> list[Path]:
    return [
        path
        for path in settings.store.rglob("*")
        if path.is_file() and {upload.id, upload.evidence_id} & set(path.parts)
    ]


async def execute(settings: Settings, statement: str, **values: object) -> None:
    async with open_database(settings.database_url) as database:
        await database.execute(text(statement).bindparams(**values))


async def actors(settings: Settings, evidence_id: str) -> list[tuple[str, str]]:
    async with open_database(settings.database_url) as database:
        return [(event.kind, event.actor) for event in await AuditTrail(database).events(evidence_id)]


async def state_of(services: Services, upload: Upload) -> UploadState:
    return (await services.uploads.load(upload.id, None)).state


@pytest.mark.parametrize("damage", ["frozen = '{'", "frozen = '3'", "state = 'open', metadata = x'ff'"])
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

    await until(moved, 5)


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


async def test_expiry_stands_in_the_audit_as_the_systems_doing(
    services: Services, settings: Settings
) -> None:
    upload = await new_upload(services, lifetime=-9)
    let_idle(settings, upload.id, 60)
    await sweep(services, datetime.now(UTC))
    assert await actors(settings, upload.evidence_id) == [("created", "sender"), ("expired", "system")]


async def test_a_cancellation_stands_in_the_audit_as_the_doing_of_who_cancelled(
    open_api: OpenApi, settings: Settings
) -> None:
    creator, other = await open_api(), await open_api()
    path, evidence = await creator.create(10)
    async with other.session.delete(path, headers=TUS) as answer:
        assert answer.status == 204
    path, whole = await creator.create(5)
    await other.patch(path, 0, b"hello")
    (_, created), (_, cancelled) = await actors(settings, evidence.rpartition("/")[2])
    (_, began), (_, ended) = await actors(settings, whole.rpartition("/")[2])
    assert created == began
    assert cancelled == ended != created
    assert "system" not in {created, cancelled}


async def test_an_upload_cancelled_when_its_bytes_were_the_original_already_leaves_none(
    services: Services, settings: Settings
) -> None:
    upload = await new_upload(services, 3, b"abc")
    await services.store.finish(upload.ref, original_key(upload.evidence_id))
    await abandon(services, upload, UploadState.TERMINATED, "sender")
    assert (await services.evidence.load(upload.evidence_id, None)).state is EvidenceState.WITHDRAWN
    assert files_of(settings, upload) == []


async def test_a_finish_that_comes_after_the_cancellation_leaves_no_bytes(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await new_upload(services, 3, b"abc")
    finish = services.store.finish

    async def finish_late(ref: UploadRef, key: str) -> int:
        size = await finish(ref, key)
        monkeypatch.undo()
        await services.uploads.end(
            upload.id, UploadState.TERMINATED, _withdrawn, expires_at=upload.expires_at
        )
        return size

    monkeypatch.setattr(services.store, "finish", finish_late)
    with pytest.raises(NotFound):
        await complete(services, upload, "sender")
    assert files_of(settings, upload) == []


def _withdrawn(_: Upload, evidence: Evidence):
    return abandoned(evidence, EvidenceState.WITHDRAWN, "upload_cancelled", "sender")


async def test_bytes_go_before_the_record_is_forgotten(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a process died in `abandon`, between the record and the bytes."""
    upload = await new_upload(services, 20, b"abc")
    await services.uploads.end(upload.id, UploadState.TERMINATED, _withdrawn, expires_at=upload.expires_at)
    delete = services.store.delete

    async def fail(_: str) -> None:
        raise StorageError("the disk did not answer")

    monkeypatch.setattr(services.store, "delete", fail)
    await sweep(services, datetime.now(UTC) + LATE)
    assert await state_of(services, upload) is UploadState.TERMINATED
    monkeypatch.setattr(services.store, "delete", delete)
    await sweep(services, datetime.now(UTC) + LATE)
    assert files_of(settings, upload) == []
    with pytest.raises(NotFound):
        await services.uploads.load(upload.id, None)


async def test_a_finished_uploads_original_outlives_its_record(
    services: Services, settings: Settings
) -> None:
    upload = await new_upload(services, 3, b"abc")
    await complete(services, upload, "sender")
    await sweep(services, datetime.now(UTC) + LATE)
    with pytest.raises(NotFound):
        await services.uploads.load(upload.id, None)
    assert (await services.blobs.stat(original_key(upload.evidence_id))).size_bytes == 3


async def test_bytes_that_no_record_knows_are_removed_after_an_hour(
    services: Services, settings: Settings
) -> None:
    known = await new_upload(services, sent=b"abc")
    fresh, old = UploadRef("f" * 32), UploadRef("o" * 32)
    for ref in (fresh, old):
        await services.store.create(ref)
    for upload_id in (known.id, old.id):
        let_idle(settings, upload_id, ORPHAN_SECONDS + 60)
    await sweep(services, datetime.now(UTC))
    assert (await services.store.ages()).keys() == {known.id, fresh.id}
    assert replace(await services.uploads.load(known.id, None), expires_at=known.expires_at) == known
