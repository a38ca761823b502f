"""The upload store of one process of a deployment: on a real server, with the records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from config.bucket import parse_bucket
from storage.records.database import open_database
from storage.records.ledger import LedgerRecords
from storage.s3.bucket import open_bucket
from storage.uploads.s3.bucket import BucketObjects
from storage.uploads.s3.store import S3UploadStore


@asynccontextmanager
async def deployed(storage: str, database_url: str) -> AsyncIterator[S3UploadStore]:
    async with (
        open_bucket(parse_bucket(storage), connections=8) as bucket,
        open_database(database_url) as database,
    ):
        yield S3UploadStore(BucketObjects(bucket), LedgerRecords(database))
