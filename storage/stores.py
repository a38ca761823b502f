"""The stores as the settings say: on this machine's disk, or in an object store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from config.settings import Settings
from storage.blobs import BlobStore
from storage.blobs.local import LocalBlobStore
from storage.records.database import Database
from storage.uploads import UploadStore
from storage.uploads.direct import DirectUploads
from storage.uploads.local import LocalUploadStore


@dataclass(frozen=True, slots=True)
class Stores:
    """Where uploads are received, and where they and everything made of them are kept."""

    uploads: UploadStore
    blobs: BlobStore
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
        yield Stores(LocalUploadStore(settings.store / "uploads", local), local)
        return
    from storage import in_bucket  # noqa: PLC0415 - loaded only where it is used

    async with in_bucket.open_blobs(settings.bucket, settings) as blobs:
        yield in_bucket.stores_beside(blobs, database, settings.storage_part_bytes)


def _local_blobs(settings: Settings) -> LocalBlobStore:
    return LocalBlobStore(settings.store / "blobs")
