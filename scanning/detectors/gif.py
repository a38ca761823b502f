"""GIF pictures, walked block by block to the trailer.

Source: CompuServe, "Graphics Interchange Format, Version 89a".
"""

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage
from scanning.pixels import check_size

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_HAS_TABLE = 0x80


def _check(content: Content, _name: str) -> Checked:
    screen = content.exactly(6, 7)
    offset, frames = 13 + _table_bytes(screen[4]), 0
    while (kind := _byte(content, offset)) != _TRAILER:
        if kind == _EXTENSION:
            offset += 2
        elif kind == _IMAGE:
            frames += 1
            # The descriptor, its table of colours, and the byte before the coded data.
            offset += 10 + _table_bytes(content.exactly(offset, 10)[9]) + 1
        else:
            raise damage("the picture's structure is broken")
        offset = _behind_blocks(content, offset)
    if not frames:
        raise damage("it holds no picture")
    size = {"width": int.from_bytes(screen[:2], "little"), "height": int.from_bytes(screen[2:4], "little")}
    # A screen of no size is as large as its frames to all readers.
    check_size(size["width"] or 1, size["height"] or 1, frames)
    return Checked(facts={**size, "frames": frames}, end=offset + 1)


def _byte(content: Content, offset: int) -> int:
    data = content.at(offset, 1)
    if not data:
        raise damage("the lower part of the picture is missing")
    return data[0]


def _table_bytes(packed: int) -> int:
    return 3 << ((packed & 7) + 1) if packed & _HAS_TABLE else 0


def _behind_blocks(content: Content, offset: int) -> int:
    while length := _byte(content, offset):
        offset += 1 + length
    return offset + 1


DETECTOR = Detector(
    tells=frozenset({"gif"}),
    looks_like=lambda head: head.startswith((b"GIF87a", b"GIF89a")),
    type_of=lambda _: "gif",
    check=_check,
)
