"""Streams of OLE compound files, read by offset and never whole.

Source: Microsoft, [MS-CFB], sections 2.3 (table of sectors), 2.4 (small streams), 2.6 (directory).
"""

from array import array
from collections.abc import Iterator
from typing import Any

import olefile

from scanning.content import Content
from scanning.findings import damage

_LAST_SECTOR = 0xFFFFFFFA
_PIECE_BYTES = 1 << 20


class Stream:
    """One stream of an open compound file."""

    def __init__(self, content: Content, ole: olefile.OleFileIO, path: tuple[str, ...], entry: Any) -> None:  # noqa: ANN401 - olefile has no types
        self.path = path
        self.size_bytes = int(entry.size)
        self._content = content
        self._sector_bytes = int(ole.sectorsize)
        self._small: bytes | None = None
        self._sectors = array("I")
        if self.size_bytes < int(ole.minisectorcutoff):
            with ole.openstream(list(path)) as stream:
                self._small = bytes(stream.read())
        else:
            self._sectors = self._chain(ole.fat, int(entry.isectStart))

    @property
    def name(self) -> str:
        """Its own name, without the storages it lies in; names know no case."""
        return self.path[-1].casefold()

    def _chain(self, table: "array[int]", sector: int) -> "array[int]":
        if self.size_bytes > self._content.size_bytes:
            raise damage("its structure is broken")
        chain = array("I")
        for _ in range(-(-self.size_bytes // self._sector_bytes)):
            if sector > _LAST_SECTOR or sector >= len(table):
                raise damage("its structure is broken")
            chain.append(sector)
            sector = table[sector]
        return chain

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer at its end."""
        return b"".join(self.pieces(offset, length))

    def pieces(self, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield up to `length` bytes from `offset`, or all of them, in pieces of at most 1 MiB.

        Ends where the file does: whether that is too early is for the check of its sectors to say.
        """
        end = self.size_bytes if length is None else min(self.size_bytes, offset + length)
        while offset < end:
            piece = self._piece(offset, min(_PIECE_BYTES, end - offset))
            if not piece:
                return
            yield piece
            offset += len(piece)

    def _piece(self, offset: int, most: int) -> bytes:
        """Return what lies in one row of sectors from `offset`."""
        if self._small is not None:
            return self._small[offset : offset + most]
        index, within = divmod(offset, self._sector_bytes)
        first = self._sectors[index]
        count = 1
        while count * self._sector_bytes - within < most and self._follows(index, count, first):
            count += 1
        length = min(most, count * self._sector_bytes - within)
        return self._content.at((first + 1) * self._sector_bytes + within, length)

    def _follows(self, index: int, count: int, first: int) -> bool:
        return index + count < len(self._sectors) and self._sectors[index + count] == first + count


def streams_of(content: Content, ole: olefile.OleFileIO) -> Iterator[Stream]:
    """Yield every stream at every depth; raises `Flawed` for one whose sectors are not there."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), ole.root)]
    while waiting:
        path, entry = waiting.pop()
        for kid in entry.kids:
            inner = (*path, str(kid.name))
            if kid.entry_type == olefile.STGTY_STREAM:
                yield Stream(content, ole, inner, kid)
            else:
                waiting.append((inner, kid))
