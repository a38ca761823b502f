"""BMP pictures: the header's geometry, and whether so many rows of pixels are there.

Source: Microsoft, "Bitmap Storage" (BITMAPFILEHEADER, BITMAPCOREHEADER to BITMAPV5HEADER); OS/2 1 and 2.
"""

import struct
from dataclasses import dataclass

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage
from scanning.pixels import check_size

_CORE_BYTES = 12
_HEADERS = frozenset({_CORE_BYTES, 16, 40, 52, 56, 64, 108, 124})
_DEPTHS = frozenset({1, 2, 4, 8, 16, 24, 32, 64})
#: Compressions under which rows have a fixed length; others tell the length of all pixels.
_PLAIN = frozenset({0, 3, 6})
_COMPRESSIONS = _PLAIN | {1, 2, 4, 5}
_FILE_HEADER_BYTES = 14


@dataclass(frozen=True, slots=True)
class _Header:
    offset: int
    size: int
    width: int
    height: int
    planes: int
    depth: int
    compression: int = 0
    pixel_bytes: int = 0


def _header(head: bytes) -> _Header | None:
    """Return the header, `None` if it is no BMP's."""
    if not head.startswith(b"BM") or len(head) < _FILE_HEADER_BYTES + _CORE_BYTES:
        return None
    offset, size = struct.unpack_from("<II", head, 10)
    if size == _CORE_BYTES:
        return _Header(offset, size, *struct.unpack_from("<HHHH", head, 18))
    data = head[18:38].ljust(20, b"\0") if size > 16 else head[18:30].ljust(20, b"\0")
    return _Header(offset, size, *struct.unpack("<iiHHII", data))


def _type_of(content: Content) -> str | None:
    header = _header(content.head)
    if header is None or header.size not in _HEADERS or header.planes != 1:
        return None
    fits = header.width > 0 and header.height != 0 and header.depth in _DEPTHS | {0}
    return "bmp" if fits and header.compression in _COMPRESSIONS else None


def _check(content: Content, _name: str) -> Checked:
    header = _header(content.head)
    if header is None or header.offset < _FILE_HEADER_BYTES + header.size:
        raise damage("its header cannot be read")
    check_size(header.width, abs(header.height))
    # Rows are filled up to whole groups of four bytes.
    row_bytes = (header.width * header.depth + 31) // 32 * 4
    plain = header.compression in _PLAIN and header.depth
    end = header.offset + (row_bytes * abs(header.height) if plain else header.pixel_bytes)
    if end > content.size_bytes:
        raise damage("the lower part of the picture is missing")
    if not plain and not header.pixel_bytes:
        raise damage("it does not say where the picture ends")
    end = max(end, _profile_end(content, header))
    return Checked(facts={"width": header.width, "height": abs(header.height)}, end=end)


def _profile_end(content: Content, header: _Header) -> int:
    """Return where an embedded colour profile ends; 0: there is none."""
    if header.size < 124 or content.head[70:74] != b"DEBM":
        return 0
    place, length = struct.unpack_from("<II", content.head, _FILE_HEADER_BYTES + 112)
    return min(_FILE_HEADER_BYTES + int(place) + int(length), content.size_bytes)


DETECTOR = Detector(
    tells=frozenset({"bmp"}),
    looks_like=lambda head: head.startswith(b"BM"),
    type_of=_type_of,
    check=_check,
)
