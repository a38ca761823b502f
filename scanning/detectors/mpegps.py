"""MPEG-1 and MPEG-2 films: program streams, pack by pack, and bare streams of pictures.

Sources: ISO/IEC 11172-1, section 2.4.3; ISO/IEC 13818-1, section 2.5.3; ISO/IEC 13818-2, section 6.2.
"""

import re

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors.frames import Row, judge, walk, walk_over_gaps
from scanning.findings import Checked, damage

_PACK, _END, _SEQUENCE = 0xBA, 0xB9, 0xB3
_PACK_START, _SEQUENCE_START = b"\0\0\1\xba", b"\0\0\1\xb3"
#: Headers of the system, then streams of all kinds; both tell their length.
_LEAST_WITH_LENGTH = 0xBB
_UNIT_BYTES = 14
_LEAST_UNITS = 3
_PICTURE = re.compile(rb"\x00\x00\x01\x00")
_PICTURE_WITHIN_BYTES = 1 << 20
#: The aspects and rates of frames that are defined, and the slow rates that encoders added.
_ASPECTS, _RATES = range(1, 15), range(1, 14)


def _length_of(data: bytes, at: int) -> int:
    if data[at : at + 3] != b"\0\0\1":
        return 0
    kind = data[at + 3]
    if kind == _PACK:
        return _pack_bytes(data[at + 4], data[at + 13])
    if kind == _END:
        return 4
    length = data[at + 4] << 8 | data[at + 5]
    return 6 + length if kind >= _LEAST_WITH_LENGTH and length else 0


def _pack_bytes(fourth: int, last: int) -> int:
    if fourth & 0xC0 == 0x40:
        return 14 + (last & 7)
    return 12 if fourth & 0xF0 == 0x20 else 0


_ROW = Row(_length_of, _UNIT_BYTES, re.compile(_PACK_START))


def _type_of(content: Content) -> str | None:
    if content.head.startswith(_SEQUENCE_START):
        return "mpeges" if _is_sequence(content) else None
    return "mpegps" if walk(content, 0, _ROW, _LEAST_UNITS).units == _LEAST_UNITS else None


def _is_sequence(content: Content) -> bool:
    """Say whether the header of a sequence of pictures is followed by one."""
    header = content.head[4:8]
    if len(header) < 4:
        return False
    sides = int.from_bytes(header[:3], "big")
    fits = sides >> 12 and sides & 0xFFF and header[3] >> 4 in _ASPECTS and header[3] & 15 in _RATES
    return bool(fits and _PICTURE.search(content.at(8, _PICTURE_WITHIN_BYTES)))


def _check(content: Content, name: str) -> Checked:
    if name == "mpeges":
        # Pictures tell no length.
        return Checked(end=content.size_bytes)
    kinds = {
        content.head[match.end()] for match in re.finditer(rb"\x00\x00\x01(?=[\xbd\xc0-\xef])", content.head)
    }
    if not kinds:
        raise damage("it holds neither pictures nor sound")
    found = walk_over_gaps(content, 0, _ROW)
    rest = content.at(found.end, _UNIT_BYTES)
    end = found.end + 4 if rest[:4] == bytes((0, 0, 1, _END)) else found.end
    return judge(content, 0, found, end)


DETECTOR = Detector(
    tells=frozenset({"mpegps", "mpeges"}),
    looks_like=lambda head: head.startswith((_PACK_START, _SEQUENCE_START)),
    type_of=_type_of,
    check=_check,
)
