"""The stores as the settings say: on this machine's disk, or in an object store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from config.settings import Settings
from storage.blobs import BlobStore
from storage.blobs.cache import LocalCache
from storage.blobs.local import LocalBlobStore
from storage.errors import StorageUnavailable
from storage.uploads import UploadStore
from storage.uploads.local import LocalUploadStore


@asynccontextmanager
async def open_blobs(settings: Settings) -> AsyncIterator[BlobStore]:
    """Give the blob store. Raises `StorageUnavailable` for an address that cannot be used."""
    if settings.bucket is None:
        yield LocalBlobStore(settings.store / "blobs")
        return
    # boto3 takes 40 MB and a tenth of a second, so that only they have it who use it.
    from storage.blobs.s3 import S3BlobStore  # noqa: PLC0415
    from storage.s3.bucket import open_bucket  # noqa: PLC0415

    async with open_bucket(settings.bucket, settings.storage_connections) as bucket:
        yield S3BlobStore(bucket, LocalCache(settings.data / "cache", settings.cache_bytes))


@dataclass(frozen=True, slots=True)
class Stores:
    """Where uploads are received, and where they and everything made of them are kept."""

    uploads: UploadStore
    blobs: BlobStore


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Give both stores. Raises as `open_blobs`."""
    async with open_blobs(settings) as blobs:
        if not isinstance(blobs, LocalBlobStore):
            raise StorageUnavailable("uploads cannot be received into an object store yet")
        yield Stores(LocalUploadStore(settings.store / "uploads", blobs), blobs)
