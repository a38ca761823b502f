"""Bodies that count only if their digest is the one that their sender says."""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from gateway.problems import Problem
from gateway.uploads.receiving import Sink
from storage.uploads import UploadWriter

#: Larger pieces are hashed in a thread; a smaller one takes the event loop less time than the way there.
_INLINE_BYTES = 64 << 10


class Digest(Protocol):
    """A digest under way, as in `hashlib`."""

    def update(self, data: bytes, /) -> None:
        """Go on with these bytes."""
        ...

    def digest(self) -> bytes:
        """Return the digest of all bytes so far."""
        ...


class _Crc32:
    """CRC-32 (RFC 1952, section 8), its four bytes most significant first."""

    def __init__(self) -> None:
        self._sum = 0

    def update(self, data: bytes, /) -> None:
        self._sum = zlib.crc32(data, self._sum)

    def digest(self) -> bytes:
        return self._sum.to_bytes(4, "big")


#: Against errors on the way, not against forgers: whoever sends the digest sends the bytes.
ALGORITHMS: Mapping[str, Callable[[], Digest]] = {
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": partial(hashlib.md5, usedforsecurity=False),
    "crc32": _Crc32,
}


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a sender says of its body."""

    #: One of `ALGORITHMS`.
    algorithm: str
    digest: bytes
    #: Code of the refusal of another body.
    refusal: str = "checksum_mismatch"


@asynccontextmanager
async def checked(writer: UploadWriter, checksum: Checksum | None) -> AsyncIterator[Sink]:
    """Give what to write the body to: it counts only if it has the checksum, without one as it arrives.

    Raises `Problem` with its refusal's code. Then, and whenever the context is left on an error, none of them
    counts: the digest of a body that was cut can never be compared.
    """
    if checksum is None:
        yield writer
        return
    digest = ALGORITHMS[checksum.algorithm]()
    await writer.hold_back()
    yield _HashingSink(writer, digest)
    if digest.digest() != checksum.digest:
        headers = {"Upload-Offset": str(writer.counted)}
        raise Problem(checksum.refusal, {"algorithm": checksum.algorithm}, headers=headers)
    await writer.keep()


class _HashingSink:
    """Writes to a writer and hashes what it writes."""

    def __init__(self, writer: UploadWriter, digest: Digest) -> None:
        self._writer = writer
        self._digest = digest

    @property
    def offset(self) -> int:
        return self._writer.offset

    async def write(self, chunks: Sequence[bytes]) -> None:
        await self._writer.write(chunks)
        for chunk in chunks:
            await update(self._digest, chunk)


async def update(digest: Digest, data: bytes) -> None:
    """Go on with a digest without keeping the event loop for long."""
    if len(data) <= _INLINE_BYTES:
        digest.update(data)
    else:
        await asyncio.to_thread(digest.update, data)
