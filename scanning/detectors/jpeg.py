"""JPEG pictures, walked marker by marker to the end of the image.

Source: ITU-T T.81, annex B.
"""

import re

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage
from scanning.pixels import check_promise, check_size

_END, _SCAN = 0xD9, 0xDA
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: Frames coded by arithmetic, which can be as dense as it likes.
_ARITHMETIC = frozenset(range(0xC9, 0xD0))
#: Eight blocks of 64 pixels, each of which takes a bit at the least.
_MOST_PIXELS_PER_BYTE = 8 * 64
#: In the coded data, FF is followed by 00, by a restart marker or by filling; anything else is a marker.
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def _check(content: Content, _name: str) -> Checked:
    offset, facts, scans, frame = 2, dict[str, int](), 0, 0
    while True:
        marker = content.exactly(offset, 2)
        if marker[0] != 0xFF:
            raise damage("the picture's structure is broken")
        if marker[1] == _END:
            break
        if marker[1] == 0xFF:
            offset += 1
            continue
        if marker[1] in _FRAMES:
            facts |= _frame(content, offset)
            frame = marker[1]
        offset = _behind(content, offset, marker[1])
        if marker[1] == _SCAN:
            scans += 1
            offset = _behind_scan(content, offset)
    if not facts or not scans:
        raise damage("it holds no picture")
    if frame not in _ARITHMETIC:
        check_promise(facts["width"], facts["height"], offset, _MOST_PIXELS_PER_BYTE)
    return Checked(facts=facts, end=offset + 2)


def _frame(content: Content, offset: int) -> dict[str, int]:
    data = content.exactly(offset + 5, 4)
    height, width = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
    # The number of lines may follow behind the first scan (DNL).
    check_size(width, height or 1)
    return {"height": height, "width": width}


def _behind(content: Content, offset: int, marker: int) -> int:
    """Return where the next marker should stand."""
    if marker in _WITHOUT_LENGTH:
        return offset + 2
    length = int.from_bytes(content.exactly(offset + 2, 2), "big")
    if length < 2:
        raise damage("the picture's structure is broken")
    return offset + 2 + length


def _behind_scan(content: Content, offset: int) -> int:
    found = content.find(_NEXT_MARKER, offset)
    if found is None:
        raise damage("the lower part of the picture is missing")
    return found


DETECTOR = Detector(
    tells=frozenset({"jpeg"}),
    looks_like=lambda head: head.startswith(b"\xff\xd8\xff"),
    type_of=lambda _: "jpeg",
    check=_check,
)
