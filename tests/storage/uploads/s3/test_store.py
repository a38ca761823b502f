"""The contract of upload stores on a real server, and in memory."""

import asyncio
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from storage.blobs import BlobStat
from storage.blobs.cache import LocalCache
from storage.blobs.s3 import S3BlobStore
from storage.records.connections import Connections
from storage.records.database import Database, migrate
from storage.records.ledger import LedgerRecords
from storage.s3.bucket import Bucket
from storage.uploads.s3.bucket import BucketObjects
from storage.uploads.s3.memory_ledger import MemoryLedger
from storage.uploads.s3.memory_objects import MemoryObjects
from storage.uploads.s3.sizes import equal
from storage.uploads.s3.store import S3UploadStore
from tests.services.seaweed import BUCKET, SeaweedServer
from tests.storage.upload_contract import UploadContract
from tests.storage.upload_story import STEPS, Story


class ObjectsAsBlobs:
    """The blobs of objects in memory, as far as tests of uploads look at them."""

    def __init__(self, objects: MemoryObjects) -> None:
        self._objects = objects

    async def stat(self, key: str) -> BlobStat:
        return BlobStat(await self._objects.size(f"blobs/{key}"))

    async def read(self, key: str, first: int = 0, last: int | None = None):
        whole = await self._objects.get(f"blobs/{key}", 0, await self._objects.size(f"blobs/{key}"))
        yield whole[first : None if last is None else last + 1]


def in_memory(part_bytes: int) -> tuple[S3UploadStore, ObjectsAsBlobs]:
    objects = MemoryObjects(part_bytes)
    return S3UploadStore(objects, MemoryLedger(), equal(part_bytes)), ObjectsAsBlobs(objects)


class TestInMemory(UploadContract):
    @staticmethod
    @cache
    def _of(folder: Path) -> tuple[S3UploadStore, ObjectsAsBlobs]:
        return in_memory(5 << 20)

    def open_stores(self, folder: Path) -> tuple[S3UploadStore, ObjectsAsBlobs]:
        return self._of(folder)


class TestStoriesOfManyParts:
    """Parts so small that every story has some; those that are no part's size at the end are pieces."""

    @given(steps=STEPS, seed=st.integers(0, 2**32), part_bytes=st.integers(500, 6000))
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def test_any_story_of_cuts_and_take_overs_gives_legal_parts_and_the_same_bytes(
        self, steps, seed, part_bytes
    ):
        stores = in_memory(part_bytes)
        asyncio.run(Story(lambda: stores, Random(seed)).tell(steps))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database for others to be copies of."""
    file = tmp_path_factory.mktemp("ledger") / "intake.db"
    migrate(f"sqlite:///{file}")
    return file


class TestOnAServer(UploadContract):
    """SeaweedFS and the records, as in a deployment."""

    @pytest.fixture(autouse=True)
    def _server(self, seaweed: SeaweedServer, template: Path) -> Iterator[None]:
        self._opened: dict[Path, tuple[S3UploadStore, S3BlobStore, Database]] = {}
        self._template = template
        with closing(seaweed.client()) as self._client, ThreadPoolExecutor(8) as self._threads:
            yield
            for _, _, database in self._opened.values():
                asyncio.run(database.close())

    def open_stores(self, folder: Path) -> tuple[S3UploadStore, S3BlobStore]:
        if folder not in self._opened:
            self._opened[folder] = self._open(folder)
        return self._opened[folder][:2]

    def _open(self, folder: Path) -> tuple[S3UploadStore, S3BlobStore, Database]:
        file = shutil.copy(self._template, folder / "intake.db")
        database = Database(Connections(make_url(f"sqlite:///{file}")))
        bucket = Bucket(self._client, BUCKET, secrets.token_hex(8), self._threads)
        store = S3UploadStore(BucketObjects(bucket), LedgerRecords(database))
        return store, S3BlobStore(bucket, LocalCache(folder / "cache", 1 << 20)), database
