"""Blobs in memory: the fake that passes the same contract as the real stores."""

import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from storage.blobs import BlobStat, Shown
from storage.blobs.disk import PIECE_BYTES, in_thread
from storage.blobs.naming import require_key
from storage.errors import NotFound


class MemoryBlobStore:
    """A `BlobStore` that forgets everything with its process."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def _get(self, key: str) -> bytes:
        try:
            return self._blobs[require_key(key)]
        except KeyError as error:
            raise NotFound(key) from error

    async def publish(self, key: str, source: Path) -> BlobStat:
        """Read the file into memory and remove it."""
        data = await in_thread(source.read_bytes)
        require_key(key)
        await in_thread(source.unlink)
        return await self.write_bytes(key, data)

    async def write_bytes(self, key: str, data: bytes) -> BlobStat:
        """Keep the bytes."""
        self._blobs[require_key(key)] = bytes(data)
        return BlobStat(len(data))

    async def stat(self, key: str) -> BlobStat:
        """Return the blob's size."""
        return BlobStat(len(self._get(key)))

    async def read(self, key: str, first: int = 0, last: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield a range of the blob's bytes."""
        data = memoryview(self._get(key))[first : None if last is None else last + 1]
        for start in range(0, len(data), PIECE_BYTES):
            yield bytes(data[start : start + PIECE_BYTES])

    async def link(self, key: str, shown: Shown, seconds: int) -> None:  # noqa: ARG002 - no network
        """Nobody gets at memory but through us."""
        return

    @contextlib.asynccontextmanager
    async def open_local(self, key: str, sha256: str | None) -> AsyncIterator[Path]:  # noqa: ARG002 - no network
        """Give a temporary file with the blob's bytes."""
        data = self._get(key)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "blob"
            await in_thread(path.write_bytes, data)
            yield path

    async def delete(self, key: str) -> None:
        """Forget the blob."""
        self._blobs.pop(key, None)

    async def keys(self, evidence_id: str) -> tuple[str, ...]:
        """Return the keys of one piece of evidence."""
        return tuple(sorted(key for key in self._blobs if key.startswith(f"{evidence_id}/")))

    async def room(self) -> None:
        """Memory has no notion of room."""
        return
