"""Uploads that nobody looks after: finish the complete, drop the expired, forget the old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

from gateway.services import Services
from gateway.tus.completion import abandon, complete, durable_offset
from storage.errors import StorageError, UploadBusy
from storage.upload import Upload, UploadState

_PAUSE_SECONDS = 30.0
_BATCH = 500

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
        try:
            await sweep(services, datetime.now(UTC))
        except (StorageError, OSError) as error:
            _log.warning("sweep_failed", error=repr(error))
        await asyncio.sleep(_PAUSE_SECONDS)


async def sweep(services: Services, now: datetime) -> None:
    """Look once at every open upload whose bytes may all be here, and at those past their time."""
    after = ""
    while uploads := await services.uploads.open_uploads(_BATCH, after):
        for upload in uploads:
            await _finish_if_whole(services, upload)
        after = uploads[-1].id
    for upload in await services.uploads.expired(now, _BATCH):
        await abandon(services, upload, UploadState.EXPIRED)
    for upload in await services.uploads.forgettable(now, _BATCH):
        await services.uploads.forget(upload.id)


async def _finish_if_whole(services: Services, upload: Upload) -> None:
    """Finish an upload whose last answer was lost with its process."""
    try:
        if await durable_offset(services, upload) == upload.length_bytes:
            await complete(services, upload)
    except UploadBusy:
        return
    except StorageError as error:
        _log.warning("upload_unreadable", upload_id=upload.id, error=repr(error))
