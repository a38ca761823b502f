"""The stores as the settings say: on this machine's disk, or in an object store."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from config.settings import Settings
from storage.blobs import BlobStore
from storage.blobs.disk import in_thread
from storage.blobs.local import LocalBlobStore
from storage.errors import StorageUnavailable
from storage.records.database import Database
from storage.uploads import UploadStore
from storage.uploads.direct import DirectUploads
from storage.uploads.local import LocalUploadStore


@dataclass(frozen=True, slots=True)
class Stores:
    """Where uploads are received, and where they and everything made of them are kept."""

    uploads: UploadStore
    blobs: BlobStore
    #: Looks, at little cost, whether they can be written to; raises `StorageError`.
    look: Callable[[], Awaitable[None]]
    #: `None`: clients cannot reach the store.
    direct: DirectUploads | None = None


@asynccontextmanager
async def open_blobs(settings: Settings) -> AsyncIterator[BlobStore]:
    """Give the blob store. Raises `StorageUnavailable` for an address that cannot be used."""
    if settings.bucket is None:
        yield _local_blobs(settings)
        return
    from storage import in_bucket  # noqa: PLC0415 - loaded only where it is used

    async with in_bucket.open_blobs(settings.bucket, settings) as blobs:
        yield blobs


@asynccontextmanager
async def open_stores(settings: Settings, database: Database) -> AsyncIterator[Stores]:
    """Give both stores. Raises as `open_blobs`."""
    if settings.bucket is None:
        local = _local_blobs(settings)
        uploads = settings.store / "uploads"
        look = partial(in_thread, _require_writable, uploads, settings.store / "blobs")
        yield Stores(LocalUploadStore(uploads, local), local, look)
        return
    from storage import in_bucket  # noqa: PLC0415 - loaded only where it is used

    async with in_bucket.open_blobs(settings.bucket, settings) as blobs:
        yield in_bucket.stores_beside(blobs, database, settings.storage_part_bytes)


def _local_blobs(settings: Settings) -> LocalBlobStore:
    return LocalBlobStore(settings.store / "blobs")


def _require_writable(*folders: Path) -> None:
    """Raise `StorageUnavailable` for a folder that is missing or that nothing may be added to. Blocks."""
    for folder in folders:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StorageUnavailable(f"{folder.name} is missing or cannot be written to")
