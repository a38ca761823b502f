"""Photoshop pictures: four sections that tell their lengths, and the picture behind them.

Source: Adobe, "Photoshop File Formats Specification", section "Photoshop File Format".
"""

import struct

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage
from scanning.pixels import check_promise, check_size

#: Signature, version (2 is the large .psb), reserved, channels, height, width, bits a channel, colour mode.
_HEADER = struct.Struct(">4sH6sHIIHH")
_SECTIONS = 3
_LARGEST_SIDE, _MOST_CHANNELS = 30_000, 56
_DEPTHS = frozenset({1, 8, 16, 32})
_RAW, _RLE = 0, 1
#: Two bytes of PackBits are 128 at the most.
_MOST_BYTES_PER_BYTE = 64
_WITHOUT_LENGTH = frozenset({2, 3})


def _check(content: Content, _name: str) -> Checked:
    _, _, _, channels, height, width, depth, _ = _HEADER.unpack(content.exactly(0, _HEADER.size))
    sides_fit = 0 < height <= _LARGEST_SIDE and 0 < width <= _LARGEST_SIDE
    if not sides_fit or not 0 < channels <= _MOST_CHANNELS or depth not in _DEPTHS:
        raise damage("its header cannot be read")
    check_size(width, height)
    offset = _HEADER.size
    for _ in range(_SECTIONS):
        offset += 4 + int.from_bytes(content.exactly(offset, 4), "big")
    end = _picture_end(content, offset, channels * height, (width * depth + 7) // 8)
    if end > content.size_bytes:
        raise damage("the lower part of the picture is missing")
    return Checked(facts={"width": width, "height": height}, end=end)


def _picture_end(content: Content, offset: int, rows: int, row_bytes: int) -> int:
    """Return where the picture that begins at `offset` ends."""
    method, start = int.from_bytes(content.exactly(offset, 2), "big"), offset + 2
    if method == _RAW:
        return start + rows * row_bytes
    if method == _RLE:
        lengths = content.exactly(start, 2 * rows)
        packed: tuple[int, ...] = struct.unpack(f">{rows}H", lengths)
        check_promise(row_bytes, rows, sum(packed), _MOST_BYTES_PER_BYTE)
        return start + 2 * rows + sum(packed)
    if method not in _WITHOUT_LENGTH:
        raise damage("the picture's structure is broken")
    return content.size_bytes


DETECTOR = Detector(
    tells=frozenset({"psd"}),
    looks_like=lambda head: head.startswith(b"8BPS\0\1" + bytes(6)),
    type_of=lambda _: "psd",
    check=_check,
)
