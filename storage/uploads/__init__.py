"""The upload store: bytes of uploads that are not finished, and how they become a blob.

Every implementation passes `tests/storage/upload_contract.py`.

An upload has an **epoch** in its record, raised by compare-and-set when a writer is taken over. Each
epoch writes to a segment of its own; the record keeps the frozen sizes of all earlier segments. So a
writer that was stopped, taken over and woken later can change neither the bytes nor the offset.
The offset is always derived from where the bytes are.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UploadRef:
    """What a store must know of an upload's record."""

    id: str
    #: Epoch of the present writer, from 1.
    epoch: int = 1
    #: Frozen sizes in bytes of the segments of the epochs before (`len(frozen) == epoch - 1`).
    frozen: tuple[int, ...] = ()


class UploadWriter(Protocol):
    """The one writer of an upload at one epoch."""

    @property
    def offset(self) -> int:
        """Bytes written so far, durable or not."""
        ...

    async def write(self, chunks: Sequence[bytes]) -> None:
        """Append the chunks. Raises `StorageFull`; what was written before stays."""
        ...

    async def sync(self) -> int:
        """Make everything written durable and return the offset that may be acknowledged."""
        ...


class UploadStore(Protocol):
    """Stores unfinished uploads.

    Caller's duties: before acknowledging an offset, compare the record's epoch with the writer's.
    Callee's duties: one writer at a time (`UploadBusy` for the second, in this process or another);
    what `sync` returned survives kill -9; `finish` never copies when one segment holds everything.
    """

    async def create(self, upload: UploadRef) -> None:
        """Make room for an upload; idempotent. Raises `StorageFull`."""
        ...

    async def offset(self, upload: UploadRef) -> int:
        """Return the durable offset in bytes, also while a writer is active. Raises `NotFound`."""
        ...

    async def idle_seconds(self, upload: UploadRef) -> float:
        """Return how long ago the last byte was written (by any process). Raises `NotFound`."""
        ...

    def open_writer(self, upload: UploadRef) -> AbstractAsyncContextManager[UploadWriter]:
        """Hold the upload and append to it. Raises `UploadBusy`, `NotFound`.

        Leaving the context makes everything written durable and releases the hold, also on errors.
        """
        ...

    async def finish(self, upload: UploadRef, key: str) -> int:
        """Make the upload's bytes the blob `key` of the blob store beside and return its size in bytes.

        Idempotent: called again after a crash at any point it ends the same. Raises `NotFound`, `StorageFull`.
        """
        ...

    async def delete(self, upload_id: str) -> None:
        """Drop an unfinished upload's bytes; idempotent. A writer that is still open writes into nothing."""
        ...
