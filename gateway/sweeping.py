"""Uploads that nobody looks after: finish the complete, drop the expired, forget the old, remove remains.

No upload's trouble keeps another from being looked at, and none of it ends the server.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import structlog

from gateway.services import Services
from gateway.uploads.completion import SYSTEM, abandon, complete, drop_bytes, durable_offset
from gateway.uploads.wholes import outlives
from storage.errors import KeyRevoked, NotFound, UploadBusy
from storage.upload import Upload, UploadState

_PAUSE_SECONDS = 30.0
_BATCH = 500

#: Bytes that no record knows may belong to a creation that is under way; these are too old for that.
ORPHAN_SECONDS = 3600.0

_List = Callable[[int, str], Awaitable[tuple[str, ...]]]
_Look = Callable[[str], Awaitable[None]]

_log = structlog.get_logger()


@asynccontextmanager
async def sweeping(services: Services) -> AsyncIterator[None]:
    """Sweep at the start, then every half minute, until the context closes."""
    async with asyncio.TaskGroup() as tasks:
        sweeper = tasks.create_task(_sweep_for_ever(services))
        try:
            yield
        finally:
            sweeper.cancel()


async def _sweep_for_ever(services: Services) -> None:
    while True:
        await sweep(services, datetime.now(UTC))
        await asyncio.sleep(_PAUSE_SECONDS)


async def sweep(services: Services, now: datetime) -> None:
    """Look once at every upload that may need it; what fails is logged and looked at in the next sweep."""
    records = services.uploads
    stages: tuple[tuple[_List, Callable[[Services, str], Awaitable[None]]], ...] = (
        (records.open_ids, _finish_if_whole),
        (partial(records.expired_ids, now), _expire),
        (partial(records.forgettable_ids, now), _forget),
    )
    for ids, look in stages:
        await survive(partial(_each, ids, partial(look, services)))
    await survive(partial(_remove_orphans, services))


async def survive(work: Callable[[], Awaitable[None]], **ids: str) -> None:
    """Do work whose failure must not end the task that does it: it is logged, and done again later."""
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - the sweeper's edge: it must outlive whatever it meets
        _log.warning("sweep_failed", error=repr(error), **ids)


async def _each(ids: _List, look: _Look) -> None:
    after = ""
    while batch := await ids(_BATCH, after):
        for upload_id in batch:
            await survive(partial(look, upload_id), upload_id=upload_id)
        after = batch[-1]


async def _finish_if_whole(services: Services, upload_id: str) -> None:
    """Finish an upload whose last answer was lost with its process."""
    upload = await services.uploads.load(upload_id, None)
    if upload.parts:
        services.joins.ask(upload.id, SYSTEM)
    if upload.parts or upload.evidence_id is None:
        return
    try:
        if await durable_offset(services, upload) == upload.length_bytes:
            await complete(services, upload, SYSTEM)
    except (UploadBusy, KeyRevoked):
        return


async def _expire(services: Services, upload_id: str) -> None:
    """Drop an upload past its time, unless bytes still arrive or have moved its expiry meanwhile."""
    upload = await services.uploads.load(upload_id, None)
    if await _is_idle(services, upload) and not await outlives(services, upload):
        expires_at = upload.expires_at
        await abandon(
            services,
            upload,
            UploadState.EXPIRED,
            SYSTEM,
            if_still=lambda current: current.expires_at == expires_at,
        )


async def _is_idle(services: Services, upload: Upload) -> bool:
    """Tell whether no sender can be connected any more, to any gateway: a silent one is cut."""
    try:
        idle_seconds = await services.store.idle_seconds(upload.ref)
    except NotFound:
        return True
    return idle_seconds > services.settings.silent_connection_seconds


async def _forget(services: Services, upload_id: str) -> None:
    """Forget an upload that ended: its bytes first, since nobody would know of them afterwards."""
    upload = await services.uploads.load(upload_id, None)
    if upload.evidence_id is None and await outlives(services, upload):
        return
    await drop_bytes(services, upload)
    await services.uploads.forget(upload_id)


async def _remove_orphans(services: Services) -> None:
    """Remove what a creation that died before its record left."""
    ages = await services.store.ages()
    old = [upload_id for upload_id, age in ages.items() if age > ORPHAN_SECONDS]
    for start in range(0, len(old), _BATCH):
        for upload_id in await services.uploads.unknown_ids(old[start : start + _BATCH]):
            _log.info("orphan_removed", upload_id=upload_id)
            await services.store.delete(upload_id)
