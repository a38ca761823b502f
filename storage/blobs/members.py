"""Members of a blob that is an uncompressed ZIP: one of them is read without the others.

The ZIP's directory, at the blob's end, is read once and kept for some blobs: they never change.
"""

import asyncio
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from io import BytesIO

from storage.blobs import BlobStore
from storage.blobs.disk import LIMIT_SECONDS, in_thread
from storage.errors import Damaged, NotFound, StorageUnavailable

#: A directory that is longer or has more members is none of ours; nor is a larger member.
_DIRECTORY_BYTES = 1 << 20
_MOST_MEMBERS = 11_000
_MEMBER_BYTES = 1 << 20
#: Directories that one process reads at once: each takes as much memory as it may be long.
_LOADING = 4
#: Directories that one process keeps: some hundred bytes a member.
_KEPT = 16

#: A member's own header (APPNOTE 6.3.10, 4.3.7): signature, 22 bytes, lengths of name and extra field.
_HEADER = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\3\4"

_BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error)


@dataclass(frozen=True, slots=True)
class Member:
    """Where one member is."""

    name: str
    #: Where its header begins in the blob.
    first: int
    size_bytes: int
    crc32: int


class Members:
    """Members of the blobs of a store."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._kept: OrderedDict[str, Mapping[str, Member]] = OrderedDict()
        self._loading = asyncio.Semaphore(_LOADING)

    async def find(self, key: str, name: str) -> Member:
        """Return where a member is.

        Raises `NotFound`, `Damaged` for a blob that is no such ZIP, and `StorageUnavailable`.
        """
        if key not in self._kept:
            try:
                async with asyncio.timeout(LIMIT_SECONDS), self._loading:
                    await self._load(key)
            except TimeoutError as error:
                raise StorageUnavailable(f"no directory was read within {LIMIT_SECONDS:.0f} s") from error
        self._kept.move_to_end(key)
        try:
            return self._kept[key][name]
        except KeyError as error:
            raise NotFound(name) from error

    async def read(self, key: str, member: Member) -> bytes:
        """Return the member's bytes. Raises `NotFound`, `Damaged` if they are not what was stored."""
        header_bytes = _HEADER.size + len(member.name.encode())
        data = await self._read(key, member.first, member.first + header_bytes + member.size_bytes - 1)
        return take_member(data, member)

    async def _load(self, key: str) -> None:
        if key in self._kept:
            return
        size = (await self._blobs.stat(key)).size_bytes
        end = await self._read(key, max(0, size - _DIRECTORY_BYTES), size - 1)
        self._kept[key] = await in_thread(parse_directory, end, size)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    async def _read(self, key: str, first: int, last: int) -> bytes:
        async with aclosing(self._blobs.read(key, first, last)) as pieces:
            return b"".join([piece async for piece in pieces])


def parse_directory(end: bytes, size_bytes: int) -> dict[str, Member]:
    """Return the stored members by name; `end`: the last bytes of a ZIP of `size_bytes`. Raises `Damaged`."""
    try:
        with zipfile.ZipFile(BytesIO(end)) as archive:
            listed = archive.infolist()
    except _BROKEN as error:
        raise Damaged(f"its directory cannot be read: {error}") from error
    if len(listed) > _MOST_MEMBERS:
        raise Damaged("its directory has more members than any of ours")
    # Places are told from where `end` begins, so that those before it are negative.
    skipped = size_bytes - len(end)
    members = [
        Member(row.filename, row.header_offset + skipped, row.file_size, row.CRC)
        for row in listed
        if row.compress_type == zipfile.ZIP_STORED and row.file_size <= _MEMBER_BYTES
    ]
    return {member.name: member for member in members if 0 <= member.first < size_bytes}


def take_member(data: bytes, member: Member) -> bytes:
    """Return what stands behind the member's own header in `data`. Raises `Damaged`."""
    if len(data) >= _HEADER.size:
        signature, name_bytes, extra_bytes = _HEADER.unpack_from(data)
        content = data[_HEADER.size + name_bytes + extra_bytes :]
        if (
            signature == _SIGNATURE
            and len(content) == member.size_bytes
            and zlib.crc32(content) == member.crc32
        ):
            return content
    raise Damaged(f"{member.name} is not what was stored")
