"""TIFF pictures, of 32-bit and 64-bit offsets: every directory, and where every strip and tile lies.

Sources: Adobe, "TIFF Revision 6.0", section 2; Aware Systems, "The BigTIFF File Format".
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage, suspicious
from scanning.pixels import check_size


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers are written: their order, and formats of an offset, of a count of entries, of an entry."""

    order: str
    offset: str
    count: str
    #: Where the header has the offset of the first directory.
    first: int

    @property
    def entry(self) -> str:
        return f"{self.order}HH{self.offset}"


_LAYOUTS = {
    b"II*\0": _Layout("<", "I", "H", 4),
    b"MM\0*": _Layout(">", "I", "H", 4),
    b"II+\0": _Layout("<", "Q", "Q", 8),
    b"MM\0+": _Layout(">", "Q", "Q", 8),
}
_TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_WIDTH, _HEIGHT = 256, 257
#: Where parts of a picture lie, and the tag that tells how long they are: strips, tiles, an embedded JPEG.
_PARTS = {273: 279, 324: 325, 513: 514}
#: Directories within directories: further pictures, the camera's notes, the place.
_DIRECTORIES = (330, 34665, 34853)
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_PARTS = 10_000, 4_096, 1_000_000

_Numbers = tuple[int, ...]


class _Reader:
    """The directories of one file, and how far their data reach."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._layout = _LAYOUTS[content.head[:4]]
        self._parts_left = _MOST_PARTS
        self.end = 0

    def directories(self) -> Iterator[dict[int, _Numbers]]:
        """Yield each directory's tags; raises `Flawed` if one of them, or what it refers to, is missing."""
        size = struct.calcsize(self._layout.offset)
        waiting = [self._number(self._content.exactly(self._layout.first, size))]
        seen = set[int]()
        while waiting:
            place = waiting.pop()
            if not place or place in seen:
                continue
            if len(seen) >= _MOST_DIRECTORIES:
                raise suspicious("it holds far more pictures than such a file has")
            seen.add(place)
            tags, following = self._directory(place)
            waiting += [following, *(inner for tag in _DIRECTORIES for inner in tags.get(tag, ()))]
            yield tags

    def parts(self, tags: dict[int, _Numbers]) -> int:
        """Return how many parts of a picture a directory tells of, all of which are there."""
        count = 0
        for places, lengths in ((tags[at], tags.get(length)) for at, length in _PARTS.items() if at in tags):
            # Some old programs left the lengths out of pictures in one strip.
            self._count(len(places))
            for place, length in zip(places, lengths or (1,) * len(places), strict=False):
                self._reach(place + length)
                count += length > 0
        return count

    def _directory(self, place: int) -> tuple[dict[int, _Numbers], int]:
        width = struct.calcsize(self._layout.order + self._layout.count)
        size = struct.calcsize(self._layout.offset)
        entry_bytes = 4 + 2 * size
        (count,) = struct.unpack(self._layout.order + self._layout.count, self._content.exactly(place, width))
        if count > _MOST_ENTRIES:
            raise damage("the picture's structure is broken")
        self._count(count)
        data = self._content.exactly(place + width, count * entry_bytes + size)
        self._reach(place + width + len(data))
        tags = dict(
            self._entry(data[at : at + entry_bytes], size) for at in range(0, len(data) - size, entry_bytes)
        )
        return tags, self._number(data[-size:])

    def _entry(self, data: bytes, size: int) -> tuple[int, _Numbers]:
        tag, kind, count = struct.unpack(self._layout.entry, data[: 4 + size])
        length = count * _TYPE_BYTES.get(kind, 0)
        value = data[4 + size :]
        if length > size:
            place = self._number(value)
            self._reach(place + length)
            self._count(count if kind in _INTEGERS else 0)
            value = self._content.exactly(place, length) if kind in _INTEGERS else b""
        if kind not in _INTEGERS:
            return tag, ()
        return tag, struct.unpack(f"{self._layout.order}{count}{_INTEGERS[kind]}", value[:length])

    def _count(self, parts: int) -> None:
        self._parts_left -= parts
        if self._parts_left < 0:
            raise suspicious("it holds far more parts than such a file has")

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self._layout.order == "<" else "big")

    def _reach(self, end: int) -> None:
        if end > self._content.size_bytes:
            raise damage("a part of the picture is missing")
        self.end = max(self.end, end)


def _check(content: Content, _name: str) -> Checked:
    reader, pictures, facts = _Reader(content), 0, dict[str, int]()
    for tags in reader.directories():
        if reader.parts(tags):
            pictures += 1
            size = _size(tags)
            check_size(size.get("width", 1), size.get("height", 1), pictures)
            facts = facts or size
    if not pictures:
        raise damage("it holds no picture")
    return Checked(facts={**facts, "pictures": pictures}, end=reader.end)


def _size(tags: dict[int, _Numbers]) -> dict[str, int]:
    named = {"width": tags.get(_WIDTH), "height": tags.get(_HEIGHT)}
    return {name: numbers[0] for name, numbers in named.items() if numbers}


DETECTOR = Detector(
    tells=frozenset({"tiff"}),
    looks_like=lambda head: head[:4] in _LAYOUTS,
    type_of=lambda _: "tiff",
    check=_check,
)
