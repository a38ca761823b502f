"""What all writers and finishers of a process share."""

import asyncio
import secrets
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from storage.errors import StorageError
from storage.uploads.s3.account import Extent
from storage.uploads.s3.beats import Beats
from storage.uploads.s3.ledger import Ledger
from storage.uploads.s3.memory import Budget, Tails
from storage.uploads.s3.objects import Objects
from storage.uploads.s3.sizes import PartSizes

T = TypeVar("T")

#: Parts and pieces that one process sends at once.
_SENDS = 3


@dataclass(frozen=True, slots=True)
class Desk:
    """The store's bytes, its ledger, and this process's memory and turns."""

    objects: Objects
    ledger: Ledger
    sizes: PartSizes
    beats: Beats
    budget: Budget = field(default_factory=Budget)
    tails: Tails = field(default_factory=Tails)
    sends: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SENDS))

    async def gather(self, pieces: Sequence[Extent]) -> bytearray:
        """Return the bytes of pieces: those of a tail that a writer here left, or read back."""
        found = self.tails.take(tuple(piece.name for piece in pieces))
        if found is not None:
            return found
        data = bytearray()
        for piece in pieces:
            data += await self.objects.get(piece.name, 0, piece.size_bytes)
        return data

    async def sweep(self, places: Sequence[str]) -> None:
        """Remove pieces that no account names any more; what fails is found by its folder later."""
        with suppress(StorageError):
            await self.objects.delete(places)


def folder_of(upload_id: str) -> str:
    """Return the begin of the places of an upload's own objects."""
    return f"uploads/{upload_id}/"


def new_place(upload_id: str) -> str:
    """Return a place that was never used."""
    return f"{folder_of(upload_id)}{secrets.token_hex(8)}"


def blob_place(key: str) -> str:
    """Return where the blob store has a blob."""
    return f"blobs/{key}"


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await the work, and if cancelled wait for its end first: both sides must know what was done."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
