"""Object stores in memory, and lines to them that are cut: as far as a killed process got."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from storage.blobs import BlobStat
from storage.errors import StorageUnavailable
from storage.uploads.s3.memory_ledger import MemoryLedger
from storage.uploads.s3.memory_objects import MemoryObjects
from storage.uploads.s3.sizes import equal
from storage.uploads.s3.store import S3UploadStore


class ObjectsAsBlobs:
    """The blobs of objects in memory, as far as tests of uploads look at them."""

    def __init__(self, objects: MemoryObjects) -> None:
        self._objects = objects

    async def stat(self, key: str) -> BlobStat:
        return BlobStat(await self._objects.size(f"blobs/{key}"))

    async def read(self, key: str, first: int = 0, last: int | None = None):
        whole = await self._objects.get(f"blobs/{key}", 0, await self._objects.size(f"blobs/{key}"))
        yield whole[first : None if last is None else last + 1]


@dataclass
class Cut:
    """Nothing passes any more after so many calls; the one that it happens to is done or not."""

    calls: int
    done: bool = False

    def line_to(self, target: Any) -> "Line":
        return Line(target, self)

    async def call(self, work: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        self.calls -= 1
        if self.calls > 0 or (self.calls == 0 and self.done):
            result = await work(*args, **named)
            if self.calls > 0:
                return result
        raise StorageUnavailable("this process is dead")


class Line:
    """A ledger or objects at the other end of a line."""

    def __init__(self, target: Any, cut: Cut) -> None:
        self._target = target
        self._cut = cut

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **named: Any) -> Any:
            return await self._cut.call(getattr(self._target, name), *args, **named)

        return call


class Place:
    """Objects and a ledger for any number of processes."""

    def __init__(self, part_bytes: int, *, wants_all: bool = False, salts: bool = False) -> None:
        self.sizes = equal(part_bytes)
        self.objects = MemoryObjects(part_bytes, wants_all=wants_all, salts=salts)
        self.ledger = MemoryLedger()
        self.blobs = ObjectsAsBlobs(self.objects)

    def process(self, cut: Cut | None = None) -> S3UploadStore:
        """Return the store as one more process has it."""
        if cut is None:
            return S3UploadStore(self.objects, self.ledger, self.sizes)
        return S3UploadStore(cut.line_to(self.objects), cut.line_to(self.ledger), self.sizes)
