"""GIF pictures, walked block by block to the trailer.

Source: CompuServe, "Graphics Interchange Format, Version 89a".
"""

from io import SEEK_CUR
from typing import BinaryIO

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_HAS_TABLE = 0x80


def _check(content: Content, _name: str) -> Checked:
    file = content.file
    file.seek(6)
    screen = _read(file, 7)
    _skip_table(file, screen[4])
    frames = 0
    while (kind := _read(file, 1)[0]) != _TRAILER:
        if kind == _EXTENSION:
            _read(file, 1)
        elif kind == _IMAGE:
            frames += 1
            _skip_table(file, _read(file, 9)[8])
            _read(file, 1)
        else:
            raise damage("the picture's structure is broken")
        _skip_blocks(file)
    if not frames:
        raise damage("it holds no picture")
    size = {"width": int.from_bytes(screen[:2], "little"), "height": int.from_bytes(screen[2:4], "little")}
    return Checked(facts={**size, "frames": frames}, end=file.tell())


def _read(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise damage("the lower part of the picture is missing")
    return data


def _skip_table(file: BinaryIO, packed: int) -> None:
    if packed & _HAS_TABLE:
        _read(file, 3 << ((packed & 7) + 1))


def _skip_blocks(file: BinaryIO) -> None:
    while length := _read(file, 1)[0]:
        file.seek(length, SEEK_CUR)


DETECTOR = Detector(
    tells=frozenset({"gif"}),
    looks_like=lambda head: head.startswith((b"GIF87a", b"GIF89a")),
    type_of=lambda _: "gif",
    check=_check,
)
