"""The contract of upload stores on a real server; in memory, `test_stories` tells the longest of it."""

import asyncio
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from storage.blobs.cache import LocalCache
from storage.blobs.s3 import S3BlobStore
from storage.records.connections import Connections
from storage.records.database import Database, migrate
from storage.records.ledger import LedgerRecords
from storage.s3.bucket import Bucket
from storage.threads import Threads
from storage.uploads.s3.bucket import BucketObjects
from storage.uploads.s3.store import S3UploadStore
from tests.services.object_store import BUCKET, ObjectStore
from tests.storage.upload_contract import UploadContract


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database for others to be copies of."""
    file = tmp_path_factory.mktemp("ledger") / "intake.db"
    migrate(f"sqlite:///{file}")
    return file


class TestOnAServer(UploadContract):
    """An object store and the records, as in a deployment."""

    @pytest.fixture(autouse=True)
    def _server(self, object_store: ObjectStore, template: Path) -> Iterator[None]:
        self._opened: dict[Path, tuple[S3UploadStore, S3BlobStore, Database]] = {}
        self._template = template
        self._threads = Threads(8, "s3")
        with closing(object_store.client()) as self._client:
            yield
            for _, _, database in self._opened.values():
                asyncio.run(database.close())
            self._threads.end()

    def open_stores(self, folder: Path) -> tuple[S3UploadStore, S3BlobStore]:
        if folder not in self._opened:
            self._opened[folder] = self._open(folder)
        return self._opened[folder][:2]

    def _open(self, folder: Path) -> tuple[S3UploadStore, S3BlobStore, Database]:
        file = shutil.copy(self._template, folder / "intake.db")
        database = Database(Connections(make_url(f"sqlite:///{file}")))
        bucket = Bucket(self._client, self._client, BUCKET, secrets.token_hex(8), self._threads)
        store = S3UploadStore(BucketObjects(bucket), LedgerRecords(database))
        return store, S3BlobStore(bucket, LocalCache(folder / "cache", 1 << 20)), database
