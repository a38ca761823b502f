"""Unfinished uploads in memory: the fake that passes the same contract as the real stores."""

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from storage.blobs.disk import PIECE_BYTES
from storage.blobs.memory import MemoryBlobStore
from storage.errors import NotFound, UploadBusy, WriterFenced
from storage.uploads import UploadRef, UploadWriter, WholePart


@dataclass(slots=True)
class _Segment:
    data: bytearray = field(default_factory=bytearray)
    held: bool = False
    #: How many bytes count while those behind them are held back.
    limit: int | None = None
    touched_at: float = field(default_factory=time.monotonic)

    @property
    def counted(self) -> int:
        return len(self.data) if self.limit is None else self.limit


class _MemoryWriter:
    """The `UploadWriter` of a segment."""

    def __init__(self, segment: _Segment, before: int) -> None:
        self._segment = segment
        self._before = before

    @property
    def offset(self) -> int:
        """Bytes written so far."""
        return self._before + len(self._segment.data)

    @property
    def counted(self) -> int:
        """Bytes that are not held back."""
        return self._before + self._segment.counted

    async def write(self, chunks: Sequence[bytes]) -> None:
        """Append the chunks."""
        for chunk in chunks:
            self._segment.data += chunk
        self._segment.touched_at = time.monotonic()

    async def sync(self) -> int:
        """Memory is as durable as it ever gets."""
        return self.counted

    async def hold_back(self) -> None:
        """Count no further."""
        if self._segment.limit is None:
            self._segment.limit = len(self._segment.data)

    async def keep(self) -> int:
        """Count everything."""
        self._segment.limit = None
        return self.offset


class MemoryUploadStore:
    """An `UploadStore` that forgets everything with its process."""

    def __init__(self, blobs: MemoryBlobStore) -> None:
        self._blobs = blobs
        self._uploads: dict[str, dict[int, _Segment]] = {}

    def _segments(self, upload_id: str) -> dict[int, _Segment]:
        try:
            return self._uploads[upload_id]
        except KeyError as error:
            raise NotFound("no such upload") from error

    def _writable(self, upload: UploadRef) -> dict[int, _Segment]:
        segments = self._segments(upload.id)
        if len(upload.frozen) != upload.epoch - 1 or max(segments) > upload.epoch:
            raise WriterFenced("a later epoch has begun, or the ones before are not frozen")
        return segments

    async def create(self, upload: UploadRef) -> None:
        """Begin an empty upload."""
        self._uploads.setdefault(upload.id, {1: _Segment()})

    async def offset(self, upload: UploadRef) -> int:
        """Return the sum of the frozen sizes and the present segment's."""
        present = self._segments(upload.id).get(upload.epoch, _Segment())
        return sum(await self.measure(upload)) + present.counted

    async def measure(self, upload: UploadRef) -> tuple[int, ...]:
        """Return the sizes of the segments before the present one."""
        segments = self._segments(upload.id)
        fresh = (segments.get(epoch, _Segment()) for epoch in range(len(upload.frozen) + 1, upload.epoch))
        return (*upload.frozen, *(segment.counted for segment in fresh))

    async def idle_seconds(self, upload: UploadRef) -> float:
        """Return how long ago the latest segment was begun or written to."""
        segments = self._segments(upload.id)
        latest = max(epoch for epoch in segments if epoch <= upload.epoch)
        return time.monotonic() - segments[latest].touched_at

    async def read(
        self, upload: UploadRef, first: int = 0, last: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the counted bytes."""
        frozen = await self.measure(upload)
        whole = self._bytes(replace(upload, frozen=frozen), await self.offset(upload) - sum(frozen))
        end = len(whole) if last is None else min(last + 1, len(whole))
        for start in range(first, end, PIECE_BYTES):
            yield whole[start : min(start + PIECE_BYTES, end)]

    @contextlib.asynccontextmanager
    async def open_writer(self, upload: UploadRef) -> AsyncIterator[UploadWriter]:
        """Hold the present epoch's segment and append to it."""
        segment = self._writable(upload).setdefault(upload.epoch, _Segment())
        if segment.held:
            raise UploadBusy(upload.id)
        segment.held, segment.touched_at = True, time.monotonic()
        try:
            yield _MemoryWriter(segment, sum(upload.frozen))
        finally:
            del segment.data[segment.counted :]
            segment.limit = None
            segment.held = False

    async def finish(self, upload: UploadRef, key: str) -> int:
        """Join the counted bytes of all segments."""
        if upload.id in self._uploads:
            segments = self._writable(upload)
            last = segments.get(upload.epoch, _Segment())
            if last.held:
                raise UploadBusy(upload.id)
            await self._blobs.write_bytes(key, self._bytes(upload, len(last.data)))
            del self._uploads[upload.id]
        return (await self._blobs.stat(key)).size_bytes

    def _bytes(self, upload: UploadRef, last_bytes: int) -> bytes:
        segments = self._segments(upload.id)
        sizes = enumerate((*upload.frozen, last_bytes), 1)
        return b"".join(segments[epoch].data[:size] for epoch, size in sizes if size)

    async def join(self, upload: UploadRef, parts: Sequence[WholePart], key: str) -> int:
        """Put the parts' bytes behind each other."""
        if upload.id in self._uploads:
            whole = [self._bytes(part.upload, part.size_bytes - sum(part.upload.frozen)) for part in parts]
            await self._blobs.write_bytes(key, b"".join(whole))
            del self._uploads[upload.id]
        return (await self._blobs.stat(key)).size_bytes

    async def ages(self) -> Mapping[str, float]:
        """Return how long ago the latest segment of each upload was begun or written to."""
        now = time.monotonic()
        return {
            upload_id: now - max(segment.touched_at for segment in segments.values())
            for upload_id, segments in self._uploads.items()
        }

    async def delete(self, upload_id: str) -> None:
        """Forget the upload."""
        self._uploads.pop(upload_id, None)
