"""MPEG transport streams, of packets of 188 bytes, or of 192 as camcorders write them, in step to the end.

Sources: ISO/IEC 13818-1, section 2.4.3; Blu-ray Disc Association, "BD-ROM Part 3", section on BDAV streams.
"""

import re

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors.frames import Walk, judge
from scanning.findings import Checked, damage, suspicious
from scanning.markup import markup_of

_SIZES = (188, 192)
_SYNC = b"G"
#: So many packets in step are no accident; a shorter file must be in step to its end.
_SURE_PACKETS, _LEAST_PACKETS = 20, 5
_PACKETS_AT_ONCE = 5_000
#: So many packets out of step in a row are no fault of reception.
_LOST = re.compile(rb"[^G]{8}", re.DOTALL)
#: The table of programmes comes several times a second.
_TABLE_WITHIN_PACKETS = 50_000


def _steps(head: bytes) -> tuple[int, int] | None:
    """Return the size of packets, and where the first begins."""
    for size in _SIZES:
        for first in range(size):
            marks = head[first + _lead(size) : first + size * _SURE_PACKETS : size]
            if len(marks) >= _LEAST_PACKETS and marks == _SYNC * len(marks):
                return size, first
    return None


def _lead(size: int) -> int:
    """Return how many bytes stand before a packet's mark: camcorders put the time of arrival there."""
    return size - _SIZES[0]


def _check(content: Content, _name: str) -> Checked:
    steps = _steps(content.head)
    if steps is None:
        raise damage("its header cannot be read")
    size, first = steps
    if markup_of(content.head):
        raise suspicious("something stands before the film")
    if not _has_table(content, size, first):
        raise damage("it does not say which films it holds")
    end, lost = _in_step(content, size, first)
    rest = content.size_bytes - end
    checked_end = content.size_bytes if rest < size else end
    return judge(content, first, Walk(end // size, checked_end, cut=0 < rest < size, lost_bytes=lost * size))


def _in_step(content: Content, size: int, offset: int) -> tuple[int, int]:
    """Return where packets end to be in step, and how many before were out of it."""
    lost = 0
    while marks := content.at(offset, size * _PACKETS_AT_ONCE)[_lead(size) :: size]:
        out = _LOST.search(marks)
        whole = min(len(marks) if out is None else out.start(), (content.size_bytes - offset) // size)
        if whole < _PACKETS_AT_ONCE:
            whole = marks.rfind(_SYNC, 0, whole) + 1
        lost += whole - marks.count(_SYNC, 0, whole)
        offset += whole * size
        if whole < _PACKETS_AT_ONCE:
            break
    return offset, lost


def _has_table(content: Content, size: int, first: int) -> bool:
    for number in range(0, _TABLE_WITHIN_PACKETS, _PACKETS_AT_ONCE):
        data = content.at(first + number * size, size * _PACKETS_AT_ONCE)
        lead = _lead(size)
        marks, high, low = data[lead::size], data[lead + 1 :: size], data[lead + 2 :: size]
        if any(
            mark == _SYNC[0] and not upper & 0x1F and not lower
            for mark, upper, lower in zip(marks, high, low, strict=False)
        ):
            return True
    return False


DETECTOR = Detector(
    tells=frozenset({"mpegts"}),
    looks_like=lambda head: _steps(head) is not None,
    type_of=lambda _: "mpegts",
    check=_check,
)
