"""The two ends of an upload: its bytes become an original, or are dropped. Exactly once, at any time.

A process may die between any two steps here; whoever looks at the upload next finishes it.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from gateway.services import Services
from gateway.uploads.lookup import require_present
from storage.errors import NotFound, StorageUnavailable, UploadBusy
from storage.evidence import Change, Evidence, original_key
from storage.states import EvidenceState
from storage.upload import Upload, UploadState
from workers.decisions import Digests, Ending, abandoned, received

#: Actor of what nobody asked for, in the audit trail.
SYSTEM = "system"

#: An upload that ended unfinished is told from one that never was for at least this long.
_ANSWERED_SECONDS = 86_400.0

#: A request that makes or completes a whole, or cancels a part, waits this long for what becomes of it.
JOIN_SECONDS = 2.0

_ABANDONED = {
    UploadState.TERMINATED: Ending(EvidenceState.WITHDRAWN, "upload_cancelled", {}),
    UploadState.EXPIRED: Ending(EvidenceState.EXPIRED, "expired", {}),
}


async def durable_offset(services: Services, upload: Upload) -> int:
    """Return how many bytes of an open or finished upload are stored durably.

    Also when they are about to become the original or already are it: then finishing had begun, and goes on.
    Raises `NotFound`.
    """
    if upload.state is UploadState.FINISHED:
        return upload.length_bytes or 0
    try:
        return await services.store.offset(upload.ref)
    except NotFound:
        if upload.evidence_id is None:
            raise
        with suppress(UploadBusy, StorageUnavailable):
            return await services.store.finish(upload.ref, original_key(upload.becomes))
    return upload.length_bytes or 0  # all are stored: somebody hands them over, or they wait for the store


async def complete(services: Services, upload: Upload, actor: str, *, read: bool = False) -> None:
    """Turn an upload whose bytes are all here into received evidence; a repetition does nothing.

    A part becomes evidence only in a whole, which is joined if this was all that it missed.
    It is done in the name of the actor, of the system in that of whoever began the upload. That this one's
    key is still good was looked at when the request began and is looked at again in the transaction that
    ends the upload: a revocation stored before it always counts, one stored after it comes too late. Until
    somebody of the centre whose key is good asks for the upload, or it expires, its bytes stay.
    An original whose SHA-256 its sender said is compared with it. `read`: its SHA-256 is recorded whenever
    somebody wants it, though that means to read what was not hashed while it arrived.

    Raises `KeyRevoked`; `UploadBusy` while a sender of these bytes still holds the upload; `NotFound` or
    `Problem` (410) when it was cancelled or expired meanwhile: what was made of its bytes goes, too.
    """
    if upload.evidence_id is None:
        await tell_wholes(services, upload, actor)
    else:
        size = await services.store.finish(upload.ref, original_key(upload.becomes))
        is_due = upload.sha256 is not None or (read and services.hashing.is_wanted(upload))
        sha256 = await services.hashing.finish(upload) if is_due else None
        await record_received(services, upload, size, actor, sha256)


async def tell_wholes(services: Services, part: Upload, actor: str, seconds: float = JOIN_SECONDS) -> None:
    """Have every unfinished whole of a part looked at, now that it is complete or gone; wait so long."""
    await services.joins.settle(await services.parts.open_wholes(part), actor, seconds)


async def record_received(
    services: Services, upload: Upload, size: int, actor: str, sha256: str | None = None
) -> None:
    """Record that an upload's bytes are its evidence's original. Raises as `complete` does."""
    now = datetime.now(UTC)
    changed = await services.uploads.finish(
        upload.id,
        lambda _, evidence: received(evidence, size, actor, now, Digests(sha256, upload.sha256)),
        expires_at=now + timedelta(seconds=services.settings.finished_upload_lifetime_seconds),
        principal_id=upload.principal_id if actor == SYSTEM else actor,
    )
    if changed is None:
        latest = await services.uploads.load(upload.id, None)
        await drop_bytes(services, latest)
        require_present(latest)
    else:
        await services.queue.follow_up(changed)


async def abandon(
    services: Services,
    upload: Upload,
    state: UploadState,
    actor: str,
    *,
    if_still: Callable[[Upload], bool] = lambda _: True,
    ending: Ending | None = None,
) -> None:
    """End an upload before its last byte: cancelled by `actor`, or expired; its bytes are dropped.

    `if_still` sees the record as it is while nobody else can change it, and may decide against it.
    `ending`: what becomes of its evidence, if not what the upload's state says.
    """

    def decide(current: Upload, evidence: Evidence) -> Change | None:
        return abandoned(evidence, ending or _ABANDONED[state], actor) if if_still(current) else None

    answered = max(_ANSWERED_SECONDS, services.settings.finished_upload_lifetime_seconds)
    expires_at = datetime.now(UTC) + timedelta(seconds=answered)
    if upload.evidence_id is None:
        await services.parts.end(upload.id, state, if_still, expires_at=expires_at)
    elif changed := await services.uploads.end(upload.id, state, decide, expires_at=expires_at):
        await services.queue.follow_up(changed)
    await drop_bytes(services, await services.uploads.load(upload.id, None))


async def drop_bytes(services: Services, upload: Upload) -> None:
    """Remove what nobody needs of an upload that ended; of a finished one the original stays."""
    if upload.state is UploadState.OPEN:
        return
    await services.store.delete(upload.id)
    if upload.state is not UploadState.FINISHED and upload.evidence_id:
        await services.blobs.delete(original_key(upload.becomes))
