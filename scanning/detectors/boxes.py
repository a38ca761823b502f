"""Boxes, of which QuickTime, MP4, 3GP and HEIC files are made: each tells its kind and its length.

Source: ISO/IEC 14496-12, section 4.2.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scanning.content import Content
from scanning.findings import damage

#: First boxes of files that have no `ftyp`: QuickTime older than that box.
OLD_FIRST = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
#: Boxes of the outermost level: where one of these does not fit, the file was cut; where another does not,
#: something else stands behind the film, as some cameras put it there.
_OUTER = OLD_FIRST | set(b"ftyp styp moof mfra meta uuid sidx ssix pdin prft emsg udta PICT idat".split())


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, and where its content lies, in bytes."""

    kind: bytes
    start: int
    end: int


def boxes(content: Content, offset: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two offsets, up to what is none; raises `Flawed` if a known one is cut."""
    while offset + 8 <= end:
        size, kind = struct.unpack(">I4s", content.exactly(offset, 8))
        if not _is_kind(kind):
            return
        header = 8
        if size == 1:
            size, header = int.from_bytes(content.exactly(offset + 8, 8), "big"), 16
        elif size == 0:
            size = end - offset
        if size < header or offset + size > end:
            if kind in _OUTER:
                raise damage("its end is missing")
            return
        yield Box(kind, offset + header, offset + size)
        offset += size


def _is_kind(kind: bytes) -> bool:
    return all(byte == 0xA9 or 0x20 <= byte < 0x7F for byte in kind)


def inside(content: Content, parent: Box, *path: bytes) -> Iterator[Box]:
    """Yield the boxes that lie at the end of a path of kinds inside a box."""
    kind, *rest = path
    for box in boxes(content, parent.start, parent.end):
        if box.kind != kind:
            continue
        if rest:
            yield from inside(content, box, *rest)
        else:
            yield box
