"""Flash films: tag after tag. The format does not say how many.

Source: Adobe, "Adobe Flash Video File Format Specification 10.1", annex E.
"""

import re

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors.frames import Row, judge, walk_over_gaps
from scanning.findings import Checked, damage

_SIZE_BYTES, _TAG_BYTES = 4, 11
_SOUND, _FILM, _SCRIPT = 8, 9, 18
_KINDS = frozenset({_SOUND, _FILM, _SCRIPT})
#: Kind, the upper bits of whose byte are flags, length, time, and the number of the stream, always 0.
_TAG = re.compile(rb"[\x08\x09\x12].{7}\0\0\0", re.DOTALL)


def _check(content: Content, _name: str) -> Checked:
    found = set[int]()

    def length_of(data: bytes, at: int) -> int:
        kind = data[at] & 0x1F
        if kind not in _KINDS or data[at + 8 : at + 11] != b"\0\0\0":
            return 0
        found.add(kind)
        return _TAG_BYTES + int.from_bytes(data[at + 1 : at + 4], "big") + _SIZE_BYTES

    start = int.from_bytes(content.exactly(5, 4), "big") + _SIZE_BYTES
    checked = judge(content, start, walk_over_gaps(content, start, Row(length_of, _TAG_BYTES, _TAG)))
    if not found & {_SOUND, _FILM}:
        raise damage("it holds neither pictures nor sound")
    return checked


DETECTOR = Detector(
    tells=frozenset({"flv"}),
    looks_like=lambda head: head.startswith(b"FLV\1") and head[5:8] == b"\0\0\0" and head[8:9] >= b"\x09",
    type_of=lambda _: "flv",
    check=_check,
)
