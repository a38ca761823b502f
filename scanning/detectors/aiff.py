"""AIFF and AIFF-C recordings: one FORM, walked chunk by chunk to its end.

Source: Apple, "Audio Interchange File Format AIFF-C", draft of 1991-08-26.
"""

import struct

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage

_FORMS = frozenset({b"AIFF", b"AIFC"})
_HEADER_BYTES = 12


def _check(content: Content, _name: str) -> Checked:
    end = _within(content, 8 + int.from_bytes(content.exactly(4, 4), "big"))
    offset, kinds = _HEADER_BYTES, set[bytes]()
    while offset + 8 <= end:
        kind, size = struct.unpack(">4sI", content.exactly(offset, 8))
        kinds.add(kind)
        offset = _within(content, offset + 8 + size + size % 2)
    if not {b"COMM", b"SSND"} <= kinds:
        raise damage("a part without which it cannot be played is missing")
    return Checked(end=max(offset, end))


def _within(content: Content, end: int) -> int:
    # One byte of padding may be counted and yet be missing at the very end.
    if end > content.size_bytes + 1:
        raise damage("its end is missing")
    return min(end, content.size_bytes)


DETECTOR = Detector(
    tells=frozenset({"aiff"}),
    looks_like=lambda head: head.startswith(b"FORM") and head[8:12] in _FORMS,
    type_of=lambda _: "aiff",
    check=_check,
)
