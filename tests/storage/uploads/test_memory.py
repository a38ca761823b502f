from functools import cache
from pathlib import Path

from storage.blobs.memory import MemoryBlobStore
from storage.uploads.memory import MemoryUploadStore
from tests.storage.upload_contract import UploadContract


class TestMemoryUploadStore(UploadContract):
    @staticmethod
    @cache
    def _of(folder: Path) -> tuple[MemoryUploadStore, MemoryBlobStore]:
        blobs = MemoryBlobStore()
        return MemoryUploadStore(blobs), blobs

    def open_stores(self, folder: Path) -> tuple[MemoryUploadStore, MemoryBlobStore]:
        return self._of(folder)
