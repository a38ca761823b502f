"""Ends of uploads: who ended them stands in the audit, and no bytes stay behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from gateway.services import Services
from gateway.sweeping import ORPHAN_SECONDS, sweep
from gateway.uploads.completion import abandon, complete
from storage.errors import NotFound, StorageError
from storage.evidence import Evidence, original_key
from storage.records.audit import AuditTrail
from storage.records.database import open_database
from storage.states import EvidenceState
from storage.upload import Upload, UploadRef, UploadState
from tests.gateway.conftest import OpenApi
from tests.gateway.left_uploads import files_of, let_idle, new_upload, state_of
from tests.services.api import TUS
from workers.decisions import Ending, abandoned

LATE = timedelta(days=400)


async def actors(settings: Settings, evidence_id: str) -> list[tuple[str, str]]:
    async with open_database(settings.database_url) as database:
        return [(event.kind, event.actor) for event in await AuditTrail(database).events(evidence_id)]


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
    return abandoned(evidence, Ending(EvidenceState.WITHDRAWN, "upload_cancelled", {}), "sender")


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
