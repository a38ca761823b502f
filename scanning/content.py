"""A file's bytes as detectors read them: by offset, never whole, whatever its size."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from scanning.findings import damage, suspicious

#: Enough for every magic number, and for the prologue of a web page.
HEAD_BYTES = 4096
_PIECE_BYTES = 1 << 20
#: A film of 50 GB needs a tenth of it; a file made of the smallest parts would cost minutes.
_MOST_READS = 1_000_000


class Content:
    """A regular file that is open for reading."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        #: For libraries that want a seekable file.
        self.file = file
        self.size_bytes = os.fstat(file.fileno()).st_size
        self._reads_left = _MOST_READS
        self.head = self.at(0, HEAD_BYTES)

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer at the end of the file, none outside it.

        Raises `Flawed` when the file made its detector read more often than any genuine one.
        """
        self._reads_left -= 1
        if self._reads_left < 0:
            raise suspicious("it holds far more parts than such a file has")
        if not 0 <= offset < self.size_bytes:
            return b""
        return os.pread(self.file.fileno(), length, offset)

    def exactly(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`; raises `Flawed` if the file ends before."""
        data = self.at(offset, length)
        if len(data) != length:
            raise damage("it ends too early")
        return data

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end` in pieces of at most 1 MiB."""
        stop = self.size_bytes if end is None else min(end, self.size_bytes)
        while start < stop:
            piece = self.at(start, min(_PIECE_BYTES, stop - start))
            if not piece:
                return
            yield piece
            start += len(piece)

    def find(self, pattern: re.Pattern[bytes], start: int) -> int | None:
        """Return where `pattern`, which matches one or two bytes, first matches at or after `start`."""
        offset, kept = start, b""
        for piece in self.pieces(start):
            match = pattern.search(kept + piece)
            if match:
                return offset - len(kept) + match.start()
            offset += len(piece)
            kept = piece[-1:]
        return None


@contextmanager
def open_content(path: Path) -> Iterator[Content]:
    """Give the file at `path`; raises `OSError`."""
    with path.open("rb") as file:
        yield Content(path, file)
