"""What every upload store's tests stand on: its stores, and a way to wait."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from storage.blobs import BlobStore
from storage.uploads import UploadStore

HOSTILE_IDS = [
    "",
    ".",
    "..",
    "../" * 8 + "tmp",
    "/etc/passwd",
    "a" * 15,
    "a" * 65,
    "a" * 3000,
    "a" * 20 + "\0",
    "a" * 20 + "\n",
    "a" * 20 + ".finished",
    "a" * 10 + "/" + "b" * 10,
    "ä" * 20,
    "%2e%2e%2f" * 3,
]


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Poll for at most ten seconds."""
    for _ in range(1000):
        if await holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


class UploadStores(ABC):
    @abstractmethod
    def open_stores(self, folder: Path) -> tuple[UploadStore, BlobStore]:
        """Open the stores in a folder; again with the same folder: as after a restart."""

    @pytest.fixture
    def stores(self, tmp_path: Path) -> tuple[UploadStore, BlobStore]:
        return self.open_stores(tmp_path)

    @pytest.fixture
    def uploads(self, stores) -> UploadStore:
        return stores[0]

    @pytest.fixture
    def blobs(self, stores) -> BlobStore:
        return stores[1]
