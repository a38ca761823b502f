"""PNG pictures, walked chunk by chunk to IEND, with every checksum.

Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", section 5.
"""

import struct
import zlib

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage
from scanning.pixels import check_promise, check_size

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
#: Eight pixels of one bit, packed as densely as zlib can.
_MOST_PIXELS_PER_BYTE = 8 * 1032


def _check(content: Content, _name: str) -> Checked:
    offset, kinds, coded_bytes = len(_SIGNATURE), set[bytes](), 0
    width, height = struct.unpack(">II", content.exactly(len(_SIGNATURE) + _CHUNK.size, 8))
    check_size(width, height)
    while b"IEND" not in kinds:
        length, kind = _CHUNK.unpack(content.exactly(offset, _CHUNK.size))
        if not kinds and kind != b"IHDR":
            raise damage("its header is missing")
        start, end = offset + _CHUNK.size, offset + _CHUNK.size + length
        if end + 4 > content.size_bytes:
            raise damage("the lower part of the picture is missing")
        _check_sum(content, kind, start, end)
        kinds.add(kind)
        coded_bytes += length if kind == b"IDAT" else 0
        offset = end + 4
    if b"IDAT" not in kinds:
        raise damage("it holds no picture")
    check_promise(width, height, coded_bytes, _MOST_PIXELS_PER_BYTE)
    return Checked(facts={"width": width, "height": height}, end=offset)


def _check_sum(content: Content, kind: bytes, start: int, end: int) -> None:
    found = zlib.crc32(kind)
    for piece in content.pieces(start, end):
        found = zlib.crc32(piece, found)
    if found != int.from_bytes(content.exactly(end, 4), "big"):
        raise damage("a checksum in it is wrong")


DETECTOR = Detector(
    tells=frozenset({"png"}),
    looks_like=lambda head: head.startswith(_SIGNATURE),
    type_of=lambda _: "png",
    check=_check,
)
