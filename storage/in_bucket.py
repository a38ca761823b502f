"""Both stores in one bucket; only loaded where one is used, for its client takes 40 MB."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from config.bucket import BucketAddress
from config.settings import Settings
from storage.blobs.cache import LocalCache
from storage.blobs.s3 import S3BlobStore
from storage.records.database import Database
from storage.records.ledger import LedgerRecords
from storage.s3.bucket import open_bucket
from storage.stores import Stores
from storage.uploads.s3.bucket import BucketObjects
from storage.uploads.s3.direct import S3DirectUploads
from storage.uploads.s3.memory import return_freed_buffers
from storage.uploads.s3.sizes import GROWING, equal
from storage.uploads.s3.store import S3UploadStore


@asynccontextmanager
async def open_blobs(address: BucketAddress, settings: Settings) -> AsyncIterator[S3BlobStore]:
    """Give the blob store. Raises `StorageUnavailable` for an address that cannot be used."""
    async with open_bucket(address, settings.storage_connections) as bucket:
        yield S3BlobStore(bucket, LocalCache(settings.data / "cache", settings.cache_bytes))


def stores_beside(blobs: S3BlobStore, database: Database, part_bytes: int | None) -> Stores:
    """Return the stores of uploads that become blobs of that store, and that store.

    `part_bytes`: of every part but an upload's last; `None`: they grow.
    """
    return_freed_buffers()
    ledger = LedgerRecords(database)
    uploads = S3UploadStore(BucketObjects(blobs.bucket), ledger, equal(part_bytes) if part_bytes else GROWING)
    return Stores(uploads, blobs, blobs.bucket.look, S3DirectUploads(blobs.bucket, ledger))
