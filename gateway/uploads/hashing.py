"""SHA-256 of whole uploads while their bytes arrive, so that the last answer can say it.

What is hashed is what was stored, read back while the system still has it in memory. So it does not matter
which process received which part: one that never saw the beginning, or lost its place by a restart, reads
on from where it is, a little with every piece that arrives and the rest at the end. Where a store cannot
read what is not finished, that rest is what this process never had in its memory.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from gateway.uploads.checksum import Digest
from storage.blobs import BlobStore
from storage.errors import StorageError, Unreadable
from storage.evidence import original_key
from storage.upload import Upload
from storage.uploads import UploadRef, UploadStore

#: Bytes that must have arrived since the last look…
_PIECE_BYTES = 1 << 20
#: …and the most that is hashed at one look, so that no sender is kept waiting for long.
_LOOK_BYTES = 8 << 20

#: Uploads hashed at the same time, each with one piece in memory.
_SLOTS = 4

#: Uploads whose place is remembered; one that is forgotten is hashed from its beginning again.
_REMEMBERED = 1024

_log = structlog.get_logger()


@dataclass(slots=True)
class _Place:
    """How far an upload is hashed."""

    epoch: int
    offset: int = 0
    sha256: Digest = field(default_factory=hashlib.sha256)
    #: The store cannot read on before the upload is finished.
    waits: bool = False

    def holds_for(self, upload: UploadRef) -> bool:
        """Tell whether the bytes hashed are still the upload's: what a fenced writer added is not."""
        frozen_bytes = sum(upload.frozen[: self.epoch])
        return self.epoch == upload.epoch or self.offset <= frozen_bytes


class Hashing:
    """The uploads that this process hashes: with `enabled` all, else those whose senders want it."""

    def __init__(self, store: UploadStore, blobs: BlobStore, *, enabled: bool) -> None:
        self._store = store
        self._blobs = blobs
        self._enabled = enabled
        self._slots = asyncio.Semaphore(_SLOTS)
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def is_wanted(self, upload: Upload) -> bool:
        """Tell whether the upload's SHA-256 is wanted; a part of an upload is no original."""
        asked = self._enabled or upload.wants_digest or upload.sha256 is not None
        return asked and upload.evidence_id is not None

    async def advance(self, upload: Upload, counted: int) -> None:
        """Hash a bounded part of what the upload has up to `counted` bytes, unless too many others do.

        A disk that does not answer ends no sender.
        """
        if self._slots.locked() or not self.is_wanted(upload):
            return
        place = self._take(upload.ref, counted)
        if counted - place.offset >= _PIECE_BYTES and not place.waits:
            last = min(counted, place.offset + _LOOK_BYTES) - 1
            try:
                await self._read(place, self._store.read(upload.ref, place.offset, last))
            except Unreadable:
                place.waits = True
            except StorageError as error:
                _log.warning("not_hashed", upload_id=upload.id, error=repr(error))
                return
        place.epoch = upload.epoch
        self._put_back(upload.id, place)

    async def finish(self, upload: Upload) -> str:
        """Return the SHA-256 (hex) of a finished upload's original, reading what is not hashed yet.

        Raises `NotFound`.
        """
        place = self._take(upload.ref, upload.length_bytes or 0)
        await self._read(place, self._blobs.read(original_key(upload.becomes), place.offset))
        return place.sha256.digest().hex()

    async def _read(self, place: _Place, pieces: AsyncGenerator[bytes, None]) -> None:
        async with self._slots, aclosing(pieces):
            async for piece in pieces:
                await asyncio.to_thread(place.sha256.update, piece)
                place.offset += len(piece)

    def _take(self, upload: UploadRef, counted: int) -> _Place:
        """Return the upload's place, alone: who asks in between begins anew."""
        place = self._places.pop(upload.id, None)
        if place and place.holds_for(upload) and place.offset <= counted:
            return place
        return _Place(upload.epoch)

    def _put_back(self, upload_id: str, place: _Place) -> None:
        self._places[upload_id] = place
        while len(self._places) > _REMEMBERED:
            self._places.popitem(last=False)
