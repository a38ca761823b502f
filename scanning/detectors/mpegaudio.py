"""MP3 and AAC recordings: chains of frames, behind tags that music programs put before and after them.

Sources: ISO/IEC 11172-3, section 2.4 (layer III frames); ISO/IEC 13818-7, section 6.2 (ADTS); id3.org,
"ID3 tag version 2.4.0", section 3; "APEv2 specification"; the Xing header as LAME writes it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors.frames import LengthOf, Row, judge, walk, walk_over_gaps
from scanning.findings import Checked, Problem, damage

#: Kilobits a second by index: MPEG-1, then MPEG-2 and 2.5.
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
#: Samples a second by the bits of the version (1 is none), then by index (3 is none).
_SAMPLES = {0: (11025, 12000, 8000), 2: (22050, 24000, 16000), 3: (44100, 48000, 32000)}
_HEADER_BYTES = {"mp3": 4, "aac": 7}
_SYNC = re.compile(rb"\xff[\xe0-\xff]")
#: So many frames in a row are no accident; a shorter file must be frames to its end.
_SURE_FRAMES = 5
_LEAST_FRAMES = 2
#: A tag of more is no song's.
_MOST_TAGS = 8
_FILLING_BYTES, _MOST_PLACES = 1 << 12, 100
_ID3_HEADER_BYTES, _ID3V1_BYTES, _APE_HEADER_BYTES = 10, 128, 32
_LYRICS_END = re.compile(rb"LYRICS200|LYRICSEND")


def _layer_3(first: bytes) -> LengthOf:
    """Return what tells frames of the version and the sampling rate of the one that begins `first`."""
    version, layer, sampling = first[1] >> 3 & 3, first[1] >> 1 & 3, first[2] >> 2 & 3
    if version == 1 or layer != 1 or sampling == 3:
        return lambda *_: 0
    rates = _RATES_1 if version == 3 else _RATES_2
    factor, samples = 144_000 if version == 3 else 72_000, _SAMPLES[version][sampling]
    lengths = [factor * rate // samples if rate else 0 for rate in rates]

    def length_of(data: bytes, at: int) -> int:
        third = data[at + 2]
        if data[at] != 0xFF or data[at + 1] & 0xFE != first[1] & 0xFE or third >> 2 & 3 != sampling:
            return 0
        length = lengths[third >> 4]
        return length + (third >> 1 & 1) if length else 0

    return length_of


def _adts(first: bytes) -> LengthOf:
    """Return what tells frames of the profile and the sampling rate of the one that begins `first`."""
    sampling = first[2] & 0xFC

    def length_of(data: bytes, at: int) -> int:
        if data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0 or data[at + 2] & 0xFC != sampling:
            return 0
        length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        return length if length > _HEADER_BYTES["aac"] else 0

    return length_of if sampling >> 2 & 15 < 13 else lambda *_: 0


def _behind_tags(content: Content) -> int:
    """Return where the tags before the sound end."""
    offset = 0
    for _ in range(_MOST_TAGS):
        length = _id3v2_bytes(content.at(offset, _ID3_HEADER_BYTES))
        if not length:
            break
        offset += length
    return offset


def _id3v2_bytes(header: bytes) -> int:
    """Return the length of the tag that begins with `header`; 0: it is none."""
    if len(header) < _ID3_HEADER_BYTES or not header.startswith(b"ID3") or max(header[6:10]) > 0x7F:
        return 0
    size = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
    has_footer = header[5] & 0x10
    return size + _ID3_HEADER_BYTES * (2 if has_footer else 1)


def _rows(first: bytes) -> Iterator[tuple[str, Row]]:
    if len(first) >= 7 and _SYNC.match(first):
        for name, tell in (("mp3", _layer_3), ("aac", _adts)):
            yield name, Row(tell(first), _HEADER_BYTES[name], _SYNC)


def _sound(content: Content) -> tuple[int, str, Row] | None:
    """Return where the sound begins, what it is and how its frames are told."""
    offset = _behind_tags(content)
    # Some programs count the filling behind a tag, some do not.
    near = _SYNC.finditer(content.at(offset, _FILLING_BYTES)) if offset else ()
    places = [offset, *(offset + match.start() for match in islice(near, _MOST_PLACES))]
    for start in places:
        for name, row in _rows(content.at(start, 7)):
            if _is_sure(content, start, row):
                return start, name, row
    return None


def _is_sure(content: Content, start: int, row: Row) -> bool:
    found = walk(content, start, row, _SURE_FRAMES)
    if found.units == _SURE_FRAMES:
        return True
    return found.units >= _LEAST_FRAMES and _behind_end_tags(content, found.end) >= content.size_bytes


def _type_of(content: Content) -> str | None:
    sound = _sound(content)
    return sound[1] if sound else None


def _check(content: Content, name: str) -> Checked:
    sound = _sound(content)
    if sound is None:
        raise damage("it holds no sound")
    start, _, row = sound
    found = walk_over_gaps(content, start, row)
    checked = judge(content, start, found, _behind_end_tags(content, found.end))
    if name == "mp3" and found.end - start < _declared_bytes(content, start) * 98 // 100:
        problem = Problem("held_damaged", "its end is missing")
        return replace(checked, problems=(*checked.problems, problem))
    return checked


def _declared_bytes(content: Content, start: int) -> int:
    """Return how much sound the first frame says there is; 0: it says nothing."""
    frame = content.at(start, 64)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or len(frame) < at + 16:
        return 0
    has_frames, has_bytes = frame[at + 7] & 1, frame[at + 7] & 2
    place = at + (12 if has_frames else 8)
    return int.from_bytes(frame[place : place + 4], "big") if has_bytes else 0


def _behind_end_tags(content: Content, offset: int) -> int:
    """Return where the file ends if nothing but tags stands behind its sound."""
    for _ in range(_MOST_TAGS):
        head = content.at(offset, 64)
        length = _end_tag_bytes(content, offset, head)
        if not length:
            break
        offset += length
    return min(offset, content.size_bytes)


def _end_tag_bytes(content: Content, offset: int, head: bytes) -> int:
    if head.startswith(b"TAG"):
        return _ID3V1_BYTES
    if head.startswith(b"APETAGEX") and len(head) >= _APE_HEADER_BYTES:
        has_header = head[23] & 0x80
        return int.from_bytes(head[12:16], "little") + (_APE_HEADER_BYTES if has_header else 0)
    if head.startswith(b"LYRICSBEGIN"):
        end = _LYRICS_END.search(content.at(offset, 1 << 16))
        return end.end() if end else 0
    return _id3v2_bytes(head[:_ID3_HEADER_BYTES])


def _looks_like(head: bytes) -> bool:
    return head.startswith(b"ID3") or bool(_SYNC.match(head))


DETECTOR = Detector(tells=frozenset({"mp3", "aac"}), looks_like=_looks_like, type_of=_type_of, check=_check)
