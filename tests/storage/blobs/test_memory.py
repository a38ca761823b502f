from functools import cache
from pathlib import Path

from storage.blobs.memory import MemoryBlobStore
from tests.storage.blob_contract import BlobContract


class TestMemoryBlobStore(BlobContract):
    @staticmethod
    @cache
    def _of(folder: Path) -> MemoryBlobStore:
        return MemoryBlobStore()

    def open_store(self, folder: Path) -> MemoryBlobStore:
        return self._of(folder)
