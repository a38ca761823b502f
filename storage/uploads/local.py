"""Unfinished uploads in a folder of the local disk: `root/<id>/<epoch>.segment`."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping, Sequence
from pathlib import Path

from storage.blobs.disk import in_thread, read_range, sync_folder
from storage.blobs.local import LocalBlobStore
from storage.errors import NotFound, UploadBusy
from storage.uploads import UploadRef, UploadWriter, WholePart
from storage.uploads.finishing import finish_steps
from storage.uploads.folder import UploadFolder, segment_path, touched_folders
from storage.uploads.joining import join_steps
from storage.uploads.reading import spans
from storage.uploads.segment import Segment

#: Joining segments and copying between disks may take this long.
_FINISH_SECONDS = 3600.0
#: How long `finish` waits for a writer that is leaving, or for another `finish`.
_BUSY_SECONDS = 2.0
_RETRY_SECONDS = 0.02


class _LocalWriter:
    """The `UploadWriter` of a segment."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    @property
    def offset(self) -> int:
        """Bytes written so far."""
        return self._segment.offset

    @property
    def counted(self) -> int:
        """Bytes that are not held back."""
        return self._segment.counted

    async def write(self, chunks: Sequence[bytes]) -> None:
        """Append the chunks, in one system call where it can be."""
        await in_thread(self._segment.append, chunks)

    async def sync(self) -> int:
        """Make everything written durable. After a failure the offset is the last durable one."""
        return await in_thread(self._segment.sync)

    async def hold_back(self) -> None:
        """Note beside the segment how much of it counts."""
        await in_thread(self._segment.hold_back)

    async def keep(self) -> int:
        """Make everything durable, then note that all of it counts."""
        return await in_thread(self._segment.keep)


class LocalUploadStore:
    """An `UploadStore` in `root`, which is made if missing; best on the disk of `blobs`."""

    def __init__(self, root: Path, blobs: LocalBlobStore) -> None:
        self._root = root
        self._blobs = blobs
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _folder(self, upload_id: str) -> UploadFolder:
        return UploadFolder(self._root, upload_id)

    async def create(self, upload: UploadRef) -> None:
        """Make the folder and the first segment."""
        await in_thread(self._create, self._folder(upload.id))

    def _create(self, folder: UploadFolder) -> None:
        if folder.shut.is_dir():
            return
        folder.open.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(segment_path(folder.open, 1), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_folder(folder.open)
        sync_folder(self._root)

    async def offset(self, upload: UploadRef) -> int:
        """Return the sum of the frozen sizes and the present segment's."""
        return await in_thread(self._folder(upload.id).offset, upload)

    async def measure(self, upload: UploadRef) -> tuple[int, ...]:
        """Return the sizes of the segments before the present one."""
        return await in_thread(self._folder(upload.id).sizes, upload)

    async def idle_seconds(self, upload: UploadRef) -> float:
        """Return how long ago the latest segment was begun or written to."""
        return max(0.0, time.time() - await in_thread(self._folder(upload.id).touched_at, upload))

    async def read(
        self, upload: UploadRef, first: int = 0, last: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the counted bytes of one segment after the other."""
        folder = self._folder(upload.id)
        sizes = await in_thread(folder.counted_sizes, upload)
        for span in spans(sizes, first, last):
            path = segment_path(folder.open, span.epoch)
            async with contextlib.aclosing(read_range(path, span.first, span.last)) as pieces:
                async for piece in pieces:
                    yield piece

    @contextlib.asynccontextmanager
    async def open_writer(self, upload: UploadRef) -> AsyncIterator[UploadWriter]:
        """Lock the present epoch's segment and append to it."""
        segment = Segment(self._folder(upload.id), upload)
        try:
            await in_thread(segment.open)
            yield _LocalWriter(segment)
        finally:
            await in_thread(segment.close)

    async def finish(self, upload: UploadRef, key: str) -> int:
        """Make the upload's bytes the blob; one segment is renamed, later ones are appended to the first."""
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                await in_thread(self._finish, upload, key, seconds=_FINISH_SECONDS)
            except UploadBusy:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return (await self._blobs.stat(key)).size_bytes

    def _finish(self, upload: UploadRef, key: str) -> None:
        # In one thread: the holds last exactly as long as the work, also when the caller is cancelled.
        for _ in finish_steps(self._folder(upload.id), upload, self._blobs, key):
            pass

    async def join(self, upload: UploadRef, parts: Sequence[WholePart], key: str) -> int:
        """Copy the parts' bytes into one file, inside the kernel, and make it the blob."""
        stop = threading.Event()
        steps = join_steps(self._folder(upload.id), parts, self._blobs, key)
        try:
            await in_thread(_run, steps, stop, seconds=_FINISH_SECONDS)
        finally:
            stop.set()
        return (await self._blobs.stat(key)).size_bytes

    async def ages(self) -> Mapping[str, float]:
        """Look at every folder; whichever way the clock went, no age is below 0."""
        touched, now = await in_thread(touched_folders, self._root), time.time()
        return {upload_id: max(0.0, now - at) for upload_id, at in touched.items()}

    async def delete(self, upload_id: str) -> None:
        """Remove the upload's folder, whatever state it is in."""
        with contextlib.suppress(NotFound):
            await in_thread(self._folder(upload_id).remove)


def _run(steps: Generator[None, None, None], stop: threading.Event) -> None:
    """Do all steps, or stop between two of them once nobody waits any more."""
    with contextlib.closing(steps):
        for _ in steps:
            if stop.is_set():
                return
