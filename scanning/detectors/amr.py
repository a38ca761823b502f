"""AMR recordings, narrow-band and wide-band: frame after frame, each telling its length by its mode.

Source: RFC 4867, section 5 (AMR and AMR-WB storage format).
"""

import re

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors.frames import Walk, judge
from scanning.findings import Checked, damage

#: Bytes of speech by mode, behind the byte that names it.
_NARROW = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 9: 6, 10: 5, 11: 5, 15: 0}
_WIDE = {0: 17, 1: 23, 2: 32, 3: 36, 4: 40, 5: 46, 6: 50, 7: 58, 8: 60, 9: 5, 14: 0, 15: 0}


def _frame(mode: int, speech_bytes: int) -> bytes:
    # The mode stands in bits 3 to 6; bit 2 tells a good frame from a bad one; the others are 0.
    head = b"[\\x%02x\\x%02x]" % (mode << 3, mode << 3 | 4)
    # Frames without speech come in long rows.
    return head + (b".{%d}" % speech_bytes if speech_bytes else b"++")


def _frames(modes: dict[int, int]) -> re.Pattern[bytes]:
    return re.compile(b"(?:" + b"|".join(_frame(*mode) for mode in modes.items()) + b")*+", re.DOTALL)


_FRAMES = {b"#!AMR-WB\n": _frames(_WIDE), b"#!AMR\n": _frames(_NARROW)}
_PIECE_BYTES = 1 << 20
_LONGEST_FRAME_BYTES = 61


def _check(content: Content, _name: str) -> Checked:
    magic = next(magic for magic in _FRAMES if content.head.startswith(magic))
    offset = start = len(magic)
    while (end := _behind_frames(content, offset, _FRAMES[magic])) > offset:
        offset = end
    if offset == start:
        raise damage("it holds no sound")
    cut = 0 < content.size_bytes - offset < _LONGEST_FRAME_BYTES
    return judge(content, start, Walk(1, content.size_bytes if cut else offset, cut))


def _behind_frames(content: Content, offset: int, frames: re.Pattern[bytes]) -> int:
    found = frames.match(content.at(offset, _PIECE_BYTES))
    return offset + (found.end() if found else 0)


DETECTOR = Detector(
    tells=frozenset({"amr"}),
    looks_like=lambda head: head.startswith(tuple(_FRAMES)),
    type_of=lambda _: "amr",
    check=_check,
)
