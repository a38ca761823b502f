"""WAV, AVI and WebP: RIFF chunks, walked to the end of the file.

Sources: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"; EBU Tech 3306 (RF64);
"OpenDML AVI File Format Extensions" (several RIFF chunks in a row).
"""

import struct
from collections.abc import Iterator

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage

_HEADER = struct.Struct("<4sI4s")
_FORMS = {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}
#: Chunks without which nothing can be played.
_NEEDED = {"wav": {b"fmt ", b"data"}, "avi": {b"hdrl", b"movi"}, "webp": set[bytes]()}
#: Sizes that a recorder writes when it cannot go back to fill them in: up to the end of the file.
_OPEN_SIZES = frozenset({0, 0xFFFFFFFF})
_OUTER = (b"RIFF", b"RF64")


def _looks_like(head: bytes) -> bool:
    return head.startswith(_OUTER) and head[8:12] in _FORMS


def _type_of(content: Content) -> str | None:
    return _FORMS[content.head[8:12]]


def _check(content: Content, name: str) -> Checked:
    found = set[bytes]()
    offset = 0
    while content.at(offset, 4) in _OUTER:
        end = _end(content, offset)
        found |= {kind for kind, _ in _chunks(content, offset + _HEADER.size, end)}
        offset = end + end % 2
    if not _NEEDED[name] <= found:
        raise damage("a part without which it cannot be played is missing")
    return Checked(end=min(offset, content.size_bytes))


def _end(content: Content, offset: int) -> int:
    """Return where the RIFF chunk at `offset` ends."""
    magic, size, _ = _HEADER.unpack(content.exactly(offset, _HEADER.size))
    if magic == b"RF64":
        size = _large_sizes(content)[0]
    return content.size_bytes if size in _OPEN_SIZES else _within(content, offset + 8 + size)


def _within(content: Content, end: int) -> int:
    # One byte of padding may be counted and yet be missing at the very end.
    if end > content.size_bytes + 1:
        raise damage("its end is missing")
    return min(end, content.size_bytes)


def _large_sizes(content: Content) -> tuple[int, int]:
    """Return the 64-bit sizes of the file and of its data."""
    data = content.exactly(12, 24)
    if not data.startswith(b"ds64"):
        raise damage("its sizes are missing")
    riff, samples = struct.unpack("<QQ", data[8:24])
    return riff, samples


def _chunks(content: Content, offset: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Yield kind and offset of each chunk; a LIST goes by the kind of its content."""
    while offset + 8 <= end:
        kind, size = struct.unpack("<4sI", content.exactly(offset, 8))
        if kind == b"data" and size == 0xFFFFFFFF and content.at(0, 4) == b"RF64":
            size = _large_sizes(content)[1]
        streamed = kind in {b"data", b"LIST"} and size in _OPEN_SIZES
        stop = end if streamed else _within(content, offset + 8 + size)
        yield (content.at(offset + 8, 4) if kind == b"LIST" else kind), offset
        offset = stop + stop % 2


DETECTOR = Detector(tells=frozenset(_FORMS.values()), looks_like=_looks_like, type_of=_type_of, check=_check)
