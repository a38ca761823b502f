"""The blob store: immutable objects under keys that never change.

Every implementation passes `tests/storage/blob_contract.py`.
"""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Room:
    """How much a store can hold."""

    #: What is left for this user.
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What is known of a blob without reading it."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Shown:
    """How a browser is to take a blob: header fields of the answer that gives it."""

    media_type: str
    disposition: str


class BlobStore(Protocol):
    """Stores whole objects. Keys are made by `storage.evidence`; callers never invent others.

    Callee's duties: a blob is visible whole or not at all, and durable once `publish` or
    `write_bytes` returns; publishing the same key again with equal bytes is no error; every other
    method raises `NotFound` for a missing key, except `delete`, which is idempotent.
    """

    async def publish(self, key: str, source: Path) -> BlobStat:
        """Make the file at `source` the blob `key`, consuming the file. Raises `StorageFull`."""
        ...

    async def write_bytes(self, key: str, data: bytes) -> BlobStat:
        """Store a small object (a sidecar). Raises `StorageFull`."""
        ...

    async def stat(self, key: str) -> BlobStat:
        """Return the blob's size. Raises `NotFound`."""
        ...

    def read(self, key: str, first: int = 0, last: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `first` to `last` inclusive (`None`: to the end) in pieces of at most 1 MiB.

        Who stops before the end closes it. Raises `NotFound`, before the first piece.
        """
        ...

    async def link(self, key: str, shown: Shown, seconds: int) -> str | None:
        """Return a URL at which anybody may get the blob for so long; `None` where the store has none.

        A blob that is missing has one, too.
        """
        ...

    def open_local(self, key: str, sha256: str | None) -> AbstractAsyncContextManager[Path]:
        """Give a read-only local file with the blob's bytes for as long as the context is open.

        `sha256` (hex) is checked whenever the bytes crossed a network. Raises `NotFound`, `Damaged`.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the blob, durably; a missing one is no error."""
        ...

    async def keys(self, evidence_id: str) -> tuple[str, ...]:
        """Return the keys of everything kept of one piece of evidence, sorted; none is no error."""
        ...

    async def room(self) -> Room | None:
        """Return the room that is left and in all, or `None` where the store has no such notion."""
        ...
