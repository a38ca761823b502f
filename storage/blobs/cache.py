"""Local copies of blobs that lie across a network: each is fetched once and kept while there is room.

Any number of processes share the folder (`storage.blobs.copies`): what one of them fetches, others wait for.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from io import FileIO
from pathlib import Path

from storage.blobs.copies import Copies, Copy, Wanted, close
from storage.blobs.disk import in_thread
from storage.digests import sha256_file
from storage.errors import Damaged, StorageUnavailable

#: How often one looks again while somebody else fetches the same blob, and for how long.
_LOOK_SECONDS = 0.1
_WAIT_SECONDS = 3600.0

#: Fetches a blob's bytes.
Fetch = Callable[[], AsyncGenerator[bytes, None]]


class LocalCache:
    """Copies in `folder`, which is made if missing; those that nobody uses have at most `limit_bytes`.

    What is in use may be more: a blob larger than the limit must be looked at all the same.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._copies = Copies(folder, limit_bytes)

    @asynccontextmanager
    async def hold(self, wanted: Wanted, fetch: Fetch) -> AsyncIterator[Path]:
        """Give a copy whose hash this process has checked, for as long as the context is open.

        Raises `Damaged` when what is fetched is not what is wanted, `StorageFull`, and what `fetch` raises.
        """
        copy = await self._obtain(wanted, fetch)
        try:
            yield copy.path
        finally:
            close(copy)

    async def forget(self, key: str) -> None:
        """Remove every copy of a blob."""
        await in_thread(self._copies.remove, key)

    async def _obtain(self, wanted: Wanted, fetch: Fetch) -> Copy:
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            if copy := await self._find(wanted):
                return copy
            if not await self._fetch(wanted, fetch):
                await asyncio.sleep(_LOOK_SECONDS)
            if time.monotonic() > until:
                raise StorageUnavailable("a copy of a blob is not to be had")

    async def _find(self, wanted: Wanted) -> Copy | None:
        """Return the copy that is there; one whose bytes are not what its name says is removed."""
        copy = await in_thread(self._copies.open, wanted.stem, undo=close)
        if copy is None:
            return None
        is_right = False
        try:
            is_right = wanted.sha256 in {None, copy.sha256} and await self._is_whole(copy)
        finally:
            if not is_right:
                close(copy)
        if is_right:
            return copy
        copy.path.unlink(missing_ok=True)
        return None

    async def _is_whole(self, copy: Copy) -> bool:
        if self._copies.is_trusted(copy.path.name, copy.handle):
            return True
        if await sha256_file(copy.path) != copy.sha256:
            return False
        self._copies.trust(copy.path.name, copy.handle)
        return True

    async def _fetch(self, wanted: Wanted, fetch: Fetch) -> bool:
        """Fetch the blob, so that it can be found; tell whether it was our turn to."""
        part = await in_thread(self._copies.take_part, wanted.stem, undo=_close)
        if part is None:
            return False
        with part:
            try:
                if not await in_thread(self._copies.has, wanted.stem):
                    await in_thread(self._copies.make_room, wanted.size_bytes)
                    await in_thread(self._copies.keep, part, wanted, await _receive(part, wanted, fetch))
            finally:
                self._copies.part(wanted.stem).unlink(missing_ok=True)
        return True


def _close(part: FileIO | None) -> None:
    if part:
        part.close()


async def _receive(part: FileIO, wanted: Wanted, fetch: Fetch) -> str:
    """Write what is fetched and return its SHA-256 (hex). Raises `Damaged`."""
    digest, count = hashlib.sha256(), 0
    async with aclosing(fetch()) as pieces:
        async for piece in pieces:
            # A thread that nobody waits for any more still has a file of its own to write to.
            await in_thread(_append, os.dup(part.fileno()), piece, digest)
            count += len(piece)
    if count != wanted.size_bytes or wanted.sha256 not in {None, digest.hexdigest()}:
        raise Damaged(f"{wanted.key} has {count} bytes of {wanted.size_bytes}, or not the SHA-256 on record")
    return digest.hexdigest()


def _append(descriptor: int, piece: bytes, digest: "hashlib._Hash") -> None:
    rest = memoryview(piece)
    digest.update(rest)
    with FileIO(descriptor, "r+b") as handle:
        while rest:
            rest = rest[handle.write(rest) :]
