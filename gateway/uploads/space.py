"""The room on the store's disk: new bytes end before what everything else here needs is used up.

What an open upload announced is no claim on the disk: two centres that announce much and send nothing would
keep every other one out for days. So each creation, and each body as far as it says its length, must fit by
itself into what is free now. That many together may not fit shows while they arrive: the room is measured
every second, and at the reserve all of them are told 507, with what they sent kept. The reserve is what
several processes may write in that second, and what the records, the scratch and finishing need.
"""

import time

from storage.blobs import BlobStore, Room
from storage.errors import StorageFull

_FREE_FRACTION = 0.05
_FREE_BYTES = 2 << 30

#: The room is measured at most so often while bytes arrive.
_STEP_SECONDS = 1.0
#: A look at it holds this long for bodies that begin, however many do.
_FRESH_SECONDS = 0.1


class Space:
    """The room as one process sees it."""

    def __init__(self, blobs: BlobStore, reserve_bytes: int | None) -> None:
        self._blobs = blobs
        self._chosen = reserve_bytes
        self._room: Room | None = None
        self._measured_at = self._looked_at = -_STEP_SECONDS

    async def require(self, size_bytes: int) -> None:
        """Raise `StorageFull` if so many new bytes would leave less than the reserve."""
        if time.monotonic() - self._measured_at > _FRESH_SECONDS or not self._holds(size_bytes):
            await self._measure()
        self._require(size_bytes)

    async def check(self) -> None:
        """Raise `StorageFull` while the reserve is used; to be called as often as bytes arrive."""
        now = time.monotonic()
        if now - self._looked_at > _STEP_SECONDS:
            self._looked_at = now  # one of many looks
            await self._measure()
        self._require(0)

    async def _measure(self) -> None:
        self._room = await self._blobs.room()
        self._measured_at = self._looked_at = time.monotonic()

    def _require(self, size_bytes: int) -> None:
        if not self._holds(size_bytes):
            raise StorageFull("the reserve would be used")

    def _holds(self, size_bytes: int) -> bool:
        return self._room is None or size_bytes <= free_for_uploads(self._room, self._chosen)


def free_for_uploads(room: Room, reserve_bytes: int | None) -> int:
    """Return how many bytes may come; below 0: some of the reserve is used.

    `reserve_bytes`: what must stay free; `None`: the smaller of 5 % and 2 GiB.
    """
    usual = min(int(room.total_bytes * _FREE_FRACTION), _FREE_BYTES)
    return room.free_bytes - (usual if reserve_bytes is None else reserve_bytes)
