"""The last byte: the upload's bytes become an original, its evidence is received. Exactly once, at any time.

A process may die between any two steps here; whoever looks at the upload next finishes it.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from gateway.services import Services
from storage.errors import NotFound
from storage.evidence import original_key
from storage.states import EvidenceState
from storage.upload import Upload, UploadState
from workers.decisions import abandoned, received
from workers.queue import QueueUnavailable


async def durable_offset(services: Services, upload: Upload) -> int:
    """Return how many bytes of an open upload are stored durably.

    Also when they are about to become the original or already are it: then finishing had begun, and goes on.
    Raises `NotFound`.
    """
    try:
        return await services.store.offset(upload.ref)
    except NotFound:
        return await services.store.finish(upload.ref, original_key(upload.evidence_id))


async def complete(services: Services, upload: Upload) -> None:
    """Turn an upload whose bytes are all here into received evidence; a repetition does nothing.

    Raises `UploadBusy` while a sender of these bytes still holds the upload.
    """
    size = await services.store.finish(upload.ref, original_key(upload.evidence_id))
    now = datetime.now(UTC)
    changed = await services.uploads.finish(
        upload.id,
        lambda _, evidence: received(evidence, size, upload.principal_id, now),
        expires_at=now + timedelta(seconds=services.settings.finished_upload_lifetime_seconds),
    )
    if changed and changed.jobs:
        with suppress(QueueUnavailable):  # the outbox holds the job; the reconciler pushes it
            await services.queue.push(changed.jobs)


async def abandon(services: Services, upload: Upload, state: UploadState) -> None:
    """End an upload before its last byte: cancelled by its sender, or expired; its bytes are dropped."""
    after, code = _ABANDONED[state]
    await services.uploads.end(
        upload.id, state, lambda _, evidence: abandoned(evidence, after, code, upload.principal_id)
    )
    await services.store.delete(upload.id)


_ABANDONED = {
    UploadState.TERMINATED: (EvidenceState.WITHDRAWN, "upload_cancelled"),
    UploadState.EXPIRED: (EvidenceState.EXPIRED, "expired"),
}
