"""The upload store: bytes of uploads that are not finished, and how they become a blob.

Every implementation passes `tests/storage/upload_contract.py`.

An upload has an **epoch** in its record. Each epoch writes to a segment of its own; the record keeps
the frozen sizes of all earlier segments. So a writer that was stopped, taken over and woken later can
change neither the bytes nor the offset. The offset is always derived from where the bytes are.

Taking over, in this order:

1. Raise the epoch in the record by compare-and-set. From here the old writer may acknowledge nothing.
2. `measure` the segments before the new epoch: at least what was ever acknowledged of them.
3. Record the sizes by compare-and-set (only where none are recorded for this epoch). The sizes that
   are on record count, whoever measured them; what is appended to these segments later never does.
4. Only then `open_writer`.

Whoever finds a record between 1 and 3 (`len(frozen) < epoch - 1`) does 2 and 3 first.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
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
    #: Of the blob its bytes become, for `create`: a store may put them there at once. `None`: of none, or not
    #: known yet.
    key: str | None = None


@dataclass(frozen=True, slots=True)
class WholePart:
    """What a whole takes of one upload: its first bytes."""

    upload: UploadRef
    size_bytes: int


class UploadWriter(Protocol):
    """The one writer of an upload at one epoch."""

    @property
    def offset(self) -> int:
        """Bytes written so far, durable or not."""
        ...

    @property
    def counted(self) -> int:
        """Those of them that are not held back."""
        ...

    async def write(self, chunks: Sequence[bytes]) -> None:
        """Append the chunks. Raises `StorageFull`; what was written before stays."""
        ...

    async def sync(self) -> int:
        """Make everything written durable and return the offset that may be acknowledged."""
        ...

    async def hold_back(self) -> None:
        """Let nothing that is written from here on count, until `keep`; durably so once it returns.

        It is in no offset, size or blob, and is dropped when the context closes or the process dies.
        Raises `StorageFull`, and `NotFound` when the upload is gone.
        """
        ...

    async def keep(self) -> int:
        """Make everything written durable, let what was held back count, and return the offset.

        For a writer that was taken over it changes nothing that was measured before. Raises as `hold_back`.
        """
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
        """Return the offset in bytes, made durable before it is told, also while a writer is active.

        Segments whose size is not frozen yet count as they are; those that another process writes to as far
        as it made them durable. Raises `NotFound`, also once `finish` has begun to hand the bytes over: a
        record that is still open then needs `finish` again.
        """
        ...

    async def measure(self, upload: UploadRef) -> tuple[int, ...]:
        """Return the durable sizes in bytes to freeze: one for each epoch before `upload.epoch`.

        Sizes that are frozen already stay. The epoch is raised before: a store may let nothing be added to
        earlier segments from here on. Raises `NotFound`, and `Damaged` when a segment is shorter
        than its frozen size.
        """
        ...

    async def idle_seconds(self, upload: UploadRef) -> float:
        """Return how long ago a writer last opened the upload or wrote to it, in any process.

        Bytes that a caller has not handed over yet do not count. Raises `NotFound`.
        """
        ...

    def read(self, upload: UploadRef, first: int = 0, last: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `first` to `last` inclusive (`None`: to the end) in pieces of at most 1 MiB.

        Only bytes that count, durable or not, as many as there are now. Who stops before the end closes it.
        A store that cannot read parts before the upload is finished raises `Unreadable` for those of an
        upload with a `key`, unless this process has them in memory; one without a key takes no more bytes
        once its parts were read. Raises `NotFound`, and `Damaged` as `measure`, before the first piece;
        `NotFound` also later, when the upload is finished meanwhile.
        """
        ...

    def open_writer(self, upload: UploadRef) -> AbstractAsyncContextManager[UploadWriter]:
        """Hold the upload and append to it.

        Leaving the context makes what counts durable and releases the hold, also on errors.
        Raises `UploadBusy`, `NotFound`, and `WriterFenced` when a later epoch has begun to write or
        earlier ones are not frozen.
        """
        ...

    async def finish(self, upload: UploadRef, key: str) -> int:
        """Make the upload's bytes the blob `key` of the blob store beside and return its size in bytes.

        The caller has left its writer. Idempotent: called again after a crash at any point, or by two at
        once, it ends the same. Raises `NotFound`, `StorageFull` (the upload stays as it was), `UploadBusy`
        (a writer of this epoch, perhaps a stopped one, holds it: raise the epoch), `WriterFenced` as
        `open_writer` does, and `Damaged`.
        """
        ...

    async def join(self, upload: UploadRef, parts: Sequence[WholePart], key: str) -> int:
        """Make the parts' bytes, in this order, the blob `key` as `finish` does; return its size in bytes.

        The parts stay as they are; `upload` holds the place of the whole and has no bytes of its own. Stops
        when cancelled. Raises `NotFound` when it or a part is gone, `StorageFull`, `UploadBusy` at once while
        somebody joins it, and `Damaged`; whatever is raised, it can be called again.
        """
        ...

    async def ages(self) -> Mapping[str, float]:
        """Return every upload of which anything is left, by id, with the seconds since it was last touched.

        Including what a process that died in `finish` or `delete` left: `delete` removes that, too.
        """
        ...

    async def delete(self, upload_id: str) -> None:
        """Drop an unfinished upload's bytes; idempotent. A writer that is still open writes into nothing."""
        ...
