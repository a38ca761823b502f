"""Blobs in a folder of the local disk.

A blob is `root/<last two characters of the evidence id>/<key>`, so that no folder grows too large.
What a killed process left in `root/incoming` is removed after a day.
"""

import contextlib
import errno
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from io import FileIO
from pathlib import Path

from storage.blobs import BlobStat, Room, Shown
from storage.blobs.disk import (
    copy_pieces,
    in_thread,
    make_folders,
    measure_room,
    open_regular,
    read_range,
    sync_upward,
)
from storage.blobs.naming import require_key
from storage.errors import NotFound

_LEFTOVER_SECONDS = 86_400
#: Copying between disks may take this long.
_PUBLISH_SECONDS = 3600.0


class LocalBlobStore:
    """A `BlobStore` in `root`, which is made if missing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def locate(self, key: str) -> Path:
        """Return where the blob `key` is or would be. Raises `NotFound` for what cannot be a key."""
        return self._root / require_key(key).partition("/")[0][-2:] / key

    def place(self, key: str, source: Path) -> BlobStat:
        """Do the work of `publish`, for a caller that is in a thread already."""
        target = self.locate(key)
        with open_regular(source) as handle:
            os.fchmod(handle.fileno(), 0o600)
            os.fsync(handle.fileno())
            size_bytes = os.fstat(handle.fileno()).st_size
            make_folders(target.parent, self._root)
            self._move(handle, source, target)
        self.settle(key)
        return BlobStat(size_bytes)

    def settle(self, key: str) -> None:
        """Make the name of a blob durable, which a process killed in `place` may not have done. Blocks."""
        sync_upward(self.locate(key).parent, self._root)

    def _move(self, handle: FileIO, source: Path, target: Path) -> None:
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._take_in(target, lambda fresh: _copy(handle, fresh))
            source.unlink()

    async def publish(self, key: str, source: Path) -> BlobStat:
        """Make the file the blob: a rename on one disk, a copy and a rename from another."""
        return await in_thread(self.place, key, source, seconds=_PUBLISH_SECONDS)

    async def write_bytes(self, key: str, data: bytes) -> BlobStat:
        """Store a small object; an earlier one is replaced at once, never in part."""
        return await in_thread(self._write_bytes, key, data)

    def _write_bytes(self, key: str, data: bytes) -> BlobStat:
        target = self.locate(key)
        make_folders(target.parent, self._root)
        self._take_in(target, lambda fresh: _write(fresh, data))
        self.settle(key)
        return BlobStat(len(data))

    def _take_in(self, target: Path, fill: Callable[[FileIO], None]) -> None:
        """Fill a fresh file, make it durable and give it its name."""
        make_folders(self._incoming, self._root)
        self._sweep()
        fresh = self._incoming / secrets.token_hex(16)
        try:
            with FileIO(
                os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb"
            ) as handle:
                fill(handle)
                os.fsync(handle.fileno())
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        oldest = time.time() - _LEFTOVER_SECONDS
        for leftover in self._incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink()

    async def stat(self, key: str) -> BlobStat:
        """Return the blob's size."""
        return await in_thread(self._stat, key)

    def _stat(self, key: str) -> BlobStat:
        with open_regular(self.locate(key)) as handle:
            return BlobStat(os.fstat(handle.fileno()).st_size)

    async def read(self, key: str, first: int = 0, last: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield a range of the blob's bytes."""
        async with contextlib.aclosing(read_range(self.locate(key), first, last)) as pieces:
            async for piece in pieces:
                yield piece

    async def link(self, key: str, shown: Shown, seconds: int) -> None:  # noqa: ARG002 - no network
        """Nobody gets at the disk but through us."""
        return

    @contextlib.asynccontextmanager
    async def open_local(self, key: str, sha256: str | None) -> AsyncIterator[Path]:  # noqa: ARG002 - no network
        """Give the blob's own file: it crossed no network, so its hash is not checked again."""
        await self.stat(key)
        yield self.locate(key)

    async def delete(self, key: str) -> None:
        """Remove the blob."""
        with contextlib.suppress(NotFound):
            await in_thread(self._delete, key)

    def _delete(self, key: str) -> None:
        path = self.locate(key)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self.settle(key)

    async def keys(self, evidence_id: str) -> tuple[str, ...]:
        """Return the keys of one piece of evidence."""
        return await in_thread(self._keys, evidence_id)

    def _keys(self, evidence_id: str) -> tuple[str, ...]:
        folder = self.locate(f"{evidence_id}/original").parent
        return tuple(
            sorted(str(path.relative_to(folder.parent)) for path in folder.rglob("*") if path.is_file())
        )

    async def room(self) -> Room:
        """Return the room on the disk."""
        return await in_thread(measure_room, self._root)


def _copy(source: FileIO, target: FileIO) -> None:
    for _ in copy_pieces(source.fileno(), target.fileno(), os.fstat(source.fileno()).st_size):
        pass


def _write(target: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[target.write(rest) :]
